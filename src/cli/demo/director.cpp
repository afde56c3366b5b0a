#include "cli/demo/director.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace afresh::cli {
namespace {

asio::awaitable<void> sleep(double seconds)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds)));
    co_await timer.async_wait(asio::as_tuple(asio::deferred));
}

constexpr double tick = 0.02;

} // namespace

double director::outage_left() const noexcept { return std::max(0.0, outage_until_ - history_.now()); }

asio::awaitable<void> director::run()
{
    if (options_.sabotage) {
        co_await until(history_.length / 2);
        screen_.note(history_.now(), tone::bad, "sabotage: the server revokes the grant and all its tokens");
        server_.revoke_grant();
        co_return;
    }
    co_await until(history_.length * 0.3);
    if (options_.outage_seconds != 0 && !over()) co_await hold_outage();
    co_await until(history_.length * 0.65);
    if (options_.revocations > 0 && !over()) co_await revoke_burst();
}

asio::awaitable<void> director::until(double t) const
{
    while (history_.now() < t) co_await sleep(std::min(tick, t - history_.now()));
}

// Until the token held is due in less than this, and no exchange is under way.
asio::awaitable<void> director::until_due_in(double seconds) const
{
    const auto near = [&] {
        const source_status now = tokens_.status();
        if (now.state != source_state::fresh || !now.due) return false;
        return std::chrono::duration<double>(*now.due - std::chrono::system_clock::now()).count() < seconds;
    };
    while (!near() && !over()) co_await sleep(tick);
}

// A token is due between a quarter and half of its life. The outage begins shortly before that, so that it meets a
// refresh for certain, and by default ends while the token is still good.
asio::awaitable<void> director::hold_outage()
{
    const auto life = static_cast<double>(options_.token_lifetime.count());
    const double length = options_.outage_seconds < 0 ? 0.3 * life : options_.outage_seconds;
    co_await until_due_in(0.1 * life);
    if (over()) co_return;
    server_.begin_outage(options_.outage_kind);
    const double began = history_.now();
    outage_until_ = began + length;
    const std::string how = options_.outage_kind == outage::refused ? "connections are refused" : "it answers 503";
    screen_.note(began, tone::bad, "token endpoint down for " + fixed(length, 1) + " s: " + how);
    history_.outages.push_back({began, outage_until_});
    co_await until(outage_until_);
    server_.end_outage();
    outage_until_ = 0;
    history_.outages.back().until = history_.now();
    screen_.note(history_.now(), tone::good, "token endpoint up again");
}

// Each token is revoked only when every call that met the one before has ended: a call is sent twice at most, and whose
// second token is revoked as well has failed, as it should.
asio::awaitable<void> director::revoke_burst()
{
    for (unsigned n = 0; n < options_.revocations && !over(); ++n) {
        while (tokens_.status().state != source_state::fresh && !over()) co_await sleep(tick);
        const result<access_token> current = tokens_.try_get();
        if (!current) continue;
        history_.revocations.push_back(history_.now());
        screen_.note(history_.now(), tone::warning,
                     "the server revokes the access token of generation " + std::to_string(current->generation()));
        server_.revoke(std::string(current->value().reveal()));
        while (tokens_.status().generation == current->generation() && !over()) co_await sleep(tick);
        const auto replaced = callers::clock::now();
        while (!load_.settled(replaced) && !over()) co_await sleep(tick);
        co_await sleep(0.08 * static_cast<double>(options_.token_lifetime.count()));
    }
}

} // namespace afresh::cli
