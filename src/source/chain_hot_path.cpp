// get() while the token is fresh: one version check, a per-thread cache of snapshots, one look at the second of the
// wall clock. No lock, no hop to the strand, and no write to a cache line that another thread reads.

#include "source/chain.hpp"

#include <afresh/token_reader.hpp>

#include <ctime>
#include <utility>

namespace afresh::detail {

// What one thread remembers of one chain.
struct hot_entry {
    std::uint64_t id;
    std::uint64_t version;
    token_ref* ref;   // counted; null: no token is published
    std::time_t calm; // the second of the wall clock in which nothing happens to it; 0: ask the clocks
};

namespace {

using namespace std::chrono;

constexpr std::size_t cache_size = 128; // a power of two: chains are numbered in a row, so neighbours do not collide

// Plain memory, so that no look at it asks whether it was constructed.
struct hot_cache {
    hot_entry entries[cache_size];
    bool closed; // its thread is ending
};
constinit thread_local hot_cache cache{};

struct end_of_thread {
    ~end_of_thread()
    {
        for (hot_entry& e : cache.entries)
            if (token_ref* const ref = std::exchange(e, {}).ref) ref->disown();
        cache.closed = true;
    }
};

const void* this_thread() noexcept { return &cache; }

nanoseconds read(clockid_t id) noexcept
{
    timespec t;
    clock_gettime(id, &t);
    return seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

// The coarse clocks are 1 to 4 ms behind and six times as fast; leeways are larger than that.
core::moment coarse_now() noexcept
{
    return {steady_clock::time_point(duration_cast<steady_clock::duration>(read(CLOCK_MONOTONIC_COARSE))),
            system_clock::time_point(duration_cast<system_clock::duration>(read(CLOCK_REALTIME_COARSE)))};
}

bool reached(const instant& deadline, const core::moment& now) noexcept
{
    return now.mono >= deadline.mono || now.wall >= deadline.wall;
}

// The second that `now` is in, if the token becomes neither due nor unusable in it: until it is over, neither clock
// need be read, and time() costs half of one. A suspend or a step forward ends it. The margin of three seconds is for
// steps back.
std::time_t calm_second(const snapshot& s, const core::moment& now) noexcept
{
    const core::moment soon{now.mono + 3s, now.wall + 3s};
    if (reached(s.usable_until, soon)) return 0;
    if (reached(s.due, soon) && !s.nudged.load(std::memory_order_relaxed)) return 0;
    return system_clock::to_time_t(floor<seconds>(now.wall));
}

} // namespace

void retain(token_ref* r) noexcept { r->retain(this_thread()); }
void release(token_ref* r) noexcept { r->release(this_thread()); }
void token_ref::destroy() noexcept { delete this; }

token_ref* chain::fresh(const get_options& wanted) noexcept
{
    hot_entry& e = cache.entries[id % cache_size];
    if (e.id != id || e.version != version() || wanted.min_valid().count() > 0 || e.calm != std::time(nullptr))
        [[unlikely]]
        return look_closely(e, wanted);
    e.ref->retain_own();
    return e.ref;
}

token_ref* chain::look_closely(hot_entry& e, const get_options& wanted) noexcept
{
    if ((e.id != id || e.version != version()) && !refill(e)) return nullptr;
    if (!e.ref || !check(*e.ref->token, wanted, e.calm)) return nullptr;
    e.ref->retain_own();
    return e.ref;
}

// Whether the token is good now, by the clocks; and for how long that need not be asked again.
bool chain::check(const snapshot& s, const get_options& wanted, std::time_t& calm) noexcept
{
    const bool system = service->time->is_system();
    const core::moment now = system ? coarse_now() : service->now();
    calm = 0;
    if (reached(s.usable_until, now)) return false;
    if (reached(s.due, now) && !s.nudged.load(std::memory_order_relaxed)) nudge();
    if (system) calm = calm_second(s, now);
    if (!lasts(s, wanted, now)) return false;
    if (!s.used.load(std::memory_order_relaxed)) s.used.store(true, std::memory_order_relaxed);
    return true;
}

bool lasts(const snapshot& s, const get_options& wanted, const core::moment& now) noexcept
{
    if (wanted.min_valid().count() <= 0 || !s.lifetime) return true;
    // Half of the lifetime at most: what a new token could not promise for long is not worth asking for.
    const auto least = std::min(wanted.min_valid(), *s.lifetime / 2);
    return !reached({s.usable_until.mono - least, s.usable_until.wall - least}, now);
}

// False when out of memory or at the end of the thread; then the caller takes the slow path.
bool chain::refill(hot_entry& e) noexcept
{
    if (cache.closed) return false;
    try {
        thread_local const end_of_thread clean_up;
        (void)clean_up;
        token_ref* replaced = nullptr;
        {
            std::lock_guard lock(mutex_);
            token_ref* const ref = published_ ? new token_ref(published_, this_thread()) : nullptr;
            replaced = std::exchange(e, {id, version(), ref, 0}).ref;
        }
        if (replaced) replaced->disown();
        return true;
    } catch (...) {
        return false;
    }
}

// The version that `token` now is.
std::uint64_t chain::read_published(access_token& token)
{
    std::lock_guard lock(mutex_);
    token = share(published_);
    return version();
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

namespace afresh {

detail::token_ref* token_source::fresh(const get_options& options) const noexcept { return impl_->fresh(options); }

token_reader::token_reader(token_source tokens) : tokens_(std::move(tokens)), chain_(tokens_.implementation().get()) {}

const access_token& token_reader::held() noexcept
{
    if (version_ == chain_->version() && calm_ == std::time(nullptr)) [[likely]]
        return token_;
    return look_closely();
}

const access_token& token_reader::look_closely() noexcept
{
    static const access_token none;
    if (version_ != chain_->version()) {
        try {
            version_ = chain_->read_published(token_);
        } catch (...) { // out of memory
            version_ = 0;
            return none;
        }
    }
    if (token_ && chain_->check(token_.data(), {}, calm_)) return token_;
    calm_ = 0;
    return none;
}

} // namespace afresh
