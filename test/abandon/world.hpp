#pragma once
// A source, its callers and what they stand on, each of which may be destroyed after any number of handlers. That
// nothing freed is touched is what AddressSanitizer says; that nothing is kept is what the use counts say.

#include "support/stage.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <ostream>
#include <string>
#include <utility>

namespace afresh::test {

// Where the callers run.
enum class place { context, strand, other_context };
// What is destroyed, early.
enum class victim { source, service, context };

struct abandoned_world {
    abandoned_world(place p, bool inside)
        : where(p), source_in_frames(inside), context(std::in_place), other(std::in_place)
    {
        service.emplace(context->get_executor(),
                        service_options{.transport = server, .store = store, .time = time, .policy = policy});
    }
    // The source is made last, because a scenario may want other options.
    void make_source(source_options options = {})
    {
        source.emplace(*service, registration, grant::refresh_token("alice-0"), std::move(options));
    }
    asio::any_io_executor callers()
    {
        if (where == place::context) return context->get_executor();
        return asio::make_strand(where == place::strand ? *context : *other);
    }
    // One handler, of either context; when there is none the clock moves on. False when nothing will happen any more.
    bool step()
    {
        for (auto* c : {&context, &other}) {
            (*c)->restart();
            if ((*c)->poll_one() > 0) return true;
        }
        return time->skip();
    }
    bool all_ended() const { return ended == begun; }
    // Everything is over: callers, exchanges, savings.
    void run_out()
    {
        for (int i = 0; i < 5000 && !(all_ended() && server.use_count() == 1); ++i)
            if (!step()) break;
    }
    void kill(victim v)
    {
        if (v == victim::source) source.reset();
        if (v != victim::context) return service.reset();
        source.reset(); // a source does not outlive its context; those in frames go with it
        service.reset();
        context.reset();
        time->stop();
        other.reset();
    }

    const place where;
    const bool source_in_frames;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>();
    std::shared_ptr<scripted_transport> server = std::make_shared<scripted_transport>();
    std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>(time);
    std::shared_ptr<const client_registration> registration = std::make_shared<client_registration>(stage::client());
    refresh_policy policy = {.forced_burst = 1000};
    std::optional<asio::io_context> context;
    std::optional<asio::io_context> other;
    std::optional<token_service> service;
    std::optional<token_source> source;
    int begun = 0;
    int ended = 0;
};

// What a caller uses: a source of its own, or the world's as long as that lasts.
class caller_handle {
public:
    explicit caller_handle(abandoned_world& w) : world(&w)
    {
        if (w.source_in_frames) own_ = w.source;
    }
    const token_source* tokens() const
    {
        if (own_) return &*own_;
        return world->source ? &*world->source : nullptr;
    }
    abandoned_world* world;

private:
    std::optional<token_source> own_;
};

// Runs a coroutine of its own for each call; an exception is an answer too.
template <class Coroutine>
void call(abandoned_world& w, Coroutine coroutine)
{
    ++w.begun;
    asio::co_spawn(w.callers(), coroutine(caller_handle(w)), [&w](std::exception_ptr) { ++w.ended; });
}

inline std::ostream& operator<<(std::ostream& out, place p)
{
    return out << (p == place::context ? "the context" : p == place::strand ? "a strand" : "another context");
}
inline std::ostream& operator<<(std::ostream& out, victim v)
{
    return out << (v == victim::source ? "source" : v == victim::service ? "service" : "context");
}

// For every way to live and to end, and every number of handlers until nothing happens any more: `begin` a world, stop
// it, and let `check` look at what is left.
template <class Begin, class Check>
void abandon_everywhere(Begin begin, Check check)
{
    for (const victim v : {victim::source, victim::service, victim::context})
        for (const place p : {place::context, place::strand, place::other_context})
            for (const bool inside : {false, true}) {
                // As with any Asio operation, a caller's frame that holds parts of two contexts outlives neither.
                if (v == victim::context && p == place::other_context && inside) continue;
                bool over = false;
                for (int handlers = 0; !over; ++handlers) {
                    BOOST_TEST_CONTEXT("the " << v << " goes after " << handlers << " handlers; callers on " << p
                                              << (inside ? " own sources" : " share a source"))
                    {
                        BOOST_REQUIRE(handlers < 2000);
                        abandoned_world w(p, inside);
                        begin(w);
                        for (int i = 0; i < handlers && !over; ++i) over = w.all_ended() || !w.step();
                        w.kill(v);
                        if (v != victim::context) {
                            w.run_out();
                            BOOST_TEST(w.ended == w.begun);
                            check(w, v);
                        }
                        if (v == victim::service) w.source.reset();
                        if (v == victim::service) w.run_out();
                        BOOST_TEST(w.server.use_count() == 1);
                    }
                }
            }
}

} // namespace afresh::test
