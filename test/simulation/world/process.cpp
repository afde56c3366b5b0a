#include "simulation/world/process.hpp"

#include "simulation/world/world.hpp"

#include "source/chain.hpp"

#include <utility>

namespace simulation {

// The seam to time, for one life.
class process_time final : public afresh::time_source {
public:
    process_time(world& w, process& p, life_id life) noexcept : world_(w), process_(p), life_(life) {}

    afresh::instant now() const noexcept override
    {
        afresh::instant t = process_.clock();
        const time_sabotage& flaw = world_.time_flaw;
        t.mono = begin_ + (t.mono - begin_) * flaw.hurry + flaw.ahead;
        t.wall += flaw.ahead;
        return t;
    }
    double jitter() noexcept override { return world_.chance.unit(); }
    void wake_at(std::chrono::steady_clock::time_point at, std::function<void()> wake) override
    {
        ++arranged_;
        wake_ = std::move(wake);
        if (wake_ && process_.is_life(life_)) arrange(at);
    }

private:
    void arrange(std::chrono::steady_clock::time_point at)
    {
        const auto real = begin_ + (at - begin_ - world_.time_flaw.ahead) / world_.time_flaw.hurry;
        world_.queue.at(process_.clocks.when(real), life_, [this, at, which = arranged_] {
            if (which != arranged_ || world_.time_flaw.drops_wakeups) return false; // another one was arranged since
            if (now().mono + std::chrono::microseconds(1) < at) {                   // the machine slept meanwhile
                arrange(at);
                return false;
            }
            auto wake = std::exchange(wake_, nullptr);
            wake();
            return true;
        });
    }

    world& world_;
    process& process_;
    life_id life_;
    std::chrono::steady_clock::time_point begin_ = process_.clock().mono;
    std::uint64_t arranged_{};
    std::function<void()> wake_;
};

process::process(world& w, std::uint32_t number) : world_(w), number_(number), chance_(w.chance.next()) {}

process::~process()
{
    if (alive()) crash();
}

afresh::instant process::clock() const { return clocks.read(world_.now()); }

void process::start()
{
    const bool again = facts.life != nobody;
    facts = {};
    facts.life = world_.new_life();
    doomed_ = false;
    handlers_left_ = -1;
    context_ = std::make_unique<asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE); // one thread
    work_.emplace(context_->get_executor());
    time_ = std::make_shared<process_time>(world_, *this, facts.life);
    world_.tell("process ", number_, " starts, life ", facts.life);
    world_.check.life_began(*this, again);

    afresh::service_options seams;
    seams.transport = std::make_shared<world_transport>(world_, *this, facts.life);
    seams.store = std::make_shared<world_store>(world_, *this, facts.life);
    seams.time = time_;
    seams.policy = world_.policy;
    seams.on_event = [this](const afresh::event& e) { world_.check.told(e); };
    service_.emplace(context_->get_executor(), std::move(seams));
    afresh::source_options options;
    options.key = key;
    options.allowed_origins = {"https://api.example.com"};
    if (has_sign_in_hook) options.on_sign_in = [this] { return sign_in(); };
    auto registration = std::make_shared<afresh::client_registration>("https://as.example.com/token", "client");
    registration->client_secret_basic(afresh::secret_string("password"));
    registration->revocation_endpoint("https://as.example.com/revoke");
    auto grant = afresh::grant::refresh_token(afresh::secret_string(world_.server.refresh(original_grant).text));
    tokens_.emplace(*service_, std::move(registration), std::move(grant), std::move(options));
    chain_ = tokens_->implementation();
}

void process::crash()
{
    world_.tell("process ", number_, " dies");
    world_.check.life_ended(*this);
    world_.store.process_died(facts.life);
    auto context = std::move(context_); // from here on it is not alive: its seams do nothing
    world_.queue.forget(facts.life);
    tokens_.reset();
    service_.reset();
    work_.reset();
    context.reset();
    time_.reset();
    if (comes_back_in)
        world_.queue.in(*comes_back_in, nobody, [this] {
            if (!alive()) start();
        });
}

void process::destroy_source()
{
    facts.closing = true;
    tokens_.reset();
}

bool process::run_ready()
{
    if (!alive()) return false;
    if (std::exchange(doomed_, false) || handlers_left_ == 0) {
        crash();
        return false;
    }
    if (handlers_left_ < 0 && crash_at == crash_point::none) {
        context_->poll();
        return false;
    }
    if (context_->poll_one() == 0) return false;
    if (handlers_left_ > 0) --handlers_left_;
    return true;
}

void process::reached(crash_point where)
{
    if (crash_at != where) return;
    crash_at = crash_point::none;
    if (const auto how_long = std::exchange(stops_for, std::nullopt))
        stop(*how_long);
    else
        doom();
}

void process::stop(std::chrono::nanoseconds how_long)
{
    world_.tell("process ", number_, " is stopped for ", how_long);
    clocks.suspend(world_.now(), how_long, false);
    world_.check.stopped(*this, how_long);
    world_.queue.in(how_long, nobody, [this] { world_.check.clocks_changed(*this, false); });
}

std::optional<afresh::source_status> process::status() const
{
    const auto c = chain_.lock();
    if (!c) return std::nullopt;
    return c->status();
}

asio::awaitable<afresh::token_set> process::sign_in()
{
    ++hook_calls;
    world_.tell("process ", number_, " asks its user to sign in");
    const virtual_time until = world_.now() + sign_in_takes;
    co_await sleep_until(world_.queue, until, facts.life);
    if (chance_.chance(sign_in_fails)) {
        world_.tell("nobody signs in");
        throw std::runtime_error("nobody is there");
    }
    const auto issued = world_.server.sign_in(world_.now());
    world_.tell("the user signed in: refresh token ", issued.refresh, ", access token ", issued.access);
    world_.check.somebody_acted(*this);
    afresh::token_set tokens;
    tokens.refresh_token(afresh::secret_string(world_.server.refresh(issued.refresh).text));
    tokens.access_token(afresh::secret_string(world_.server.access(issued.access).text));
    tokens.expires_in(world_.server.access(issued.access).told);
    co_return tokens;
}

} // namespace simulation
