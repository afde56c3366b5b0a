#pragma once
// The seam to the network, simulated: one request, its fate, and the server that may see it at another time.

#include "simulation/world/event_queue.hpp"

#include <afresh/transport.hpp>

namespace simulation {

class process;
class world;

// Seams that do wrong, for the controls: an invariant that cannot fail proves nothing.
struct transport_sabotage {
    bool sends_twice{};
};

class world_transport final : public afresh::transport {
public:
    world_transport(world& w, process& p, life_id life) noexcept : world_(w), process_(p), life_(life) {}
    asio::awaitable<afresh::transport_outcome> send(afresh::transport_request request) override;

private:
    asio::awaitable<afresh::transport_outcome> revoke(afresh::transport_request request);
    world& world_;
    process& process_;
    life_id life_;
};

} // namespace simulation
