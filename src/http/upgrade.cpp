#include "http/upgrade.hpp"

#include "http/connection_link.hpp"
#include "http/handshake.hpp"
#include "net/request_text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <utility>

namespace afresh::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

using response_parser = beast_http::response_parser<beast_http::string_body>;

error_code network_error(const error_code& ec)
{
    if (ec == asio::error::operation_aborted) return ec;
    if (ec == beast_http::error::header_limit) return errc::header_limit;
    if (ec == beast_http::error::body_limit) return errc::body_limit;
    const bool malformed = ec.category() == beast_http::make_error_code(beast_http::error::bad_version).category() &&
                           ec != beast_http::error::end_of_stream && ec != beast_http::error::partial_message;
    return malformed ? errc::malformed_http : errc::connection_lost;
}

// On the strand. The answer's header; and its body, if it is no 101.
asio::awaitable<error_code> converse(raw_stream& stream, boost::beast::flat_buffer& buffer, response_parser& parser,
                                     std::string_view text)
{
    auto [failed, sent] = co_await asio::async_write(stream, asio::buffer(text), as_values);
    if (failed) co_return failed;
    auto [ec, n] = co_await beast_http::async_read_header(stream, buffer, parser, as_values);
    if (ec || parser.get().result_int() == 101 || parser.is_done()) co_return ec;
    auto [incomplete, rest] = co_await beast_http::async_read(stream, buffer, parser, as_values);
    co_return incomplete;
}

// On the strand.
asio::awaitable<upgrade_result> attempt(std::shared_ptr<http1_client> http, std::shared_ptr<const handshake> what,
                                        std::shared_ptr<const wiped_fields> fields)
{
    upgrade_result r;
    const asio::any_io_executor strand = co_await asio::this_coro::executor;
    http_request request(what->method, what->to.origin);
    request.fields() = fields->fields;
    const std::string protocol(request.fields().find("Upgrade"));
    request.fields().erase("Upgrade");
    net::request_text_options how;
    how.upgrade = protocol;
    const auto text = net::make_request_text(request, what->to, how);
    request.fields().wipe();
    if (!text) {
        r.ec = text.error();
        co_return r;
    }
    auto dialled = co_await http->dial(strand, what->to, what->by);
    if (!dialled.link) {
        r.ec = dialled.ec;
        r.detail = std::move(dialled.detail);
        co_return r;
    }
    const http_limits& limits = http->options().limits;
    const auto link = std::make_shared<connection_link>(std::move(dialled.link), strand);
    raw_stream stream(link);
    boost::beast::flat_buffer buffer;
    response_parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits.header));
    parser.body_limit(limits.body);
    const auto until = what->until(limits);
    link->limit().expire_at(until);
    const error_code ec = co_await converse(stream, buffer, parser, text->text());
    link->limit().stop();
    if (link->limit().expired())
        r.ec = what->late(until);
    else if (ec)
        r.ec = network_error(ec);
    if (r.ec) co_return r;
    auto& answer = parser.get();
    r.made.answer = http_response(answer.result_int(), copied(answer), std::move(answer.body()));
    if (r.status() != 101) co_return r;
    const auto rest = buffer.cdata();
    r.made.read_already.assign(static_cast<const char*>(rest.data()), rest.size());
    r.made.stream = std::move(stream);
    co_return r;
}

} // namespace

asio::awaitable<upgrade_result> open_upgrade(std::shared_ptr<http1_client> http, http_request request, authorizer* who)
{
    upgrade_result r;
    const auto to = core::parse_url(request.url());
    if (!to || !request.fields().contains("Upgrade") || !request.body().empty() || request.source()) {
        r.ec = errc::invalid_argument;
        co_return r;
    }
    const auto what = std::make_shared<handshake>();
    what->to = *to;
    what->method = request.method();
    what->own = std::move(request.fields());
    what->end_within(request.timeout().value_or(http->options().limits.total));
    co_return co_await shake_hands_with_credentials<upgrade_result>(http, what, who, &attempt);
}

} // namespace afresh::http
