#pragma once
/// @file
/// For people who use Boost.Beast themselves: what `authorized` needs to know of Beast's messages, and the stream under a
/// `websocket`. Includes Beast.

#include <afresh/authorized.hpp>
#include <afresh/raw_stream.hpp>
#include <afresh/websocket.hpp>

#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream_fwd.hpp>

#include <utility>

namespace boost::beast::http {

/// Found by argument-dependent lookup; see `afresh::authorized`.
template <class Body, class Fields>
afresh::resource_answer challenge_of(const response<Body, Fields>& r)
{
    afresh::resource_answer answer;
    answer.status = r.result_int();
    for (const char* const name : afresh::challenge_fields) {
        const auto [first, last] = r.equal_range(name);
        for (auto i = first; i != last; ++i) answer.fields.add(name, std::string(i->value()));
    }
    return answer;
}

} // namespace boost::beast::http

namespace afresh {

/// Puts the fields that `authorized` hands to `send` into a Beast request.
template <class Body, class Fields>
void set_fields(boost::beast::http::request<Body, Fields>& request, const http_fields& fields)
{
    for (const http_field& f : fields) request.set(f.name, f.value);
}

using beast_websocket = boost::beast::websocket::stream<raw_stream, true>;

/// Beast's own stream, for what `websocket` does not offer; include <boost/beast/websocket/stream.hpp> to use it. Only on
/// its executor, a strand, and not while calls of `websocket` are under way.
AFRESH_EXPORT beast_websocket& beast_stream(websocket& ws);

/// How Beast ends the connection under a WebSocket, after the goodbyes; found by argument-dependent lookup.
inline void teardown(boost::beast::role_type, raw_stream& stream, error_code& ec)
{
    beast_close_socket(stream);
    ec = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type, raw_stream& stream, Handler&& handler)
{
    beast_close_socket(stream);
    asio::post(stream.get_executor(), [h = std::forward<Handler>(handler)]() mutable { std::move(h)(error_code()); });
}

} // namespace afresh
