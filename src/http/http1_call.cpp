#include "http/http1_state.hpp"
#include "http/wiped_fields.hpp"

#include "core/text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace afresh::http {
namespace {

constexpr std::size_t drained = 64 * 1024; // of a refusal, so that its connection can be used again
constexpr milliseconds drained_within(2'000);

} // namespace

// An error ends the call; but not `after_refusal`, unless it was cancelled.
asio::awaitable<error_code> http1_client::state::authorize(step& s, authorizer& who, http_fields& credentials,
                                                           bool after_refusal, call_result& out)
{
    std::string detail;
    const error_code ec = co_await who.authorize(s.request.method(), s.to, credentials, detail);
    s.pass_time_of_others();
    if (ec && (!after_refusal || is_cancelled(ec))) fail(out, ec, after_refusal, std::move(detail));
    co_return ec;
}

// After a refusal: whether there are other credentials, and the request can be sent again.
asio::awaitable<bool> http1_client::state::renew(step& s, authorizer& who, call_result& out)
{
    const bool replayable = is_rewound(s);
    co_await out.got.read_ahead(drained, drained_within); // so that the connection is free; nothing of it is lost
    s.now = clock::now();
    const error_code ec = co_await who.renew(s.origin);
    s.pass_time_of_others();
    if (is_cancelled(ec)) fail(out, ec, true);
    co_return !ec && replayable;
}

// Nothing: there is no further attempt.
std::optional<milliseconds> http1_client::state::pause_before_retry(const step& s, const call_result& r,
                                                                    unsigned attempt)
{
    if (options.retries.attempts == 0 || !can_be_sent_again(s)) return std::nullopt;
    sending how{r.ec, r.sent, r.ec ? 0 : r.got.status(), {}};
    if (!r.ec)
        how.retry_after = core::parse_retry_after(r.got.fields().find("Retry-After"), std::chrono::system_clock::now());
    const auto left = s.by == clock::time_point::max() ? milliseconds::max()
                                                       : std::chrono::duration_cast<milliseconds>(s.by - clock::now());
    const std::lock_guard lock(mutex);
    if (attempt == 0) budget.earn();
    const double jitter = std::uniform_real_distribution<>(0, 1)(chance);
    auto pause = retry_in(options.retries, attempt, is_repeatable(s.request), how, jitter, left);
    if (pause && !budget.spend()) pause.reset();
    return pause;
}

asio::awaitable<error_code> http1_client::state::wait(step& s, milliseconds time)
{
    watch.retried(s.origin, time);
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    auto [ec] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    s.now = clock::now();
    co_return ec;
}

// Null: the answer is the caller's.
std::unique_ptr<redirection> http1_client::state::way_on(step& s, const call_result& r) const
{
    auto next = redirect_of(s.request.method(), s.request.url(), r.got.status(), r.got.fields(), options.redirects);
    if (!next || (!next->drops_body && !is_rewound(s))) return nullptr;
    return std::make_unique<redirection>(std::move(*next));
}

// `out` is empty.
asio::awaitable<void> http1_client::state::call(http_request& request, call_options how, call_result& out)
{
    auto to = core::parse_url(request.url());
    if (!to) co_return fail(out, to.error(), false);
    const milliseconds total = request.timeout().value_or(options.limits.total);
    const auto now = clock::now();
    const auto by = total > milliseconds::zero() ? now + total : clock::time_point::max();
    const std::string& origin = to->origin;
    step s{request, *to, origin, nullptr, now, by, how.streamed};
    unsigned retries = 0;
    unsigned redirects = 0;
    bool renewed = false; // `out` holds the refusal that led to it
    for (;;) {
        wiped_fields credentials;
        if (how.who && !how.who->authorize_now(request.method(), *to, credentials.fields)) {
            const error_code ec = co_await authorize(s, *how.who, credentials.fields, renewed, out);
            if (ec && (!renewed || is_cancelled(ec))) co_return;
            if (ec) break; // what the resource said is the caller's
        }
        if (renewed) {
            out = call_result();
            watch.replayed(origin);
        }
        s.credentials = how.who ? &credentials.fields : nullptr;
        co_await send_once(s, out);
        renewed = false;
        if (how.who && !out.ec && how.who->is_refusal(origin, out.got.status(), out.got.fields())) {
            renewed = co_await renew(s, *how.who, out);
            if (renewed) continue;
        }
        if (is_cancelled(out.ec)) co_return;
        const auto pause = pause_before_retry(s, out, retries);
        if (pause && is_rewound(s)) {
            if (!out.ec) co_await out.got.read_ahead(drained, drained_within);
            const bool sent = out.sent;
            out = call_result();
            ++retries;
            const error_code ec = co_await wait(s, *pause);
            if (ec) co_return fail(out, ec, sent);
            continue;
        }
        if (out.ec) co_return;
        const auto next = way_on(s, out);
        if (!next) break;
        if (++redirects > options.redirects.most) co_return fail(out, errc::too_many_redirects, true);
        co_await out.got.read_ahead(drained, drained_within);
        out = call_result();
        adapt(request.fields(), *next, options.redirects);
        if (next->leaves_origin) how.who = nullptr; // and never again for this call
        request.follow(std::move(next->method), std::move(next->url), next->drops_body);
        std::swap(*to, next->to);
        watch.redirected(next->to.origin, origin);
        s.now = clock::now();
    }
    out.url = request.take_url();
    const std::size_t most = options.limits.body;
    if (!how.streamed && !out.got.take_all(out.body, most)) out.ec = co_await out.got.read_all(out.body, most);
}

} // namespace afresh::http
