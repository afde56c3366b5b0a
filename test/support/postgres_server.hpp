#pragma once
// A PostgreSQL of the test's own: a fresh directory, a free port on loopback, gone with the test whatever happens.

#include "support/temp_directory.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace afresh::test {

class postgres_server {
public:
    // `settings`: further lines of postgresql.conf.
    explicit postgres_server(std::string_view settings = {});
    // A copy of one that runs, which follows it.
    struct standby_of {
        const postgres_server& primary;
    };
    explicit postgres_server(standby_of other);
    ~postgres_server();
    postgres_server(const postgres_server&) = delete;
    postgres_server& operator=(const postgres_server&) = delete;

    void start();        // returns when it takes connections
    void stop();         // ends all connections
    void stop_at_once(); // as a crash: what is not on disk is lost
    void promote();      // a standby becomes a primary
    bool is_running() const noexcept { return pid_ > 0; }

    std::uint16_t port() const noexcept { return port_; }
    const std::string& password() const noexcept { return password_; }
    const std::string& directory() const noexcept { return directory_.path(); }
    // Of the role that owns the database: over TCP with its password, or over the UNIX socket.
    std::string conninfo(const std::string& more = {}) const;
    std::string conninfo_at(std::uint16_t port, const std::string& more = {}) const;
    std::string socket_conninfo() const;
    // What psql prints, as the superuser: columns separated by '|', rows by newlines.
    std::string sql(const std::string& statements) const;
    void give(const std::string& file) const; // to the server's user: PostgreSQL wants to own its keys

private:
    int run(const std::vector<std::string>& command, const std::string& output = "/dev/null") const;
    pid_t spawn(const std::vector<std::string>& command, const std::string& output) const;
    void settle_in(std::string_view settings);
    void end(int signal);

    const temp_directory directory_;
    const std::string data_ = directory_ / "data";
    const std::string password_ = "it is a secret's secret";
    const std::uint16_t port_;
    pid_t pid_ = -1;
};

std::uint16_t free_port();

} // namespace afresh::test
