#include "http/http1_state.hpp"
#include "http/upload.hpp"
#include "http/wiped_fields.hpp"
#include "net/dial.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <limits>

namespace afresh::http {
namespace {

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

} // namespace

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
    const auto& source = s.request.source();
    const upload_body body = source ? upload_body(source.get()) : upload_body(text.body());
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

    if (s.to.is_https()) tls->follow_files();
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
            if (s.streamed) out.got.lift_total(options.limits.background_sweep);
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

} // namespace afresh::http
