#include "cli/gateway/tunnel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <utility>
#include <vector>

namespace afresh::cli {
namespace {

constexpr std::size_t piece = 16 * 1024;
constexpr std::chrono::seconds last_words(5);
using clock = std::chrono::steady_clock;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

struct both_sides {
    both_sides(std::shared_ptr<inbound> c, raw_stream a)
        : caller(std::move(c)), api(std::move(a)), grace(caller->socket().get_executor())
    {
    }
    void close()
    {
        caller->close();
        beast_close_socket(api);
        grace.cancel();
        closed = true;
    }
    std::shared_ptr<inbound> caller;
    raw_stream api;
    asio::steady_timer grace;
    clock::time_point heard; // of the API
    bool closed{};
};
using sides = std::shared_ptr<both_sides>;

// A caller that has said its last may still listen; but not for ever, since that is also how one looks that has gone.
asio::awaitable<void> from_caller(sides s)
{
    std::vector<char> room(piece);
    bool taken = true;
    while (taken) {
        const std::size_t n = co_await s->caller->read_some(asio::buffer(room));
        if (n == 0) break;
        auto [ec, sent] = co_await asio::async_write(s->api, asio::buffer(room, n), as_values);
        taken = !ec;
    }
    s->heard = clock::now();
    while (taken && !s->closed && clock::now() < s->heard + last_words) {
        s->grace.expires_at(s->heard + last_words);
        co_await s->grace.async_wait(as_values);
    }
    s->close();
}

asio::awaitable<void> from_api(sides s, std::string first)
{
    try {
        co_await s->caller->write_raw(first);
        std::vector<char> room(piece);
        for (;;) {
            auto [ec, n] = co_await s->api.async_read_some(asio::buffer(room), as_values);
            if (ec) break;
            s->heard = clock::now();
            co_await s->caller->write_raw({room.data(), n});
        }
    } catch (const boost::system::system_error&) { // the caller has gone
    }
    s->close();
}

} // namespace

asio::awaitable<void> tunnel(std::shared_ptr<inbound> caller, raw_stream api, std::string first)
{
    using namespace asio::experimental::awaitable_operators;
    const auto s = std::make_shared<both_sides>(std::move(caller), std::move(api));
    co_await (from_caller(s) && from_api(s, std::move(first)));
}

} // namespace afresh::cli
