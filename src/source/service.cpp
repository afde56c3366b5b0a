#include "source/service.hpp"

#include "crypto/digest.hpp"
#include "source/chain.hpp"
#include "source/context_hook.hpp"
#include "source/insist.hpp"

#include <afresh/http_transport.hpp>

#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace afresh::detail {
namespace {

constexpr std::size_t strand_count = 64;

void require(bool good, const char* what)
{
    if (!good) throw boost::system::system_error(errc::invalid_argument, std::string("refresh_policy: ") + what);
}

const refresh_policy& checked(const refresh_policy& p)
{
    using namespace std::chrono_literals;
    constexpr auto most = std::chrono::hours(24 * 3653);
    const auto range = [most](auto value, auto low, const char* what) { require(value >= low && value <= most, what); };
    require(p.ahead_divisor >= 1, "ahead_divisor must be 1 or more");
    require(p.attempts_for_waiters >= 1, "attempts_for_waiters must be 1 or more");
    require(p.bare_unauthorized_limit >= 1, "bare_unauthorized_limit must be 1 or more");
    require(p.max_waiters >= 1, "max_waiters must be 1 or more");
    require(p.revocation_attempts >= 1, "revocation_attempts must be 1 or more");
    range(p.ahead_min, 0s, "ahead_min must be between 0 and ten years");
    range(p.ahead_max, p.ahead_min, "ahead_max must be between ahead_min and ten years");
    range(p.leeway_max, 0s, "leeway_max must be between 0 and ten years");
    range(p.unknown_lifetime, 1s, "unknown_lifetime must be between 1 s and ten years");
    range(p.used_within_min, 0s, "used_within_min must be between 0 and ten years");
    range(p.refresh_token_lifetime.value_or(1s), 1s, "refresh_token_lifetime must be between 1 s and ten years");
    range(p.max_wait, 0ms, "max_wait must be between 0 and ten years");
    range(p.connect_limit, 1ms, "connect_limit must be between 1 ms and ten years");
    range(p.exchange_limit, 1ms, "exchange_limit must be between 1 ms and ten years");
    range(p.backoff_base, 10ms, "backoff_base must be between 10 ms and ten years");
    range(p.backoff_cap, p.backoff_base, "backoff_cap must be between backoff_base and ten years");
    range(p.retry_after_cap, 0s, "retry_after_cap must be between 0 and ten years");
    range(p.breaker_min, 1s, "breaker_min must be between 1 s and ten years");
    range(p.breaker_max, p.breaker_min, "breaker_max must be between breaker_min and ten years");
    range(p.rotation_grace.value_or(0ms), 0ms, "rotation_grace must be between 0 and ten years");
    range(p.sign_in_claim, 0s, "sign_in_claim must be between 0 and ten years");
    range(p.doubt_ahead, 0s, "doubt_ahead must be between 0 and ten years");
    range(p.save_retry, 10ms, "save_retry must be between 10 ms and ten years");
    range(p.lease_ttl, 100ms, "lease_ttl must be between 100 ms and ten years");
    range(p.takeover_wait, 0ms, "takeover_wait must be between 0 and ten years");
    range(p.reread_interval, 100ms, "reread_interval must be between 100 ms and ten years");
    range(p.forced_interval, 1s, "forced_interval must be between 1 s and ten years");
    range(p.withhold_rejected, 0ms, "withhold_rejected must be between 0 and ten years");
    range(p.longest_sleep, 1s, "longest_sleep must be between 1 s and ten years");
    return p;
}

using deadlines = boost::intrusive::multiset<wake_entry>;

void take_out(deadlines& all, wake_entry& e)
{
    if (e.is_linked()) all.erase(all.iterator_to(e));
}

} // namespace

service::service(asio::any_io_executor ex, service_options o)
    : executor(std::move(ex)),
      transport(o.transport ? std::move(o.transport) : make_http_transport()),
      store(o.store ? std::move(o.store) : make_memory_token_store()),
      time(o.time ? std::move(o.time) : make_system_time(executor)),
      policy(checked(o.policy)),
      on_event(std::move(o.on_event)),
      owner(crypto::random_text(12)),
      strands_(strand_count)
{
    const core::moment t = now();
    clocks_apart_ = t.wall.time_since_epoch() - t.mono.time_since_epoch();
}

std::shared_ptr<service> service::make(asio::any_io_executor ex, service_options o)
{
    auto made = std::make_shared<service>(std::move(ex), std::move(o));
    asio::use_service<context_hook>(asio::query(made->executor, asio::execution::context)).add(made);
    return made;
}

std::shared_ptr<chain> service::find_or_add(const std::string& name, const std::string& key,
                                            const std::function<std::shared_ptr<chain>()>& make)
{
    std::shared_ptr<chain> held; // destroyed outside the lock
    std::unique_lock lock(mutex_);
    auto& slot = chains_[name];
    held = slot.lock();
    if (held && held->acquire()) return held;
    auto made = make();
    (void)made->acquire();
    if (held) { // closed, and still finishing what is under way
        std::erase_if(replaced_, [](const auto& weak) { return weak.expired(); });
        replaced_.push_back(held);
    }
    slot = made;
    if (name != key) audiences_[key].insert(name);
    if (open_++ > 0) return made;
    lock.unlock();
    auto watching = store->watch([weak = weak_from_this()](const std::string& changed) {
        if (const auto self = weak.lock()) self->on_store_changed(changed);
    });
    lock.lock();
    if (open_ > 0) watching_.swap(watching);
    lock.unlock(); // before what is not needed goes
    return made;
}

void service::closed()
{
    std::shared_ptr<void> last; // destroyed outside the lock
    std::lock_guard lock(mutex_);
    if (--open_ == 0) last.swap(watching_);
}

// Called by the store, on any thread. When anything may have changed the chains look one after another: a store that
// was away for a while is not to be buried under questions now.
void service::on_store_changed(const std::string& key)
{
    std::vector<std::shared_ptr<chain>> all;
    {
        std::lock_guard lock(mutex_);
        if (abandoned_) return;
        if (!key.empty()) all = chains_of(key);
        if (key.empty())
            for (auto& [name, weak] : chains_)
                if (auto c = weak.lock()) all.push_back(std::move(c));
    }
    core::mono_time at = now().mono;
    for (auto& c : all) {
        post_surely(c->strand, [c, at] { c->on_store_changed(at); });
        at += std::chrono::milliseconds(1);
    }
}

std::vector<std::shared_ptr<chain>> service::chains_of(const std::string& key)
{
    std::vector<std::shared_ptr<chain>> all;
    const auto take = [&](const std::string& name) {
        const auto i = chains_.find(name);
        if (auto c = i == chains_.end() ? nullptr : i->second.lock()) all.push_back(std::move(c));
    };
    take(key);
    if (const auto names = audiences_.find(key); names != audiences_.end())
        for (const std::string& name : names->second) take(name);
    return all;
}

void service::tell_others(const chain& c)
{
    std::vector<std::shared_ptr<chain>> all;
    {
        std::lock_guard lock(mutex_);
        if (abandoned_ || !audiences_.contains(c.options.key)) return;
        all = chains_of(c.options.key);
    }
    const core::mono_time at = now().mono;
    for (auto& other : all)
        if (other.get() != &c) post_surely(other->strand, [other, at] { other->on_store_changed(at); });
}

void service::forget(chain& c, const std::string& name)
{
    std::lock_guard lock(mutex_);
    take_out(deadlines_, c);
    const auto i = chains_.find(name);
    if (i == chains_.end() || !i->second.expired()) return;
    chains_.erase(i);
    const auto names = audiences_.find(c.options.key);
    if (names == audiences_.end()) return;
    names->second.erase(name);
    if (names->second.empty()) audiences_.erase(names);
}

// Called by find_or_add()'s `make`, so under the lock.
const asio::any_io_executor& service::strand_of(const std::string& key)
{
    asio::any_io_executor& strand = strands_[std::hash<std::string>()(key) % strands_.size()];
    if (!strand) strand = asio::make_strand(executor);
    return strand;
}

void service::hold(const std::shared_ptr<chain>& c)
{
    std::lock_guard lock(mutex_);
    if (!abandoned_) held_[c.get()] = c;
}

void service::release(const chain* c)
{
    std::shared_ptr<chain> last; // destroyed outside the lock
    std::lock_guard lock(mutex_);
    if (const auto i = held_.find(c); i != held_.end()) {
        last = std::move(i->second);
        held_.erase(i);
    }
}

void service::wake(chain& c, core::mono_time at)
{
    std::lock_guard lock(mutex_);
    if (abandoned_) return;
    if (c.is_linked() && c.wake_entry::wake_at == at) return;
    take_out(deadlines_, c);
    if (at != core::mono_time::max()) {
        c.wake_entry::wake_at = at;
        deadlines_.insert(c);
    }
    // A later one is found when the earlier wake-up comes. With none left nothing may keep the context at work.
    if (deadlines_.empty() || deadlines_.begin()->wake_at < armed_) arm();
}

// Sleeps until the earliest deadline, but never long: a suspended machine's monotonic clock stands still, and steps of
// the wall clock make no timer fire.
void service::arm()
{
    if (deadlines_.empty()) {
        if (armed_ == core::mono_time::max()) return;
        armed_ = core::mono_time::max();
        return time->wake_at(armed_, {});
    }
    armed_ = std::min(deadlines_.begin()->wake_at, now().mono + policy.longest_sleep);
    const auto wake = [weak = weak_from_this()] {
        if (auto self = weak.lock()) self->on_wake();
    };
    insist([&] { time->wake_at(armed_, wake); });
}

void service::on_wake()
{
    std::vector<std::shared_ptr<chain>> due;
    {
        std::lock_guard lock(mutex_);
        if (abandoned_) return;
        const core::moment t = now();
        const std::chrono::nanoseconds apart = t.wall.time_since_epoch() - t.mono.time_since_epoch();
        const bool stepped = std::chrono::abs(apart - clocks_apart_) > std::chrono::seconds(1);
        clocks_apart_ = apart;
        while (!deadlines_.empty() && (stepped || deadlines_.begin()->wake_at <= t.mono)) {
            auto& c = static_cast<chain&>(*deadlines_.begin());
            deadlines_.erase(deadlines_.begin());
            if (auto alive = c.weak_from_this().lock()) due.push_back(std::move(alive));
        }
        armed_ = core::mono_time::max();
        arm();
    }
    for (auto& c : due) post_surely(c->strand, [c] { c->on_wake(); });
}

void service::abandon()
{
    std::vector<std::shared_ptr<chain>> all;
    decltype(held_) held;
    std::shared_ptr<void> watching;
    {
        std::lock_guard lock(mutex_);
        abandoned_ = true;
        watching.swap(watching_);
        held.swap(held_);
        deadlines_.clear();
        for (auto& [key, weak] : chains_)
            if (auto c = weak.lock()) all.push_back(std::move(c));
        for (auto& weak : replaced_)
            if (auto c = weak.lock()) all.push_back(std::move(c));
        chains_.clear();
        replaced_.clear();
    }
    for (auto& c : all) c->abandon();
}

} // namespace afresh::detail
