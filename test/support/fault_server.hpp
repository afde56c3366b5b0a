#pragma once
// The simulator's authorization server behind a real socket, on loopback: it rotates, notices reuse, and loses answers
// as it is told. It knows which process sends what (`life`, in the query of its URL), so it can say of each reuse whether
// the clients could have avoided it.

#include "simulation/world/authorization_server.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace afresh::test {

class fault_server {
public:
    // Probabilities, each on its own.
    struct rates {
        double unseen = 0;    // the connection is cut before the request is processed
        double lost = 0;      // ... after
        double torn = 0;      // ... within the answer
        double late = 0;      // it is cut, and the request is processed a little later
        double throttled = 0; // 429
        double failed = 0;    // 503, not processed
        double slow = 0;      // the answer takes up to half a second
    };
    struct ledger {
        std::size_t requests{};  // whole, as they were read
        std::size_t rotations{}; // processed with success
        std::size_t answered{};  // with a 200, whole
        std::size_t injected{};  // requests that met a fault above
        std::size_t refused{};   // invalid_grant
        std::size_t families{};
        std::size_t lost_families{};      // revoked because of a reuse
        std::size_t avoidable{};          // ... that the clients had every means to avoid
        std::size_t overlaps{};           // a refresh token was sent while another process was sending it
        std::vector<std::string> notes{}; // of what is avoidable, or overlaps
    };

    fault_server(std::uint64_t seed, simulation::server_habits habits, rates r);
    ~fault_server();
    fault_server(const fault_server&) = delete;
    fault_server& operator=(const fault_server&) = delete;

    std::string token_endpoint() const { return "http://127.0.0.1:" + std::to_string(port_) + "/token"; }
    std::string sign_in(); // a human: a new family's refresh token
    // A process was killed, or stopped for long: an answer it had been given may have gone with it.
    void hurt(const std::string& life);
    void be_kind(); // no more faults
    ledger totals() const;
    // Called for each request that ended: answered whole, met a fault, or cost a grant.
    std::function<void(bool answered, bool lost)> on_end = {}; // set before the first request; under the server's mutex

private:
    struct presentation {
        std::string life;
        bool open = true;
        bool answered{}; // whole
        bool processed{};
    };
    void accept_all();
    void serve(int socket);
    simulation::server_answer process(const std::string& body, simulation::token_id refresh, std::size_t which);
    simulation::virtual_time now() const { return std::chrono::steady_clock::now() - began_; }

    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::uint16_t port_{};
    int listener_ = -1;
    std::atomic<bool> stopping_{};
    mutable std::mutex mutex_; // guards all below
    simulation::random_numbers chance_;
    simulation::authorization_server brain_;
    rates rates_;
    ledger ledger_;
    std::map<simulation::token_id, std::vector<presentation>> presented_;
    std::set<std::string> hurt_;
    std::list<std::thread> threads_;
    std::size_t active_{};
    std::thread acceptor_;
};

} // namespace afresh::test
