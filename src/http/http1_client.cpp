#include "http/http1_client.hpp"

#include "core/text.hpp"
#include "http/observer.hpp"
#include "http/proxy_settings.hpp"
#include "http/redirect.hpp"
#include "http/retry.hpp"
#include "http/upload.hpp"
#include "http/wiped_fields.hpp"
#include "net/conversation.hpp"
#include "net/dial.hpp"
#include "net/request_text.hpp"
#include "net/tls_context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <sys/un.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <random>

namespace afresh::http {
namespace {

using net::clock;
using std::chrono::milliseconds;

constexpr std::size_t drained = 64 * 1024; // of a refusal, so that its connection can be used again
constexpr milliseconds drained_within(2'000);

void refuse(const char* what) { throw boost::system::system_error(make_error_code(errc::invalid_argument), what); }

void check(const http_client_options& o)
{
    const http_limits& l = o.limits;
    const bool times_ok = std::min({l.connect, l.tls, l.pool_wait, l.idle, l.age}) > milliseconds::zero() &&
                          std::min({l.first_byte, l.body_idle, l.total, l.expect_continue}) >= milliseconds::zero();
    const bool counts_ok = std::min({l.header, l.body, l.connections_per_origin, l.waiters_per_origin,
                                     l.idle_per_origin, l.idle_total}) > 0;
    if (!times_ok || !counts_ok) refuse("http_limits: a value is out of range");
    const retry_policy& r = o.retries;
    if (r.first < milliseconds::zero() || r.most < milliseconds::zero() || !(r.budget >= 0))
        refuse("retry_policy: a value is out of range");
    if (o.unix_socket.size() >= sizeof sockaddr_un::sun_path) refuse("http_client_options: unix_socket is too long");
}

net::exchange_limits for_exchange(const http_limits& l, clock::time_point by, bool streamed)
{
    net::exchange_limits e;
    e.first_byte = l.first_byte;
    e.body_idle = l.body_idle;
    e.by = by;
    e.header = l.header;
    e.body = streamed ? std::numeric_limits<std::size_t>::max() : l.body;
    return e;
}

// What is in memory, sent as if it were not: because it is large, and the server may not want it.
class memory_body final : public body_source {
public:
    explicit memory_body(std::string_view body) : left_(body), size_(body.size()) {}
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        const std::size_t n = asio::buffer_copy(into, asio::buffer(left_));
        left_.remove_prefix(n);
        co_return n;
    }
    std::optional<std::uint64_t> size() const override { return size_; }

private:
    std::string_view left_;
    const std::size_t size_;
};

bool is_cancelled(const error_code& ec) { return ec == asio::error::operation_aborted; }

void fail(call_result& out, error_code ec, bool sent, std::string detail = {})
{
    out = call_result();
    out.ec = ec;
    out.detail = std::move(detail);
    out.sent = sent;
}

} // namespace

http_response call_result::take_response()
{
    http_response response(got.status(), std::move(got.fields()), std::move(body));
    response.url(std::move(url));
    return response;
}

struct http1_client::state : std::enable_shared_from_this<state> {
    state(asio::any_io_executor ex, const http_client_options& o)
        : executor(std::move(ex)),
          options(o),
          tls(net::shared_tls_context(o.tls, net::tls_resumption::on)),
          names(std::make_shared<net::address_book>(o.dns_cache)),
          proxies(o.proxy),
          pool(std::make_shared<connection_pool>(executor, o.limits)),
          watch(o),
          budget(o.retries.budget)
    {
    }

    // What one sending of a request needs to know.
    struct step {
        const http_request& request;
        const core::url_parts& to;
        const std::string& origin;
        const http_fields* credentials;
        clock::time_point now; // when the clock was last looked at, which costs more than one would think
        clock::time_point by;
        bool streamed;
        bool body_untouched = true; // the source has not been read since it was at its beginning

        void pass_time_of_others() // that the resource is not to pay for
        {
            const auto before = std::exchange(now, clock::now());
            if (by != clock::time_point::max()) by += now - before;
        }
    };

    // Results are written where they are wanted in the end: returned, each coroutine on the way would move them twice.
    asio::awaitable<void> send_once(step& s, call_result& out);
    asio::awaitable<bool> connect(step& s, connection_pool::slot& slot, call_result& out);
    asio::awaitable<error_code> wait_for_slot(step& s, std::string key, connection_pool::probing probe,
                                              std::optional<connection_pool::slot>& slot);
    result<net::request_text> text_of(const step& s, const net::proxy* via, bool decode) const;
    asio::awaitable<error_code> send_with_body(net::conversation& talk, net::connection& link,
                                               const net::request_text& text, step& s, std::string& detail);
    static asio::awaitable<error_code> authorize(step& s, authorizer& who, http_fields& credentials, bool after_refusal,
                                                 call_result& out);
    static asio::awaitable<bool> renew(step& s, authorizer& who, call_result& out);
    asio::awaitable<void> call(http_request& request, call_options how, call_result& out);
    std::optional<milliseconds> pause_before_retry(const step& s, const call_result& r, unsigned attempt);
    asio::awaitable<error_code> wait(step& s, milliseconds time);
    std::unique_ptr<redirection> way_on(step& s, const std::string& url, const call_result& r) const;
    const net::proxy* proxy_to(const core::url_parts& to) const
    {
        return options.unix_socket.empty() ? proxies.for_url(to) : nullptr;
    }
    net::route way_to(const core::url_parts& to) const;
    static bool can_be_sent_again(const step& s)
    {
        return !s.request.source() || s.body_untouched || s.request.source()->can_rewind();
    }
    static bool is_rewound(step& s)
    {
        if (!s.request.source() || s.body_untouched) return true;
        s.body_untouched = s.request.source()->rewind();
        return s.body_untouched;
    }

    const asio::any_io_executor executor;
    const http_client_options options;
    const std::shared_ptr<net::tls_context> tls;
    const std::shared_ptr<net::address_book> names;
    const proxy_settings proxies;
    const std::shared_ptr<connection_pool> pool;
    observer watch;
    std::mutex mutex; // of what follows
    retry_budget budget;
    std::minstd_rand chance{std::random_device{}()};
};

net::route http1_client::state::way_to(const core::url_parts& to) const
{
    net::route way;
    way.local = options.unix_socket;
    if (const net::proxy* const p = proxy_to(to)) way.via = *p;
    return way;
}

// A body that is not part of `text`, because it has a source or is large.
asio::awaitable<error_code> http1_client::state::send_with_body(net::conversation& talk, net::connection& link,
                                                                const net::request_text& text, step& s,
                                                                std::string& detail)
{
    const error_code ec = co_await talk.send(text.text());
    if (ec) co_return ec;
    std::optional<milliseconds> leave;
    if (text.expects_continue()) leave = options.limits.expect_continue;
    memory_body large(text.body());
    const auto& source = s.request.source();
    body_source& body = source ? *source : large;
    upload_result done = co_await upload(talk, link, body, leave);
    if (source) s.body_untouched = done.untouched;
    detail = std::move(done.detail);
    co_return done.ec;
}

// A connection for a slot that came without one.
asio::awaitable<bool> http1_client::state::connect(step& s, connection_pool::slot& slot, call_result& out)
{
    const net::dial_limits d{options.limits.connect, options.limits.tls, s.by};
    auto made = co_await net::dial(executor, s.to, way_to(s.to), names, *tls, d);
    const auto begin = std::exchange(s.now, clock::now());
    if (made.link) {
        watch.connected(s.origin, s.now - begin);
        slot.take(std::move(made.link));
        co_return true;
    }
    watch.connect_failed(s.origin, s.now - begin, made.ec, made.detail);
    fail(out, made.ec, false, std::move(made.detail));
    co_return false;
}

asio::awaitable<error_code> http1_client::state::wait_for_slot(step& s, std::string key, connection_pool::probing probe,
                                                               std::optional<connection_pool::slot>& slot)
{
    auto got = co_await pool->acquire(std::move(key), std::min(s.by, s.now + options.limits.pool_wait), probe);
    s.now = clock::now();
    if (!got) co_return got.error();
    slot = std::move(*got);
    co_return error_code();
}

// What goes out.
result<net::request_text> http1_client::state::text_of(const step& s, const net::proxy* via, bool decode) const
{
    net::request_text_options o;
    wiped_fields to_proxy;
    const bool absolute = via && !via->is_socks() && !s.to.is_https();
    if (absolute) {
        o.form = net::target_form::absolute;
        if (s.credentials) to_proxy.fields = *s.credentials;
        const secret_string basic = via->basic_credentials();
        if (!basic.empty()) to_proxy.fields.set("Proxy-Authorization", std::string(basic.reveal()));
    }
    o.more = absolute ? &to_proxy.fields : s.credentials;
    if (decode) o.accept_encoding = accepted_codings();
    const auto& source = s.request.source();
    const bool has_body = source || !s.request.body().empty();
    // A body that can be sent only once is not risked on a token that may be no good.
    o.expect_continue = has_body && (s.request.expects_continue() || (source && !source->can_rewind()));
    return net::make_request_text(s.request, s.to, o);
}

// What is seldom needed has coroutines of its own: this one's frame is made for each request, and glibc keeps blocks of
// up to 1 KiB at hand.
asio::awaitable<void> http1_client::state::send_once(step& s, call_result& out)
{
    const net::proxy* const via = proxy_to(s.to);
    const auto& sent_fields = s.request.fields();
    const bool decode =
        options.decompress && !sent_fields.contains("Accept-Encoding") && !sent_fields.contains("Range");
    const auto text = text_of(s, via, decode);
    if (!text) co_return fail(out, text.error(), false);

    const bool repeatable = is_repeatable(s.request);
    // what must not be sent twice deserves the best knowledge about the connection
    using probing = connection_pool::probing;
    const auto probe = repeatable && !s.request.source() ? probing::unless_just_used : probing::always;
    std::optional<connection_pool::slot> slot;
    if (!via) slot = pool->acquire_now(s.origin, s.now, probe);
    if (!slot) {
        std::string key = via ? s.origin + " via " + via->host + ':' + std::to_string(via->port) : s.origin;
        const error_code ec = co_await wait_for_slot(s, std::move(key), probe, slot);
        if (ec) co_return fail(out, ec, false);
    }
    for (;;) {
        const bool reused = slot->link != nullptr;
        if (!reused && !co_await connect(s, *slot, out)) co_return;
        const auto limits = for_exchange(options.limits, s.by, s.streamed);
        auto talk = std::make_unique<net::conversation>(*slot->link, s.request.method() == "HEAD", limits, s.now);
        watch.sends(text->text());
        const auto begin = s.now;
        error_code ec;
        std::string detail;
        try {
            if (s.request.source() || !text->body().empty())
                ec = co_await send_with_body(*talk, *slot->link, *text, s, detail);
            else
                ec = co_await talk->converse(text->text(), {}, net::conversation::until::head);
        } catch (const boost::system::system_error& e) {
            ec = e.code(); // cancelled between two operations
        }
        const bool sent = talk->sent();
        s.now = clock::now();
        const unsigned status = ec ? 0 : talk->answer().status();
        watch.exchanged(s.origin, s.request.method(), s.now - begin, reused, status, ec);
        if (!ec) {
            out.sent = sent;
            watch.received(status, talk->answer().fields());
            out.got.begin(std::move(*slot), std::move(talk), s.now);
            if (s.streamed) out.got.lift_total();
            if (decode) out.ec = out.got.decode(limits.body);
            co_return;
        }
        // RFC 9112 9.3.1: the server closed a kept connection while the request was on its way.
        const bool stale = reused && ec == errc::connection_lost && !talk->any_byte_received();
        talk.reset();
        slot->link.reset();
        if (!stale || (sent && !repeatable) || !is_rewound(s)) co_return fail(out, ec, sent, std::move(detail));
        // on a fresh connection, so this happens once at most
    }
}

// An error ends the call; but not `after_refusal`, unless it was cancelled.
asio::awaitable<error_code> http1_client::state::authorize(step& s, authorizer& who, http_fields& credentials,
                                                           bool after_refusal, call_result& out)
{
    std::string detail;
    const error_code ec = co_await who.authorize(s.request, s.origin, credentials, detail);
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
std::unique_ptr<redirection> http1_client::state::way_on(step& s, const std::string& url, const call_result& r) const
{
    auto next = redirect_of(s.request.method(), url, r.got.status(), r.got.fields(), options.redirects);
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
    std::string url = request.url();
    step s{request, *to, origin, nullptr, now, by, how.streamed};
    unsigned retries = 0;
    unsigned redirects = 0;
    bool renewed = false; // `out` holds the refusal that led to it
    for (;;) {
        wiped_fields credentials;
        if (how.who && !how.who->authorize_now(origin, credentials.fields)) {
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
        if (how.who && !renewed && !out.ec && how.who->is_refusal(out.got.status(), out.got.fields())) {
            renewed = co_await renew(s, *how.who, out);
            if (renewed) continue;
        }
        renewed = false;
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
        const auto next = way_on(s, url, out);
        if (!next) break;
        if (++redirects > options.redirects.most) co_return fail(out, errc::too_many_redirects, true);
        co_await out.got.read_ahead(drained, drained_within);
        out = call_result();
        adapt(request.fields(), *next, options.redirects);
        if (next->leaves_origin) how.who = nullptr; // and never again for this call
        request.follow(next->method, next->drops_body);
        url = std::move(next->url);
        std::swap(*to, next->to);
        watch.redirected(next->to.origin, origin);
        s.now = clock::now();
    }
    out.url = std::move(url);
    const std::size_t most = options.limits.body;
    if (!how.streamed && !out.got.take_all(out.body, most)) out.ec = co_await out.got.read_all(out.body, most);
}

http1_client::http1_client(asio::any_io_executor executor, const http_client_options& options)
{
    check(options);
    state_ = std::make_shared<state>(std::move(executor), options);
}

namespace {

http_client_options with(const tls_options& tls, const http_limits& limits)
{
    http_client_options o;
    o.tls = tls;
    o.limits = limits;
    return o;
}

} // namespace

http1_client::http1_client(asio::any_io_executor executor, const tls_options& tls, const http_limits& limits)
    : http1_client(std::move(executor), with(tls, limits))
{
}

http1_client::~http1_client() { close(); }

void http1_client::close() { state_->pool->close(); }

const http_client_options& http1_client::options() const noexcept { return state_->options; }
const asio::any_io_executor& http1_client::executor() const noexcept { return state_->executor; }

asio::awaitable<net::dial_result> http1_client::dial(asio::any_io_executor io, const core::url_parts& to,
                                                     net::clock::time_point by)
{
    const auto keep = state_;
    net::route way = keep->way_to(to);
    way.always_tunnel = true;
    const net::dial_limits limits{keep->options.limits.connect, keep->options.limits.tls, by};
    const auto begin = clock::now();
    const std::string origin = to.origin;
    auto made = co_await net::dial(io, to, way, keep->names, *keep->tls, limits);
    if (made.link)
        keep->watch.connected(origin, clock::now() - begin);
    else
        keep->watch.connect_failed(origin, clock::now() - begin, made.ec, made.detail);
    co_return made;
}
std::vector<connection_pool::usage> http1_client::in_use() const { return state_->pool->in_use(); }

http_metrics http1_client::metrics() const
{
    http_metrics all = state_->watch.snapshot();
    for (const auto& u : state_->pool->in_use()) {
        const std::string_view origin = std::string_view(u.origin).substr(0, u.origin.find(' ')); // not the proxy
        const auto same = [&](const http_origin_metrics& o) { return o.origin == origin; };
        auto o = std::find_if(all.origins.begin(), all.origins.end(), same);
        if (o == all.origins.end()) { // nothing was counted there yet
            o = all.origins.emplace(o);
            o->origin = origin;
        }
        o->active += u.active;
        o->idle += u.idle;
        o->waiting += u.waiting;
    }
    return all;
}

asio::awaitable<void> http1_client::call(http_request& request, call_options how, call_result& out)
{
    return state_->call(request, how, out);
}

asio::awaitable<call_result> http1_client::open(http_request& request, call_options how)
{
    const auto keep = state_; // the client may be destroyed meanwhile
    call_result r;
    try {
        co_await keep->call(request, how, r);
    } catch (const boost::system::system_error& e) {
        fail(r, e.code(), false); // cancelled between two operations; those under way report for themselves
    }
    co_return r;
}

asio::awaitable<transport_outcome> http1_client::send(http_request& request, call_options how)
{
    call_result r = co_await open(request, how);
    transport_outcome outcome;
    outcome.ec = r.ec;
    outcome.detail = std::move(r.detail);
    outcome.sent = r.sent;
    if (!r.ec) outcome.response = r.take_response();
    co_return outcome;
}

asio::awaitable<transport_outcome> http1_client::send(http_request request) { co_return co_await send(request, {}); }

} // namespace afresh::http
