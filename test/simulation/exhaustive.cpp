// All single and double faults of a refresh that two or three processes want at once, at every kind of server and store.
// What a server's rules allow to be saved is saved.
//   exhaustive [Boost.Test arguments] -- STRIDE     takes one pair of faults of STRIDE
#include "simulation/world/callers.hpp"
#include "simulation/world/world.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

using namespace simulation;
using namespace std::chrono_literals;

namespace {

struct fault {
    enum class kind { none, dies, stops, weather, store_fails };
    kind what = kind::none;
    int number{}; // of the process, the request or the command
    int where{};  // crash_point, weather
    bool done{};  // store_fails
    std::string name{};
};

std::vector<fault> all_faults(int processes)
{
    std::vector<fault> all{{}};
    for (int p = 0; p < processes; ++p)
        for (int at = 1; at <= 5; ++at) {
            const std::string where = std::to_string(p) + " at point " + std::to_string(at);
            all.push_back({fault::kind::dies, p, at, false, "process " + where + " dies"});
            all.push_back({fault::kind::stops, p, at, false, "process " + where + " is stopped"});
        }
    for (int request = 0; request < 2; ++request)
        for (int w = 1; w < weather_kinds; ++w)
            all.push_back({fault::kind::weather, request, w, false,
                           "request " + std::to_string(request) + " meets weather " + std::to_string(w)});
    for (int n = 1; n <= 12; ++n)
        for (const bool done : {false, true})
            all.push_back({fault::kind::store_fails, n, 0, done,
                           "store command " + std::to_string(n) + " fails" + (done ? " and was done" : "")});
    return all;
}

void inject(world& w, const fault& f)
{
    switch (f.what) {
    case fault::kind::none: break;
    case fault::kind::stops: w.processes[static_cast<std::size_t>(f.number)]->stops_for = 20s; [[fallthrough]];
    case fault::kind::dies:
        w.processes[static_cast<std::size_t>(f.number)]->crash_at = static_cast<crash_point>(f.where);
        break;
    case fault::kind::weather: {
        auto& next = w.net.next;
        if (next.size() <= static_cast<std::size_t>(f.number)) next.resize(static_cast<std::size_t>(f.number) + 1);
        next[static_cast<std::size_t>(f.number)] = static_cast<weather>(f.where);
        break;
    }
    case fault::kind::store_fails: w.store.fail_later(static_cast<std::uint64_t>(f.number), f.done); break;
    }
}

struct ask {
    afresh::error_code ec;
    bool done{};
};

std::shared_ptr<ask> begin(world& w, process& p, std::chrono::milliseconds max_wait)
{
    const auto a = std::make_shared<ask>();
    if (!p.tokens() || p.clocks.asleep(w.now())) return a;
    afresh::get_options o;
    o.max_wait(max_wait);
    const std::size_t id = w.check.wait_started(p, wait::kind::plain, max_wait);
    p.tokens()->async_get(o, [&w, &p, a, id](afresh::error_code ec, afresh::access_token t) {
        *a = {ec, true};
        w.check.wait_ended(p, id, ec, text_of(t));
    });
    return a;
}

struct result {
    bool lost{};   // somebody had to sign in
    bool reused{}; // the server saw a refresh token twice, and minded
    std::string wrong{};
};

result live(reuse_rule rule, bool local, std::size_t processes, const fault& a, const fault& b, bool aloud = false)
{
    world w(11, aloud);
    w.server.habits.rule = rule;
    w.server.habits.grace = 10min;
    w.policy.rotation_grace = rule == reuse_rule::strict ? 0ms : 600'000ms;
    w.store.habits.local = local;
    w.store.habits.tells = 1;
    w.net.habits.latest = 2s;
    const token_id grant = w.add_process().original_grant;
    while (w.processes.size() < processes) w.add_process().original_grant = grant;
    for (auto& p : w.processes) p->start();
    for (auto& p : w.processes) begin(w, *p, 1min);
    w.run_for(40min); // the token expired, and nobody asks
    inject(w, a);
    inject(w, b);
    std::vector<std::shared_ptr<ask>> asked;
    for (auto& p : w.processes) asked.push_back(begin(w, *p, 1min));
    w.run_for(5min);
    for (auto& p : w.processes) p->spare(), p->stops_for.reset();
    w.net.next.clear();
    w.run_for(2min);
    result r;
    for (auto& p : w.processes) {
        const auto last = begin(w, *p, 5min);
        w.run_for(6min);
        if (!last->done || (last->ec && last->ec != afresh::condition::sign_in))
            r.wrong = "a process has no token at the end: " + last->ec.message();
        if (last->ec) r.lost = true;
    }
    r.reused = w.server.reuse_events > 0;
    if (w.check.failure()) r.wrong = w.check.failure()->text;
    if (aloud) BOOST_TEST_MESSAGE(w.tale.text);
    return r;
}

constexpr const char* names[] = {"strict", "grace for the predecessor", "same successor", "mints many", "no rotation"};

std::size_t stride()
{
    const auto& suite = boost::unit_test::framework::master_test_suite();
    return suite.argc > 1 ? std::strtoul(suite.argv[1], nullptr, 10) : 1;
}

void try_all(std::size_t processes, std::size_t step)
{
    const std::vector<fault> faults = all_faults(static_cast<int>(processes));
    for (int rule = 0; rule < 5; ++rule)
        for (const bool local : {true, false}) {
            std::size_t worlds = 0, lost = 0, reused = 0, pair = 0;
            for (std::size_t i = 0; i < faults.size(); ++i)
                for (std::size_t j = 0; j <= i; ++j) {
                    if (pair++ % step != 0) continue;
                    const auto r = live(static_cast<reuse_rule>(rule), local, processes, faults[j], faults[i]);
                    ++worlds;
                    lost += r.lost;
                    reused += r.reused;
                    // The first knows no second use; the second lets a late request spoil what came of a resend.
                    const bool savable = rule > static_cast<int>(reuse_rule::previous_grace);
                    const bool good = r.wrong.empty() && !(savable && r.lost);
                    BOOST_TEST(good, names[rule] << (local ? ", one machine, " : ", database, ") << faults[j].name
                                                 << " and " << faults[i].name << ": "
                                                 << (r.wrong.empty() ? "lost" : r.wrong));
                }
            std::printf("%zu processes, %-26s %-12s %6zu pairs of faults: %5zu grants lost, %5zu reuses minded\n",
                        processes, names[rule], local ? "one machine," : "a database,", worlds, lost, reused);
        }
}

} // namespace

BOOST_AUTO_TEST_CASE(two_processes) { try_all(2, stride()); }

BOOST_AUTO_TEST_CASE(three_processes) { try_all(3, 7 * stride()); }
