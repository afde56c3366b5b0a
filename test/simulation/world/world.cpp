#include "simulation/world/world.hpp"

#include <utility>

namespace simulation {

world::world(std::uint64_t seed, bool told_aloud)
    : chance(seed), server(seed ^ 0x1111), net(seed ^ 0x2222), store(seed ^ 0x3333), check(*this)
{
    tale.told_aloud = told_aloud;
}

world::~world()
{
    for (auto& p : processes) p->comes_back_in.reset();
    processes.clear();
}

process& world::add_process()
{
    processes.push_back(std::make_unique<process>(*this, static_cast<std::uint32_t>(processes.size())));
    processes.back()->original_grant = server.sign_in(now()).refresh;
    return *processes.back();
}

void world::settle()
{
    for (bool busy = true; busy && !check.failure();) {
        busy = false;
        for (std::size_t i = 0; i < processes.size(); ++i) // by index: a handler may add one
            if (!processes[i]->clocks.asleep(now()) && processes[i]->run_ready()) busy = true;
    }
    if (!check.failure()) check.after_step();
}

bool world::step()
{
    if (queue.empty() || check.failure()) return false;
    world_event e = queue.take();
    for (auto& p : processes)
        if (p->is_life(e.owner) && p->clocks.asleep(now())) {
            queue.postpone(std::move(e), p->clocks.awake_at());
            return true;
        }
    if (!e.what) return true; // it was to happen to somebody who is dead
    if (e.what->run()) ++steps;
    e.what.reset();
    settle();
    return !check.failure();
}

void world::run_until(virtual_time t)
{
    settle();
    while (!queue.empty() && queue.next() <= t && step()) {
    }
    queue.advance(t);
}

} // namespace simulation
