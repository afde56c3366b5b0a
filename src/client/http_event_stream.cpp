#include <afresh/http_event_stream.hpp>

#include "core/event_parser.hpp"
#include "core/text.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <random>

namespace afresh {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t explanation = 64 * 1024; // of a refusal

// Others may be better next time.
bool may_pass(unsigned status) { return status == 429 || status == 500 || (status >= 502 && status <= 504); }

bool is_event_stream(const http_fields& fields)
{
    const std::string_view type = fields.find("Content-Type");
    return core::iequals(type.substr(0, type.find_first_of("; ")), "text/event-stream");
}

} // namespace

struct http_event_stream::state {
    state(http_client c, http_request r, http_event_options o)
        : client(std::move(c)), request(std::move(r)), options(o), parser(o.event_limit)
    {
    }

    asio::awaitable<void> connect();
    asio::awaitable<void> receive();
    asio::awaitable<void> pause();
    void lose(const std::exception_ptr& why);

    http_client client;
    const http_request request;
    const http_event_options options;
    core::event_parser parser;
    std::optional<http_stream> connection;
    std::optional<std::chrono::seconds> retry_after;
    unsigned failed{}; // attempts in a row
    bool was_connected{};
    bool ended{};
    std::minstd_rand chance{std::random_device{}()};
};

asio::awaitable<void> http_event_stream::state::pause()
{
    const milliseconds first = parser.pause().value_or(options.first_pause);
    const auto doubled = first * (1LL << std::min(failed, 20u));
    const auto longest = std::max(std::min<milliseconds>(doubled, options.longest_pause), first);
    const double share = std::uniform_real_distribution<>(0.5, 1)(chance);
    auto time = milliseconds(static_cast<milliseconds::rep>(static_cast<double>(longest.count()) * share));
    if (retry_after) time = std::max<milliseconds>(time, *retry_after);
    retry_after.reset();
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

// The connection is gone, or was not made; throws when that is the end.
void http_event_stream::state::lose(const std::exception_ptr& why)
{
    connection.reset();
    parser.restart();
    ++failed;
    const bool enough = options.attempts > 0 && failed >= options.attempts;
    if (was_connected && options.reconnect && !enough) return;
    if (why) std::rethrow_exception(why);
    ended = true;
}

asio::awaitable<void> http_event_stream::state::connect()
{
    if (was_connected) co_await pause();
    http_request r = request;
    r.field("Accept", "text/event-stream").field("Cache-Control", "no-store");
    if (!parser.last_id().empty()) r.field("Last-Event-ID", parser.last_id());
    std::exception_ptr failure;
    try {
        connection.emplace(co_await client.open(std::move(r)));
    } catch (const boost::system::system_error& e) {
        if (e.code() != condition::retry_later) throw;
        failure = std::current_exception();
    }
    if (failure) {
        lose(failure);
        co_return;
    }
    const unsigned status = connection->status();
    if (status == 204) {
        connection.reset();
        ended = true;
        co_return;
    }
    if (status != 200) {
        http_fields fields = connection->fields();
        std::string body = co_await connection->read_all(explanation);
        retry_after = core::parse_retry_after(fields.find("Retry-After"), std::chrono::system_clock::now());
        const http_status_error refused(http_response(status, std::move(fields), std::move(body)));
        if (!may_pass(status)) throw refused;
        lose(std::make_exception_ptr(refused));
        co_return;
    }
    if (!is_event_stream(connection->fields())) {
        connection.reset();
        throw boost::system::system_error(make_error_code(errc::malformed_http), "the answer is no text/event-stream");
    }
    was_connected = true;
}

asio::awaitable<void> http_event_stream::state::receive()
{
    std::exception_ptr failure;
    std::string piece;
    try {
        piece = co_await connection->read();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) {
            connection.reset();
            parser.restart();
            throw;
        }
        failure = std::current_exception();
    }
    if (failure || piece.empty()) {
        lose(failure);
        co_return;
    }
    failed = 0; // what comes from it makes a connection a good one
    const error_code ec = parser.read(piece);
    if (!ec) co_return;
    connection.reset();
    ended = true;
    throw boost::system::system_error(ec, "an event of the stream");
}

http_event_stream::http_event_stream(http_client client, http_request request, http_event_options options)
    : state_(std::make_unique<state>(std::move(client), std::move(request), options))
{
}
http_event_stream::http_event_stream(http_event_stream&&) noexcept = default;
http_event_stream& http_event_stream::operator=(http_event_stream&&) noexcept = default;
http_event_stream::~http_event_stream() = default;

asio::awaitable<std::optional<http_event>> http_event_stream::next()
{
    state& s = *state_;
    for (;;) {
        if (auto event = s.parser.next()) co_return event;
        if (s.ended) co_return std::nullopt;
        if (s.connection)
            co_await s.receive();
        else
            co_await s.connect();
    }
}

const std::string& http_event_stream::last_event_id() const noexcept { return state_->parser.last_id(); }

} // namespace afresh
