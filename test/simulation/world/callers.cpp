#include "simulation/world/callers.hpp"

#include "simulation/world/world.hpp"

#include <afresh/authorized.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <tuple>
#include <utility>

namespace simulation {
namespace {

using afresh::access_token;
using afresh::error_code;
using boost::system::system_error;

afresh::get_options options_of(const visit& v)
{
    afresh::get_options o;
    if (v.max_wait) o.max_wait(*v.max_wait);
    if (v.min_valid.count() > 0) o.min_valid(v.min_valid);
    return o;
}

std::size_t started(world& w, process& p, const visit& v)
{
    const auto kind = v.min_valid.count() > 0 ? wait::kind::picky : wait::kind::plain;
    return w.check.wait_started(p, kind, v.max_wait.value_or(w.policy.max_wait));
}

// When a request that is sent now reaches the resource.
virtual_time arrival(world& w)
{
    return w.now() + w.chance.between(std::chrono::milliseconds(1), std::chrono::milliseconds(200));
}

bool is_accepted(world& w, std::string_view token) { return w.server.accepts(w.server.find_access(token), w.now()); }

struct caller_result {
    error_code ec;
    access_token token;
};

asio::awaitable<void> get_once(world& w, process& p, visit v, caller_result* out)
{
    const afresh::get_options o = options_of(v);
    const std::size_t id = started(w, p, v);
    if (v.catches) {
        try {
            out->token = co_await p.tokens()->get(o);
        } catch (const system_error& e) {
            out->ec = e.code();
        }
    } else {
        std::tie(out->ec, out->token) = co_await p.tokens()->async_get(o, asio::as_tuple(asio::deferred));
    }
    w.check.wait_ended(p, id, out->ec, text_of(out->token));
}

// The resource has said 401: RFC 6750 3.1.
asio::awaitable<void> renew(world& w, process& p, caller_result* out)
{
    const access_token rejected = std::exchange(out->token, access_token());
    const std::string origin = "https://api.example.com";
    w.check.rejected(p, w.server.find_access(rejected.value().reveal()));
    const std::size_t id = w.check.wait_started(p, wait::kind::newer, w.policy.max_wait);
    try {
        out->token = co_await p.tokens()->renew_if_current(rejected, origin);
    } catch (const system_error& e) {
        out->ec = e.code();
    }
    w.check.wait_ended(p, id, out->ec, text_of(out->token));
}

// A call through the library's own client layer, as its HTTP client sees it.
struct api_call {
    api_call(world& world, process& process, const visit& v) : w(world), p(process), wait_id(started(w, p, v)) {}

    asio::awaitable<afresh::http_response> send(std::string token)
    {
        if (++sends > 2) w.check.fail("A34: a request was sent more than twice");
        waiting = false;
        w.check.wait_ended(p, wait_id, {}, token);
        co_await sleep_until(w.queue, arrival(w), p.facts.life);
        afresh::http_fields fields;
        if (is_accepted(w, token)) co_return afresh::http_response(200, std::move(fields), {});
        w.check.rejected(p, w.server.find_access(token));
        waiting = sends == 1; // a second 401 is the caller's
        if (waiting) wait_id = w.check.wait_started(p, wait::kind::newer, w.policy.max_wait);
        fields.add("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        co_return afresh::http_response(401, std::move(fields), {});
    }

    world& w;
    process& p;
    std::size_t wait_id;
    bool waiting = true;
    unsigned sends = 0;
};

struct send_to_api {
    explicit send_to_api(api_call* c) : call(c) {}
    asio::awaitable<afresh::http_response> operator()(const afresh::http_request&,
                                                      const afresh::http_fields& authorization) const
    {
        return call->send(std::string(authorization.find("Authorization").substr(7))); // "Bearer "
    }
    api_call* call;
};

asio::awaitable<void> call_api(world& w, process& p, visit v)
{
    api_call call(w, p, v);
    const send_to_api send(&call);
    afresh::authorized<send_to_api> api(*p.tokens(), send);
    static const afresh::http_request request("GET", "https://api.example.com/me");
    error_code ec = afresh::errc::temporarily_unavailable; // that a renewal failed is told by the 401 alone
    try {
        (void)co_await api(request);
    } catch (const system_error& e) {
        ec = e.code();
    }
    if (call.waiting) w.check.wait_ended(p, call.wait_id, ec, {});
}

asio::awaitable<void> pay_visit(world& w, process& p, visit v)
{
    const life_id life = p.facts.life;
    for (unsigned i = 0; i < v.calls && p.tokens(); ++i) {
        if (v.calls_api) {
            co_await call_api(w, p, v);
            const virtual_time next = w.now() + v.thinks;
            if (i + 1 < v.calls) co_await sleep_until(w.queue, next, life);
            continue;
        }
        caller_result r;
        co_await get_once(w, p, v, &r);
        if (v.calls_resource && !r.ec) {
            co_await sleep_until(w.queue, arrival(w), life);
            if (!is_accepted(w, r.token.value().reveal()) && p.tokens()) co_await renew(w, p, &r);
        }
        const virtual_time next = w.now() + v.thinks;
        if (i + 1 < v.calls) co_await sleep_until(w.queue, next, life);
    }
}

// One call of a coroutine that its owner cancels.
void get_and_cancel(world& w, process& p, visit v)
{
    // The wait is entered into the books here, not in the coroutine, so that the canceller can name it.
    const auto signal = std::make_shared<asio::cancellation_signal>();
    const auto result = std::make_shared<caller_result>();
    const std::size_t id = started(w, p, v);
    const afresh::get_options o = options_of(v);
    asio::co_spawn(
        p.context().get_executor(), p.tokens()->get(o),
        asio::bind_cancellation_slot(signal->slot(), [&w, &p, id, signal](std::exception_ptr e, access_token t) {
            error_code ec;
            try {
                if (e) std::rethrow_exception(e);
            } catch (const system_error& error) {
                ec = error.code();
            }
            w.check.wait_ended(p, id, ec, text_of(t));
        }));
    w.queue.in(*v.cancels_after, p.facts.life, [&w, &p, id, signal] {
        asio::post(p.context(), [&w, &p, id, signal] {
            w.check.cancelled(p, id);
            signal->emit(asio::cancellation_type::terminal);
        });
    });
}

void get_with_callback(world& w, process& p, visit v)
{
    const auto strand = asio::make_strand(p.context().get_executor());
    const auto signal = std::make_shared<asio::cancellation_signal>();
    const std::size_t id = started(w, p, v);
    asio::post(strand, [&w, &p, v, id, signal, strand] {
        auto handler = [&w, &p, id, signal](error_code ec, access_token t) {
            w.check.wait_ended(p, id, ec, text_of(t));
        };
        if (!p.tokens()) return handler(afresh::errc::closed, {});
        p.tokens()->async_get(options_of(v),
                              asio::bind_cancellation_slot(signal->slot(), asio::bind_executor(strand, handler)));
    });
    if (!v.cancels_after) return;
    w.queue.in(*v.cancels_after, p.facts.life, [&w, &p, id, signal, strand] {
        asio::post(strand, [&w, &p, id, signal] {
            w.check.cancelled(p, id);
            signal->emit(asio::cancellation_type::partial);
        });
    });
}

} // namespace

std::string text_of(const access_token& token) { return token ? std::string(token.value().reveal()) : std::string(); }

void begin_visit(world& w, process& p, visit v)
{
    if (!p.alive() || !p.tokens()) return;
    if (v.calls_back) return get_with_callback(w, p, v);
    if (v.cancels_after) return get_and_cancel(w, p, v);
    asio::co_spawn(p.context().get_executor(), pay_visit(w, p, v), asio::detached);
}

void set_new_tokens(world& w, process& p, bool with_access)
{
    if (!p.alive() || !p.tokens()) return;
    const auto issued = w.server.sign_in(w.now());
    w.tell("process ", p.number(), " sets tokens: refresh token ", issued.refresh, ", access token ",
           with_access ? issued.access : no_token);
    afresh::token_set tokens;
    tokens.refresh_token(afresh::secret_string(w.server.refresh(issued.refresh).text));
    if (with_access) {
        tokens.access_token(afresh::secret_string(w.server.access(issued.access).text));
        tokens.expires_in(w.server.access(issued.access).told);
    }
    w.check.somebody_acted(p);
    p.tokens()->async_set_tokens(tokens, [&w, &p](error_code ec) {
        w.tell("process ", p.number(), " has set tokens: ", ec.value());
        w.check.somebody_acted(p);
    });
}

void sign_out(world& w, process& p)
{
    if (!p.alive() || !p.tokens()) return;
    w.tell("process ", p.number(), " signs out");
    p.tokens()->async_sign_out(
        [&w, &p](error_code ec) { w.tell("process ", p.number(), " has signed out: ", ec.value()); });
}

void retry_grant(world& w, process& p)
{
    if (!p.alive() || !p.tokens()) return;
    w.tell("process ", p.number(), " retries its grant");
    w.check.somebody_acted(p);
    p.tokens()->retry_grant();
}

} // namespace simulation
