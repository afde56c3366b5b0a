#include "simulation/plan.hpp"

#include "simulation/world/callers.hpp"
#include "simulation/world/world.hpp"

#include <algorithm>
#include <vector>

namespace simulation {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

// The owner of what a planner has in store; lives are counted from 1.
constexpr life_id planned = ~life_id{};
// Enough events for one world: what goes on for ever in the same way proves nothing more.
constexpr std::size_t few_events = 200, plenty_of_events = 280;

// Draws one world after another from a seed. Each part draws in a fixed order, whatever the others are like.
class planner {
public:
    planner(world& w, std::uint64_t seed, bool fleet) : w_(w), chance_(seed * 0x9e3779b97f4a7c15u + 1), fleet_(fleet) {}

    virtual_time draw()
    {
        calm_ = chance_.chance(0.15); // in some worlds nothing goes wrong: there nothing may be superfluous either
        draw_server();
        draw_policy();
        draw_program();
        draw_visits();
        if (!calm_) {
            draw_network();
            draw_store();
            draw_incidents();
        }
        return lasts_;
    }
    bool calm() const noexcept { return calm_; }

    // Worlds in which little happens, because nobody comes or the machine sleeps, get more visitors.
    void fill()
    {
        process& p = *w_.processes[0];
        w_.run_until(w_.now() + 24h, [&] { return !p.clocks.asleep(w_.now()); });
        for (int i = 0; i < 100 && w_.steps < few_events && !w_.check.failure(); ++i) {
            begin_visit(w_, p, draw_visit());
            w_.run_for(2min);
        }
    }

private:
    void draw_server()
    {
        static constexpr reuse_rule rules[]{reuse_rule::strict,         reuse_rule::strict,
                                            reuse_rule::previous_grace, reuse_rule::same_successor,
                                            reuse_rule::mint_many,      reuse_rule::no_rotation};
        static constexpr std::chrono::nanoseconds graces[]{2s, 10s, 30s, 10min};
        static constexpr seconds lifetimes[]{0s, 1s, 5s, 60s, 300s, 300s, 300s, 3600s, 3600s, 3600s, 8h};
        using form = server_habits::form;
        static constexpr form forms[]{form::number, form::number,   form::number,   form::number,
                                      form::number, form::text,     form::fraction, form::missing,
                                      form::null,   form::negative, form::huge};
        using unrotated = server_habits::unrotated;
        static constexpr unrotated silences[]{unrotated::absent, unrotated::empty, unrotated::null, unrotated::same};
        server_habits& h = w_.server.habits;
        h.rule = chance_.pick(rules);
        h.grace = chance_.pick(graces);
        h.lifetime = chance_.pick(lifetimes);
        h.expires_in = chance_.pick(forms);
        h.silence = chance_.pick(silences);
        h.untold_lifetime = seconds(chance_.spread(60s, 4h).count() / 1'000'000'000);
        h.retires_access_tokens = chance_.chance(0.15);
        h.echoes_tokens = chance_.chance(0.2);
        h.race_is_invalid_request = chance_.chance(0.15);
        h.errors_with_status_200 = chance_.chance(0.1);
        h.refuses_with_bare_401 = chance_.chance(0.1);
        if (!calm_ && chance_.chance(0.15)) h.consumes_then_fails = chance_.unit() * 0.2;
        if (!calm_ && chance_.chance(0.15)) h.hands_out_unusable = chance_.unit() * 0.4;
        const bool brief = h.lifetime > 0s && h.lifetime <= 60s;
        lasts_ = brief ? chance_.between(1h, 90min) : chance_.between(90min, 4h);
    }

    void draw_policy()
    {
        using afresh::unused_sources;
        auto& p = w_.policy;
        const server_habits& h = w_.server.habits;
        static constexpr unused_sources uses[]{unused_sources::renew_while_used, unused_sources::renew_while_used,
                                               unused_sources::on_demand, unused_sources::always};
        p.unused = chance_.pick(uses);
        const bool brief = h.lifetime > 0s && h.lifetime <= 60s;
        if (brief) { // or the whole time is spent on renewing
            if (p.unused == unused_sources::always) p.unused = unused_sources::on_demand;
            p.used_within_min = h.lifetime < 10s ? 4s : 180s;
        }
        const double knows = chance_.unit();
        if (knows < 0.3)
            p.rotation_grace =
                std::chrono::duration_cast<std::chrono::milliseconds>(h.rule == reuse_rule::strict ? 0ns : h.grace);
        else if (knows < 0.4)
            p.rotation_grace = 0ms;
        if (chance_.chance(0.2))
            p.max_wait = std::chrono::duration_cast<std::chrono::milliseconds>(chance_.spread(100ms, 5min));
    }

    void draw_program()
    {
        const bool has_hook = chance_.chance(0.4);
        const auto count = fleet_ ? 2 + chance_.below(3) : 1;
        for (std::uint64_t i = 0; i < count; ++i) {
            process& p = w_.add_process();
            p.original_grant = w_.processes[0]->original_grant;
            p.has_sign_in_hook = has_hook;
            p.sign_in_takes = chance_.spread(1s, 30min);
            p.sign_in_fails = calm_ ? 0 : chance_.unit() * 0.5;
        }
        for (auto& p : w_.processes) p->start();
    }

    // One of them.
    process& somebody() { return *w_.processes[fleet_ ? chance_.below(w_.processes.size()) : 0]; }

    void draw_visits()
    {
        const auto visits = 8 + chance_.below(18);
        for (std::uint64_t i = 0; i < visits; ++i) {
            const virtual_time at = i == 0 ? chance_.spread(1ms, 10s) : chance_.between(0s, lasts_);
            const auto together = chance_.chance(0.3) ? 2 + chance_.below(8) : 1;
            for (std::uint64_t k = 0; k < together; ++k) {
                const visit v = draw_visit();
                w_.queue.at(at, planned, [&w = w_, &p = somebody(), v] { begin_visit(w, p, v); });
            }
        }
    }

    visit draw_visit()
    {
        visit v;
        v.calls = static_cast<unsigned>(1 + chance_.below(6));
        v.thinks = chance_.spread(1ms, 3min);
        if (chance_.chance(0.3))
            v.max_wait = std::chrono::duration_cast<std::chrono::milliseconds>(chance_.spread(1ms, 10min));
        if (chance_.chance(0.1)) v.min_valid = seconds(chance_.below(1000));
        v.calls_resource = chance_.chance(0.7);
        v.calls_api = !v.max_wait && v.min_valid.count() == 0 && chance_.chance(0.12);
        v.catches = chance_.chance(0.3);
        v.calls_back = chance_.chance(0.2);
        if (chance_.chance(0.2)) v.cancels_after = chance_.spread(1us, 60s);
        return v;
    }

    void draw_network()
    {
        network_habits& h = w_.net.habits;
        if (chance_.chance(0.3)) h.latency_high = chance_.spread(100ms, 3s);
        if (chance_.chance(0.3)) h.think_high = chance_.spread(100ms, 20s);
        static constexpr seconds waits[]{0s, 1s, 30s, 600s, 7200s};
        h.retry_after = chance_.pick(waits);
        h.latest = chance_.spread(1s, 30min);
        if (chance_.chance(0.6)) {
            h.accidents = chance_.unit() * chance_.unit();
            for (auto n = 1 + chance_.below(4); n > 0; --n) h.accident.push_back(any_weather());
        }
        for (auto n = chance_.below(4); n > 0; --n) {
            const virtual_time from = chance_.between(0s, lasts_);
            w_.net.forecast.push_back({from, from + chance_.spread(1s, 2h), any_weather()});
        }
    }

    weather any_weather() { return static_cast<weather>(1 + chance_.below(weather_kinds - 1)); }

    void draw_store()
    {
        store_habits& h = w_.store.habits;
        h.local = chance_.chance(0.6);
        if (fleet_ && chance_.chance(0.7)) h.tells = chance_.chance(0.5) ? 1 : chance_.unit();
        if (chance_.chance(0.2)) h.slowest = chance_.spread(30ms, 2s);
        if (chance_.chance(0.3)) h.stalls = chance_.unit() * 0.1;
        if (chance_.chance(0.3)) h.fails_before = chance_.unit() * 0.2;
        if (chance_.chance(0.3)) h.fails_after = chance_.unit() * 0.2;
        if (chance_.chance(0.3))
            for (auto n = 1 + chance_.below(2); n > 0; --n) {
                const virtual_time from = chance_.between(0s, lasts_);
                h.outages.push_back({from, from + chance_.spread(1s, 15min)});
            }
    }

    template <class Function>
    void sometime(double probability, std::uint64_t most, Function f)
    {
        if (!chance_.chance(probability)) return;
        for (auto n = 1 + chance_.below(most); n > 0; --n) f(chance_.between(0s, lasts_));
    }

    void draw_incidents()
    {
        world& w = w_;
        sometime(0.5, 5, [&](virtual_time at) { draw_crash(at); });
        sometime(0.2, 2, [&](virtual_time at) { // the program ends as it should, and comes back
            const auto pause = chance_.between(3min, 10min);
            process& p = somebody();
            w.queue.at(at, planned, [&w, &p, pause] {
                if (!p.tokens()) return;
                w.tell("process ", p.number(), " lets go of its source");
                p.destroy_source();
                w.queue.in(pause, p.facts.life, [&p] { p.doom(); });
            });
        });
        sometime(0.2, 3, [&](virtual_time at) {
            const auto by = chance_.spread(1s, std::chrono::hours(24 * 3653)) * (chance_.chance(0.5) ? 1 : -1);
            w.queue.at(at, planned, [&w, machine = one_machine(), by] {
                w.tell("the wall clock is stepped by ", std::chrono::nanoseconds(by));
                for (process* p : machine) {
                    p->clocks.step_wall_clock(by);
                    w.check.clocks_changed(*p, true);
                }
            });
        });
        sometime(0.2, 3, [&](virtual_time at) {
            const auto how_long = chance_.spread(1s, 6h);
            w.queue.at(at, planned, [&w, machine = one_machine(), how_long] {
                w.tell("the machine sleeps for ", how_long);
                for (process* p : machine) {
                    p->clocks.suspend(w.now(), how_long);
                    w.check.clocks_changed(*p, false);
                    w.queue.in(how_long, nobody, [&w, p] { w.check.clocks_changed(*p, false); });
                }
            });
        });
        sometime(0.3, 3, [&](virtual_time at) {
            w.queue.at(at, planned, [&w] {
                w.tell("the server revokes all access tokens");
                w.server.revoke_access_tokens();
            });
        });
        sometime(0.15, 1, [&](virtual_time at) {
            w.queue.at(at, planned, [&w] {
                w.tell("an administrator ends the session");
                w.server.revoke_grant();
                for (auto& p : w.processes) w.check.trouble(*p);
            });
        });
        sometime(0.2, 2, [&](virtual_time at) {
            const bool with_access = chance_.chance(0.7);
            w.queue.at(at, planned, [&w, &p = somebody(), with_access] { set_new_tokens(w, p, with_access); });
        });
        sometime(0.2, 3,
                 [&](virtual_time at) { w.queue.at(at, planned, [&w, &p = somebody()] { retry_grant(w, p); }); });
        sometime(0.15, 2, [&](virtual_time at) { draw_misconfiguration(at); });
        if (fleet_) sometime(0.5, 5, [&](virtual_time at) { draw_stop(at); });
        sometime(0.1, 2, [&](virtual_time at) { w.queue.at(at, planned, [&w, &p = somebody()] { sign_out(w, p); }); });
    }

    // Those that share a wall clock.
    std::vector<process*> one_machine()
    {
        if (!w_.store.habits.local) return {&somebody()};
        std::vector<process*> all;
        for (auto& p : w_.processes) all.push_back(p.get());
        return all;
    }

    // SIGSTOP, and SIGCONT when its lease is long over.
    void draw_stop(virtual_time at)
    {
        const auto how_long = chance_.spread(1s, 10min);
        w_.queue.at(at, planned, [&p = somebody(), how_long] { p.stop(how_long); });
    }

    void draw_crash(virtual_time at)
    {
        const auto back = chance_.spread(1ms, 10min);
        const auto handlers = static_cast<unsigned>(chance_.below(12));
        const auto point = static_cast<crash_point>(chance_.below(6));
        const bool stops = fleet_ && chance_.chance(0.4);
        w_.queue.at(at, planned, [&p = somebody(), back, handlers, point, stops] {
            if (!p.alive()) return;
            p.stops_for.reset();
            if (stops && point != crash_point::none) p.stops_for = back;
            p.comes_back_in = back;
            if (point == crash_point::none)
                p.crash_after(handlers);
            else
                p.crash_at = point;
        });
    }

    void draw_misconfiguration(virtual_time at)
    {
        static constexpr const char* codes[]{"invalid_client", "unauthorized_client", "invalid_scope",
                                             "invalid_target", "invalid_request",     "temporarily_unavailable",
                                             "some_new_error"};
        const char* code = chance_.pick(codes);
        const auto how_long = chance_.spread(1s, 1h);
        w_.queue.at(at, planned, [&w = w_, code, how_long] {
            w.tell("the server answers ", code);
            w.server.habits.error_instead = code;
            w.queue.in(how_long, nobody, [&w] { w.server.habits.error_instead.clear(); });
        });
    }

    world& w_;
    random_numbers chance_;
    bool calm_{};
    bool fleet_;
    virtual_time lasts_{};
};

// Everything that was wrong is repaired.
void repair(world& w)
{
    w.tell("from here on nothing goes wrong");
    w.queue.forget(planned);
    w.net.forecast.clear();
    w.net.habits = {};
    w.store.habits.stalls = w.store.habits.fails_before = w.store.habits.fails_after = 0;
    w.store.habits.outages.clear();
    w.server.habits.error_instead.clear();
    w.server.habits.consumes_then_fails = w.server.habits.hands_out_unusable = 0;
    for (auto& p : w.processes) {
        p->spare();
        p->comes_back_in = 1s;
        p->stops_for.reset();
    }
}

// One caller that has time. What it was told.
afresh::error_code ask(world& w, process& p, std::chrono::milliseconds max_wait)
{
    afresh::error_code told = boost::asio::error::would_block;
    afresh::get_options o;
    o.max_wait(max_wait);
    const std::size_t id = w.check.wait_started(p, wait::kind::plain, max_wait);
    p.tokens()->async_get(o, [&](afresh::error_code ec, afresh::access_token t) {
        told = ec;
        w.check.wait_ended(p, id, ec, text_of(t));
    });
    w.run_until(w.now() + 1h, [&] { return told != boost::asio::error::would_block; });
    return told;
}

bool server_takes(world& w, const afresh::chain_record& record)
{
    const token_id id = w.server.find_refresh(record.refresh_token.reveal());
    if (id == no_token) return false;
    const refresh_entry& r = w.server.refresh(id);
    return w.server.family_lives(r.family) && !r.used_at && !r.dead;
}

// However bad it was, once everything works again a token is to be had, if need be after a new sign-in; and nothing is
// left unsaved or unanswered.
void end_well(world& w)
{
    repair(w);
    process& p = *w.processes[0];
    const auto awake = [&] {
        return std::all_of(w.processes.begin(), w.processes.end(),
                           [&](auto& each) { return each->tokens() && !each->clocks.asleep(w.now()); });
    };
    w.run_until(w.now() + 24h, awake);
    w.run_for(62min); // the longest pause a server may ask for, which a suspended machine does not see pass
    w.run_until(w.now() + 24h, awake);
    if (w.check.failure()) return;
    if (!p.tokens()) return w.check.fail("end: the process did not come back");
    const afresh::error_code ec = ask(w, p, 5min);
    if (w.check.failure()) return;
    const afresh::chain_record& record = w.store.at("principal 0").record;
    const bool over = w.processes.size() > 1; // some may have no token left, though this one has
    if (ec || over) {
        if (ec == afresh::condition::sign_in && server_takes(w, record))
            w.check.fail("end: a human is asked to sign in though the refresh token is good");
        if (ec && ec != afresh::condition::sign_in && ec != afresh::errc::misconfigured)
            w.check.fail("end: no token though nothing is wrong: " + ec.message());
        set_new_tokens(w, p, true);
        w.run_for(10min);
        if (!w.check.failure() && ask(w, p, 5min)) w.check.fail("end: no token after a new sign-in");
    }
    for (auto& each : w.processes) {
        if (w.check.failure()) return;
        if (ask(w, *each, 5min)) w.check.fail("end: a process of the fleet has no token");
    }
    for (auto& each : w.processes) {
        if (w.check.failure()) return;
        afresh::error_code closed = boost::asio::error::would_block;
        each->facts.closing = true;
        each->tokens()->async_shutdown(5min, [&](afresh::error_code result) { closed = result; });
        w.run_until(w.now() + 10min, [&] { return closed != boost::asio::error::would_block; });
        if (closed) w.check.fail("end: shutdown says " + closed.message());
        if (each->facts.newest != no_token)
            w.check.fail("I5: shut down, and refresh token " + std::to_string(each->facts.newest) + " is not saved");
    }
    w.check.at_the_end();
}

} // namespace

outcome run_seed(std::uint64_t seed, bool fleet, bool told_aloud)
{
    world w(seed, told_aloud);
    planner plan(w, seed, fleet);
    const virtual_time lasts = plan.draw();
    const bool plenty = w.run_until(lasts, [&] { return w.steps >= plenty_of_events && w.now() >= 1h; });
    if (!plenty) w.run_until(lasts);
    plan.fill();
    if (!w.check.failure()) end_well(w);
    if (!w.check.failure() && plan.calm() && w.check.requests != w.check.successes)
        w.check.fail("I8: nothing went wrong, and there were more requests than generations");
    outcome o;
    o.violation = w.check.failure();
    o.events = w.steps;
    o.requests = w.check.requests;
    o.rotations = w.server.rotations;
    o.reuse_events = w.server.reuse_events;
    o.lost_families = w.check.lost_families;
    o.waits = w.check.waits;
    o.failed_waits = w.check.failed_waits;
    o.lasted = w.now();
    o.story_hash = w.tale.hash();
    o.story = std::move(w.tale.text);
    return o;
}

} // namespace simulation
