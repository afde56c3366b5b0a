#include "net/connection.hpp"
#include "net/timed_wait.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace afresh::net {
using asio::ip::tcp;

namespace {

using endpoints = std::vector<tcp::endpoint>;

// getaddrinfo() cannot be cancelled, and Asio has one thread for it: a lookup that takes too long is left to end on its
// own.
class lookup : public timed_wait<endpoints> {
public:
    lookup(const asio::any_io_executor& executor, handler h) : timed_wait(executor, std::move(h)), resolver_(executor)
    {
    }

    void start(std::string host, std::uint16_t port, clock::time_point until)
    {
        const auto self = std::static_pointer_cast<lookup>(shared_from_this());
        arm(until, errc::connect_timed_out);
        resolver_.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                                [self](error_code ec, const tcp::resolver::results_type& found) {
                                    if (ec) ec = errc::resolve_failed;
                                    self->finish(ec, endpoints(found.begin(), found.end()));
                                });
    }

private:
    tcp::resolver resolver_;
};

// One connect(2). The connection is the coroutine's again when it succeeded.
class dial : public timed_wait<std::unique_ptr<connection>> {
public:
    using timed_wait::timed_wait;

    void start(std::unique_ptr<connection> link, tcp::endpoint to, clock::time_point until)
    {
        const auto self = std::static_pointer_cast<dial>(shared_from_this());
        const std::lock_guard lock(mutex_); // the timer may be faster than we are
        link_ = std::move(link);
        arm(until, errc::connect_timed_out);
        link_->socket().async_connect(to, [self](error_code ec) {
            if (ec) ec = errc::connect_failed;
            self->finish(ec, self->take());
        });
    }

private:
    std::unique_ptr<connection> take() noexcept
    {
        const std::lock_guard lock(mutex_);
        return std::move(link_);
    }
    void given_up() noexcept override { take().reset(); }

    std::mutex mutex_;
    std::unique_ptr<connection> link_;
};

asio::awaitable<result<endpoints>> resolve(const core::url_parts& to, clock::time_point until)
{
    error_code ec;
    const auto literal = asio::ip::make_address(to.host, ec);
    if (!ec) co_return endpoints(1, tcp::endpoint(literal, to.port));
    // RFC 6761 6.3: nobody is asked where this machine is. Plain http is allowed there, so no resolver may send it
    // elsewhere.
    if (to.host == "localhost")
        co_return endpoints{{asio::ip::address_v6::loopback(), to.port}, {asio::ip::address_v4::loopback(), to.port}};
    auto executor = co_await asio::this_coro::executor;
    auto [failed, found] = co_await wait_for<lookup>(executor, to.host, to.port, until);
    if (failed) co_return failed;
    if (found.empty()) co_return make_error_code(errc::resolve_failed);
    co_return std::move(found);
}

// The time left is shared among the addresses left, as one of them may swallow all packets; but each has 2 s if we
// have.
clock::time_point share(clock::time_point until, std::size_t addresses_left)
{
    const auto now = clock::now();
    const auto part = (until - now) / static_cast<clock::rep>(addresses_left);
    return std::min(until, now + std::max<clock::duration>(part, std::chrono::seconds(2)));
}

asio::awaitable<result<std::unique_ptr<connection>>> dial_any(asio::any_io_executor io, const core::url_parts& to,
                                                              clock::time_point until)
{
    auto found = co_await resolve(to, until);
    if (!found) co_return found.error();
    auto executor = co_await asio::this_coro::executor;
    error_code last;
    for (std::size_t i = 0; i < found->size(); ++i) {
        const auto address_until = share(until, found->size() - i);
        const tcp::endpoint& address = (*found)[i];
        auto blank = std::make_unique<connection>(io);
        auto [ec, link] = co_await wait_for<dial>(executor, std::move(blank), address, address_until);
        if (!ec) co_return std::move(link);
        last = ec;
        if (ec == asio::error::operation_aborted || clock::now() >= until) break;
    }
    co_return last;
}

} // namespace

asio::awaitable<connect_result> connect(asio::any_io_executor io, const core::url_parts& to, tls_context& tls,
                                        const connect_limits& limits)
{
    connect_result r;
    const auto until = std::min(limits.by, clock::now() + limits.tcp);
    auto dialled = co_await dial_any(io, to, until);
    if (!dialled) {
        r.ec = dialled.error();
        co_return r;
    }
    auto link = std::move(*dialled);
    error_code ignored;
    link->socket().set_option(tcp::no_delay(true), ignored);
    link->limit().guard(link->socket().native_handle());
    if (to.is_https()) {
        link->limit().expire_at(std::min(limits.by, clock::now() + limits.tls));
        std::tie(r.ec, r.detail) = co_await link->handshake(tls, to.host);
        link->limit().stop();
        if (!r.ec && link->limit().expired()) r.ec = errc::tls_timed_out;
    }
    if (!r.ec) r.link = std::move(link);
    co_return r;
}

} // namespace afresh::net
