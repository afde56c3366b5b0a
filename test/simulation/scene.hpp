#pragma once
// A small world for a named scene: one server, one process, nothing goes wrong unless the scene says so.

#include "simulation/world/callers.hpp"
#include "simulation/world/world.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

namespace simulation {

using namespace std::chrono_literals;

struct told {
    afresh::error_code ec;
    afresh::access_token token;
    std::chrono::nanoseconds waited{};
    bool done{};
};

struct scene {
    world w;
    process& p;

    explicit scene(std::uint64_t seed = 7) : w(seed, true), p(w.add_process()) {}
    ~scene()
    {
        const bool sound = !w.check.failure();
        BOOST_TEST(sound, "an invariant is broken:\n" << w.tale.text);
    }

    // One caller, to its end.
    told get(std::chrono::milliseconds max_wait = 30s)
    {
        afresh::get_options o;
        o.max_wait(max_wait);
        return ask(o, max_wait);
    }
    told get_impatient() { return ask(afresh::get_options(), w.policy.max_wait); }
    std::shared_ptr<told> begin_get(afresh::get_options o = {}, std::chrono::milliseconds max_wait = 30s)
    {
        const auto r = std::make_shared<told>();
        const auto began = w.now();
        const std::size_t id = w.check.wait_started(p, wait::kind::plain, max_wait);
        p.tokens()->async_get(o, [this, r, began, id](afresh::error_code ec, afresh::access_token t) {
            *r = {ec, t, w.now() - began, true};
            w.check.wait_ended(p, id, ec, text_of(t));
        });
        return r;
    }
    std::shared_ptr<told> begin_renew(const afresh::access_token& rejected)
    {
        const auto r = std::make_shared<told>();
        const auto began = w.now();
        w.check.rejected(p, w.server.find_access(rejected.value().reveal()));
        const std::size_t id = w.check.wait_started(p, wait::kind::newer, w.policy.max_wait);
        p.tokens()->async_renew_if_current(rejected, "https://api.example.com",
                                           [this, r, began, id](afresh::error_code ec, afresh::access_token t) {
                                               *r = {ec, t, w.now() - began, true};
                                               w.check.wait_ended(p, id, ec, text_of(t));
                                           });
        return r;
    }
    void finish(const std::shared_ptr<told>& r)
    {
        w.run_until(w.now() + 1h, [&] { return r->done; });
    }

    void next(weather what) { w.net.next.push_back(what); }
    void weather_for(std::chrono::nanoseconds how_long, weather what)
    {
        w.net.forecast.push_back({w.now(), w.now() + how_long, what});
    }
    std::size_t requests() const { return w.check.requests; }
    afresh::source_status status() const { return p.status().value_or(afresh::source_status()); }
    const afresh::chain_record& record() { return w.store.at("principal 0").record; }

private:
    told ask(const afresh::get_options& o, std::chrono::milliseconds max_wait)
    {
        const auto r = begin_get(o, max_wait);
        finish(r);
        return *r;
    }
};

} // namespace simulation
