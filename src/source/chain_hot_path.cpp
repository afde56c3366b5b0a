// get() while the token is fresh: one version check, a per-thread cache of snapshots, two coarse clocks. No lock, no
// hop to the strand, and no write to a cache line that another thread reads (DESIGN "The hot path").

#include "source/chain.hpp"

#include <array>
#include <ctime>

namespace afresh::detail {

// What one thread remembers of one chain. `local` has a reference count of its own, so that copies made by this thread
// do not contend with those of others; the snapshot behind it is shared.
struct chain::hot_entry {
    std::uint64_t id{};
    std::uint64_t version{};
    snapshot_ptr local;
};

namespace {

constexpr std::size_t cache_size = 128; // a power of two: chains are numbered in a row, so neighbours do not collide

std::chrono::nanoseconds read(clockid_t id) noexcept
{
    timespec t;
    clock_gettime(id, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

// The coarse clocks are 1 to 4 ms behind and three times as fast; leeways are larger than that.
core::moment coarse_now() noexcept
{
    using namespace std::chrono;
    return {steady_clock::time_point(duration_cast<steady_clock::duration>(read(CLOCK_MONOTONIC_COARSE))),
            system_clock::time_point(duration_cast<system_clock::duration>(read(CLOCK_REALTIME_COARSE)))};
}

bool reached(const instant& deadline, const core::moment& now) noexcept
{
    return now.mono >= deadline.mono || now.wall >= deadline.wall;
}

} // namespace

snapshot_ptr chain::fresh(const get_options& wanted) noexcept
{
    thread_local std::array<hot_entry, cache_size> cache;
    hot_entry& e = cache[id % cache_size];
    if (e.id != id || e.version != version_.load(std::memory_order_acquire)) [[unlikely]] {
        if (!refill(e)) return {};
    }
    const snapshot* s = e.local.get();
    if (!s) [[unlikely]]
        return {};
    const core::moment now = service->time->is_system() ? coarse_now() : service->now();
    if (reached(s->usable_until, now)) [[unlikely]]
        return {};
    if (reached(s->due, now) && !s->nudged.load(std::memory_order_relaxed)) [[unlikely]]
        nudge();
    if (wanted.min_valid().count() > 0) [[unlikely]] {
        // Half of the lifetime at most: what a new token could not promise for long is not worth asking for.
        if (s->lifetime && reached({s->usable_until.mono - std::min(wanted.min_valid(), *s->lifetime / 2),
                                    s->usable_until.wall - std::min(wanted.min_valid(), *s->lifetime / 2)},
                                   now))
            return {};
    }
    if (!s->used.load(std::memory_order_relaxed)) [[unlikely]]
        s->used.store(true, std::memory_order_relaxed);
    return e.local;
}

// False when out of memory; then the caller takes the slow path.
bool chain::refill(hot_entry& e) noexcept
{
    try {
        std::lock_guard lock(mutex_);
        const std::uint64_t version = version_.load(std::memory_order_relaxed);
        snapshot_ptr local;
        if (published_) {
            const auto own_count = std::make_shared<snapshot_ptr>(published_);
            local = snapshot_ptr(own_count, own_count->get());
        }
        e.local = std::move(local);
        e.id = id;
        e.version = version;
        return true;
    } catch (...) {
        e.id = 0;
        return false;
    }
}

// A caller has seen that the token is due. Usually the timer was faster.
void chain::nudge() noexcept
{
    try {
        {
            std::lock_guard lock(mutex_);
            if (!published_ || published_->nudged.exchange(true)) return;
        }
        ask();
    } catch (...) { // out of memory: the next caller says it
    }
}

} // namespace afresh::detail
