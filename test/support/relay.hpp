#pragma once
// A TCP relay to a port of this machine, which cuts or holds what goes through it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <mutex>
#include <thread>

namespace afresh::test {

class relay {
public:
    static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

    explicit relay(std::uint16_t to);
    ~relay();
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;

    std::uint16_t port() const noexcept { return port_; }
    // Of each connection's bytes, counted from now on: those that go through; after them it is closed on both sides.
    void let_through(std::size_t to_server, std::size_t to_client);
    // Nothing goes through, and nobody is told.
    void hold(bool held) { held_ = held; }
    void cut() { ++cuts_; }                                        // all connections, now
    std::size_t to_server() const noexcept { return counted_[0]; } // bytes, since let_through()
    std::size_t to_client() const noexcept { return counted_[1]; }

private:
    void accept_all();
    void serve(int client);

    const std::uint16_t to_;
    std::uint16_t port_{};
    int listener_ = -1;
    std::atomic<bool> stopping_{};
    std::atomic<bool> held_{};
    std::atomic<unsigned> cuts_{};
    std::atomic<std::size_t> most_[2]{all, all};
    std::atomic<std::size_t> counted_[2]{};
    std::mutex mutex_;
    std::list<std::thread> threads_;
    std::thread acceptor_;
};

} // namespace afresh::test
