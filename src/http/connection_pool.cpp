#include "http/connection_pool.hpp"

#include "net/timed_wait.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace afresh::http {

namespace {
constexpr std::chrono::seconds sweep_interval{5};
constexpr std::chrono::milliseconds just_now{10};
constexpr std::chrono::microseconds just_now_in_tls{100}; // where a system call more is not felt
} // namespace

// A call that waits for a connection, first come first served.
class connection_pool::waiter : public net::timed_wait<slot> {
public:
    using timed_wait::timed_wait;
    ~waiter() override { unlink(); }

    void start(std::shared_ptr<connection_pool> pool, std::string origin_name, clock::time_point until)
    {
        pool_ = std::move(pool);
        arm(until, errc::pool_timed_out);
        error_code ec;
        slot now;
        if (enqueue(origin_name, ec, now)) return;
        finish(ec, std::move(now));
    }

private:
    friend class connection_pool;

    // False: no need to wait, or no use.
    bool enqueue(const std::string& origin_name, error_code& ec, slot& now)
    {
        closing old;
        const std::lock_guard lock(pool_->mutex_);
        if (pool_->closed_) {
            ec = errc::closed;
            return false;
        }
        if (auto taken = pool_->take(origin_name, clock::now(), old)) { // freed since the caller looked
            now = std::move(*taken);
            return false;
        }
        auto& o = pool_->origins_.at(origin_name);
        if (o.waiters.size() >= pool_->limits_.waiters_per_origin) {
            ec = errc::pool_timed_out;
            return false;
        }
        queue_ = &o.waiters;
        place_ = o.waiters.insert(o.waiters.end(), std::static_pointer_cast<waiter>(shared_from_this()));
        return true;
    }

    void given_up() noexcept override { unlink(); }

    void unlink() noexcept
    {
        const std::lock_guard lock(pool_->mutex_);
        if (queue_) queue_->erase(place_);
        queue_ = nullptr;
    }

    std::shared_ptr<connection_pool> pool_;
    std::list<std::weak_ptr<waiter>>* queue_{}; // null: not in one. Guarded by the pool's mutex
    std::list<std::weak_ptr<waiter>>::iterator place_;
};

connection_pool::connection_pool(const asio::any_io_executor& executor, const http_limits& limits)
    : limits_(limits), sweeper_(executor)
{
}

connection_pool::slot& connection_pool::slot::operator=(slot&& other) noexcept
{
    if (pool_) give_back({});
    link = std::move(other.link);
    pool_ = std::move(other.pool_);
    home_ = other.home_;
    idle_since_ = other.idle_since_;
    worn_at_ = other.worn_at_;
    return *this;
}

void connection_pool::slot::take(std::unique_ptr<net::connection> made)
{
    link = std::move(made);
    worn_at_ = pool_->worn_from_now();
}

// Closed, with bytes that nobody asked for, or with an old certificate: of no use.
void connection_pool::slot::drop_unless_quiet(clock::time_point now, probing how)
{
    if (!link) return;
    const clock::duration trusted = link->is_tls() ? clock::duration(just_now_in_tls) : clock::duration(just_now);
    const bool probe = how == probing::always || now - idle_since_ > trusted;
    if (link->is_superseded() || (probe && !link->is_quiet())) link.reset();
}

void connection_pool::slot::keep(clock::time_point now, std::optional<std::chrono::seconds> server_keeps_it)
{
    clock::duration time = pool_->limits_.idle;
    // a second early, so that our next request does not cross its goodbye
    if (server_keeps_it && *server_keeps_it < std::chrono::hours(1))
        time = std::min<clock::duration>(time, *server_keeps_it - std::chrono::seconds(1));
    const auto until = std::min(now + time, worn_at_);
    if (until <= now) link.reset();
    give_back(span{now, until});
}

void connection_pool::slot::give_back(std::optional<span> usable)
{
    if (const auto pool = std::move(pool_))
        pool->take_back(*home_, {std::move(link), usable.value_or(span()), worn_at_}, usable.has_value());
}

// Connections that were made together do not all end together.
clock::time_point connection_pool::worn_from_now()
{
    const std::lock_guard lock(mutex_);
    const double part = 1 - std::uniform_real_distribution<>(0, 0.1)(chance_);
    return clock::now() + std::chrono::duration_cast<clock::duration>(limits_.age * part);
}

std::optional<connection_pool::slot> connection_pool::acquire_now(const std::string& name, clock::time_point now,
                                                                  probing how)
{
    std::optional<slot> mine;
    {
        closing old;
        const std::lock_guard lock(mutex_);
        if (closed_) return {};
        sweep(now, old);
        mine = take(name, now, old);
    }
    if (mine) mine->drop_unless_quiet(now, how);
    return mine;
}

asio::awaitable<result<connection_pool::slot>> connection_pool::acquire(std::string name, clock::time_point until,
                                                                        probing how)
{
    auto executor = co_await asio::this_coro::executor;
    auto [ec, mine] = co_await net::wait_for<waiter>(executor, shared_from_this(), std::move(name), until);
    if (ec) co_return ec;
    mine.drop_unless_quiet(clock::now(), how);
    co_return std::move(mine);
}

std::optional<connection_pool::slot> connection_pool::take(const std::string& name, clock::time_point now, closing& old)
{
    auto& o = origins_[name];
    if (o.name.empty()) o.name = name;
    while (!o.idle.empty()) {
        idle_connection last = std::move(o.idle.back());
        o.idle.pop_back();
        --idle_total_;
        if (now < last.usable.until)
            return slot(shared_from_this(), &o, std::move(last.link), last.usable.since, last.worn_at);
        old.push_back(std::move(last.link));
        --o.open;
    }
    if (o.open >= limits_.connections_per_origin) return {};
    ++o.open;
    return slot(shared_from_this(), &o, nullptr, {}, {});
}

void connection_pool::take_back(origin& o, idle_connection c, bool usable)
{
    if (!usable) c.link.reset();
    closing old;
    std::unique_lock lock(mutex_);
    while (!o.waiters.empty()) {
        auto next = o.waiters.front().lock();
        if (next) next->queue_ = nullptr;
        o.waiters.pop_front();
        lock.unlock();
        slot s(shared_from_this(), &o, std::move(c.link), c.usable.since, c.worn_at);
        const bool taken = next && next->finish({}, std::move(s));
        next.reset(); // perhaps the last to hold it, and its destructor locks
        if (taken) return;
        c.link = std::move(s.link);
        s.pool_.reset(); // it stays with us
        lock.lock();
    }
    put_away(o, std::move(c), old);
}

void connection_pool::put_away(origin& o, idle_connection c, closing& old)
{
    if (c.link && !closed_ && o.idle.size() < limits_.idle_per_origin) {
        if (idle_total_ >= limits_.idle_total) drop_longest_idle(old);
        if (!limits_.background_sweep) c.link->limit().stop(); // a connection at rest is no work
        o.idle.push_back(std::move(c));
        ++idle_total_;
        arm_sweep();
        return;
    }
    old.push_back(std::move(c.link));
    --o.open;
    forget_if_unused(o);
}

void connection_pool::drop_longest_idle(closing& old)
{
    origin* oldest = nullptr;
    for (auto& [name, o] : origins_)
        if (!o.idle.empty() && (!oldest || o.idle.front().usable.since < oldest->idle.front().usable.since))
            oldest = &o;
    if (!oldest) return;
    old.push_back(std::move(oldest->idle.front().link));
    oldest->idle.erase(oldest->idle.begin());
    --idle_total_;
    --oldest->open; // it stays in the map, even if it has none now: somebody may hold it
}

void connection_pool::drop_expired(origin& o, clock::time_point now, closing& old)
{
    std::erase_if(o.idle, [&](idle_connection& c) {
        if (now < c.usable.until) return false;
        old.push_back(std::move(c.link));
        --o.open;
        --idle_total_;
        return true;
    });
}

void connection_pool::sweep(clock::time_point now, closing& old)
{
    if (now < next_sweep_) return;
    next_sweep_ = now + sweep_interval;
    for (auto i = origins_.begin(); i != origins_.end();) {
        auto& o = (i++)->second;
        drop_expired(o, now, old);
        forget_if_unused(o);
    }
}

void connection_pool::arm_sweep()
{
    if (!limits_.background_sweep || closed_ || std::exchange(sweeper_armed_, true)) return;
    sweeper_.expires_after(std::min<clock::duration>(sweep_interval, limits_.idle));
    sweeper_.async_wait([weak = weak_from_this()](error_code) {
        const auto self = weak.lock();
        if (!self) return;
        closing old;
        const std::lock_guard lock(self->mutex_);
        self->sweeper_armed_ = false;
        self->next_sweep_ = {};
        self->sweep(clock::now(), old);
        if (self->idle_total_ > 0) self->arm_sweep();
    });
}

void connection_pool::forget_if_unused(origin& o)
{
    if (o.open == 0 && o.waiters.empty()) origins_.erase(std::string(o.name)); // a copy: the original goes with it
}

std::vector<connection_pool::usage> connection_pool::in_use() const
{
    const std::lock_guard lock(mutex_);
    std::vector<usage> all;
    all.reserve(origins_.size());
    for (const auto& [name, o] : origins_)
        all.push_back({name, o.open - o.idle.size(), o.idle.size(), o.waiters.size()});
    return all;
}

void connection_pool::close()
{
    closing old;
    std::vector<std::shared_ptr<waiter>> waiting;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        sweeper_.cancel();
        for (auto i = origins_.begin(); i != origins_.end();) {
            auto& o = (i++)->second;
            drop_expired(o, clock::time_point::max(), old);
            for (auto& weak : o.waiters)
                if (auto w = weak.lock()) {
                    w->queue_ = nullptr;
                    waiting.push_back(std::move(w));
                }
            o.waiters.clear();
            forget_if_unused(o);
        }
    }
    for (auto& w : waiting) w->finish(errc::closed, slot());
}

} // namespace afresh::http
