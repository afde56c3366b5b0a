#pragma once
// One connection to PostgreSQL: libpq without its blocking calls, on Asio.

#include "store/postgres_statement.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>

namespace afresh::store {

namespace asio = boost::asio;

// One of the addresses that a conninfo leads to. What is empty is left to libpq.
struct postgres_address {
    postgres_address() = default; // no aggregate: it goes to coroutines
    std::string host;             // also the name that a certificate must have
    std::string hostaddr;
    std::string port;
};

// One coroutine at a time, and all of them on one strand. No Asio object lives between two calls, so an idle connection
// may outlive its execution context.
class postgres_connection {
public:
    using clock = std::chrono::steady_clock;

    // Throws postgres_failure. Blocks in no name lookup when `address` has a hostaddr, or the path of a socket.
    static asio::awaitable<std::unique_ptr<postgres_connection>> open(std::string conninfo, postgres_address address,
                                                                      clock::time_point until);
    // Closes; but not in a forked child, where that would end the parent's connection.
    ~postgres_connection();
    postgres_connection(const postgres_connection&) = delete;
    postgres_connection& operator=(const postgres_connection&) = delete;

    // All at once, in one round trip; the first that fails is the last. After a failure the connection is of no use.
    asio::awaitable<postgres_answers> run(const postgres_batch& batch, clock::time_point until);
    // After LISTEN: returns when there is at least one. `stop` is set to what ends the wait early (it throws then).
    asio::awaitable<std::vector<std::string>> notifications(std::function<void()>& stop);

private:
    class socket;
    explicit postgres_connection(pg_conn* connection) noexcept;
    asio::awaitable<void> connect(clock::time_point until);
    asio::awaitable<void> flush(socket& waits);
    asio::awaitable<pg_result*> next(socket& waits);
    [[noreturn]] void lose() const;
    std::string message() const;

    pg_conn* connection_;
    pid_t pid_;
};

} // namespace afresh::store
