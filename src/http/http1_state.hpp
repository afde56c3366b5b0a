#pragma once
// What calls of one HTTP client share, and the steps of a call. Each .cpp has a part of them: http1_call.cpp what follows
// from an answer, http1_sending.cpp how one request goes out and is answered.

#include "http/http1_client.hpp"
#include "http/observer.hpp"
#include "http/proxy_settings.hpp"
#include "http/redirect.hpp"
#include "http/retry.hpp"
#include "net/conversation.hpp"
#include "net/request_text.hpp"
#include "net/tls_context.hpp"

#include <afresh/http_body.hpp>

#include <boost/asio/error.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace afresh::http {

using net::clock;
using std::chrono::milliseconds;

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
    std::unique_ptr<redirection> way_on(step& s, const call_result& r) const;
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

inline bool is_cancelled(const error_code& ec) { return ec == asio::error::operation_aborted; }

inline void fail(call_result& out, error_code ec, bool sent, std::string detail = {})
{
    out = call_result();
    out.ec = ec;
    out.detail = std::move(detail);
    out.sent = sent;
}

} // namespace afresh::http
