// How many grants do programs lose that could have been kept? The same scenes for Afresh, Go's x/oauth2 and Python's
// Authlib, each over a server that rotates refresh tokens and revokes the family of one that is used twice, and each
// with the token in a file. The contestants run side by side; their tokens live so long that each renews about once a
// second.
//   losses RESULTS.json SECONDS NAME=COMMAND...    SECONDS for each scene
// A contestant is started as `COMMAND CALLERS FILE TOKEN_ENDPOINT REFRESH_TOKEN`, keeps that many callers busy, and
// tells what support/fleet_program.hpp says.

#include "support/fleet.hpp"
#include "support/temp_directory.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace afresh::test;
using namespace std::chrono_literals;
using simulation::reuse_rule;

namespace {

struct scene {
    const char* name;
    std::size_t processes;
    int callers; // each
    fault_server::rates trouble;
    std::chrono::milliseconds killed_every; // 0: never
};

struct contestant {
    std::string name;
    std::vector<std::string> command;
    std::chrono::seconds lifetime; // of its tokens
};

struct outcome {
    fault_server::ledger ledger;
    std::size_t kills{}, failed{};
};

outcome run(const contestant& who, const scene& what, reuse_rule rule, std::chrono::seconds how_long)
{
    const temp_directory directory;
    simulation::server_habits habits;
    habits.rule = rule;
    habits.grace = 10s;
    habits.lifetime = who.lifetime;
    std::vector<std::string> command = who.command;
    command.insert(command.end(), {std::to_string(what.callers), directory / "tokens"});
    fleet f(std::move(command), std::move(habits), what.trouble, what.processes, 20261129);
    const auto until = std::chrono::steady_clock::now() + how_long;
    while (std::chrono::steady_clock::now() < until) {
        if (what.killed_every.count() == 0) {
            f.listen_to_all(100ms);
        } else {
            f.listen_to_all(std::chrono::milliseconds(f.below(2 * static_cast<int>(what.killed_every.count()))));
            f.kill(f.anybody());
        }
    }
    return {f.server.totals(), f.kills, f.failed};
}

std::vector<std::string> words(const std::string& text)
{
    std::vector<std::string> all;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t to = std::min(text.find(' ', from), text.size());
        all.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    return all;
}

// Go renews ten seconds ahead, Authlib after the second in which a token expires, Afresh at half of a short life.
std::chrono::seconds lifetime_for(const std::string& name) { return name == "Go" ? 11s : name == "Authlib" ? 1s : 2s; }

} // namespace

int main(int count, char** values)
{
    if (count < 4) return 2;
    const std::chrono::seconds how_long(std::atoi(values[2]));
    std::vector<contestant> all;
    for (int i = 3; i < count; ++i) {
        const std::string text = values[i];
        const std::string name = text.substr(0, text.find('='));
        all.push_back({name, words(text.substr(name.size() + 1)), lifetime_for(name)});
    }
    fault_server::rates losses;
    losses.lost = 0.1;
    losses.torn = 0.05;
    losses.unseen = 0.05;
    fault_server::rates slow;
    slow.slow = 1;
    const scene scenes[] = {
        {"many callers in one process", 1, 8, {}, 0ms},
        {"answers are lost", 1, 1, losses, 0ms},
        {"killed now and then, slow answers", 1, 1, slow, 2500ms},
        {"four processes", 4, 1, {}, 0ms},
        {"four processes, killed, answers lost", 4, 8, losses, 700ms},
    };
    std::ofstream json(values[1]);
    json << "[";
    const char* comma = "\n";
    for (const reuse_rule rule : {reuse_rule::strict, reuse_rule::same_successor}) {
        const char* server = rule == reuse_rule::strict ? "strict" : "grace of 10 s";
        for (const scene& s : scenes) {
            std::printf("\n%s; server: %s\n  %-8s %9s %9s %6s %12s %12s %8s %6s\n", s.name, server, "", "requests",
                        "rotations", "kills", "grants lost", "avoidably", "overlaps", "failed");
            std::vector<outcome> results(all.size());
            std::vector<std::thread> threads;
            for (std::size_t i = 0; i < all.size(); ++i)
                threads.emplace_back([&, i] { results[i] = run(all[i], s, rule, how_long); });
            for (std::thread& t : threads) t.join();
            for (std::size_t i = 0; i < all.size(); ++i) {
                const fault_server::ledger& l = results[i].ledger;
                std::printf("  %-8s %9zu %9zu %6zu %12zu %12zu %8zu %6zu\n", all[i].name.c_str(), l.requests,
                            l.rotations, results[i].kills, l.lost_families, l.avoidable, l.overlaps, results[i].failed);
                json << comma << R"({"scene":")" << s.name << R"(","server":")" << server << R"(","who":")"
                     << all[i].name << R"(","requests":)" << l.requests << R"(,"rotations":)" << l.rotations
                     << R"(,"kills":)" << results[i].kills << R"(,"lost":)" << l.lost_families << R"(,"avoidable":)"
                     << l.avoidable << R"(,"overlaps":)" << l.overlaps << R"(,"failed":)" << results[i].failed << "}";
                comma = ",\n";
            }
            std::fflush(stdout);
        }
    }
    json << "\n]\n";
}
