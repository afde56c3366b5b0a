#pragma once
// Processes that share one grant at the fault server, killed and stopped at any moment and started again.

#include "support/child_program.hpp"
#include "support/fault_server.hpp"
#include "support/timeline.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace afresh::test {

struct fleet {
    // `program` is started for each as `program... TOKEN_ENDPOINT REFRESH_TOKEN`; fleet_program.hpp says what
    // it must tell.
    fleet(std::vector<std::string> p, simulation::server_habits habits, fault_server::rates rates, std::size_t size,
          std::uint64_t seed)
        : program(std::move(p)),
          server(seed, std::move(habits), rates),
          chance(seed),
          members(size),
          refresh_token(server.sign_in())
    {
        server.on_end = [this](bool answered, bool lost_grant) {
            using mark = timeline::mark;
            note(lost_grant ? mark::lost : answered ? mark::asked : mark::fault, members.size());
        };
        for (std::size_t i = 0; i < size; ++i) start(i);
    }

    struct member {
        std::unique_ptr<child_program> program;
        std::string life;
        std::uint64_t newest{};
    };

    void start(std::size_t i)
    {
        member& m = members[i];
        m.life = std::to_string(i) + "." + std::to_string(++lives);
        m.newest = 0;
        std::vector<std::string> command = program;
        command.insert(command.end(), {server.token_endpoint() + "?life=" + m.life, refresh_token});
        m.program = std::make_unique<child_program>(command, std::vector<std::string>{});
    }
    void kill(std::size_t i)
    {
        server.hurt(members[i].life);
        note(timeline::mark::killed, i);
        members[i].program->send(SIGKILL);
        listen(i, std::chrono::milliseconds(0));
        members[i].program->wait();
        ++kills;
        start(i);
    }
    void note(timeline::mark what, std::size_t row, double seconds = 0)
    {
        const std::lock_guard lock(mutex);
        times.note(what, row, seconds);
    }
    void note(const std::string& line)
    {
        notes.push_back(line);
        if (notes.size() > 60) notes.pop_front();
    }
    // What it says until then.
    void listen(std::size_t i, std::chrono::milliseconds time)
    {
        member& m = members[i];
        const auto until = std::chrono::steady_clock::now() + time;
        while (const auto line = m.program->read_line(until)) {
            if (!line->starts_with("generation")) note(m.life + ": " + *line);
            if (line->starts_with("generation ")) {
                const std::uint64_t g = std::strtoull(line->c_str() + 11, nullptr, 10);
                newest = std::max(newest, g);
                note(timeline::mark::has_generation, i);
            } else if (line->starts_with("lost")) {
                ++lost;
                // One human, one sign-in; those that start from now on bring it too.
                if (std::chrono::steady_clock::now() > signed_in + std::chrono::seconds(2)) {
                    refresh_token = server.sign_in();
                    signed_in = std::chrono::steady_clock::now();
                }
                m.program->write_line(refresh_token);
            } else {
                ++failed;
            }
        }
    }
    void listen_to_all(std::chrono::milliseconds time)
    {
        for (std::size_t i = 0; i < members.size(); ++i) listen(i, i == 0 ? time : std::chrono::milliseconds(0));
    }
    std::size_t anybody() { return std::uniform_int_distribution<std::size_t>(0, members.size() - 1)(chance); }
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(chance); }

    // Kills, and sometimes stops one for a while; `more` is done in between.
    template <class More>
    void torment(std::size_t how_often, std::chrono::milliseconds stop_for, More more)
    {
        while (kills < how_often) {
            listen_to_all(std::chrono::milliseconds(below(200)));
            more();
            if (below(20) == 0) {
                const std::size_t i = anybody();
                members[i].program->send(SIGSTOP);
                if (stop_for > std::chrono::seconds(6))
                    server.hurt( // past a lease that is a time
                        members[i].life);
                const std::chrono::milliseconds pause(below(static_cast<int>(stop_for.count())));
                note(timeline::mark::stopped, i, std::chrono::duration<double>(pause).count());
                std::this_thread::sleep_for(pause);
                members[i].program->send(SIGCONT);
                ++stops;
            } else {
                kill(anybody());
            }
        }
    }

    const std::vector<std::string> program;
    std::mutex mutex;
    timeline times; // under the mutex
    fault_server server;
    std::mt19937_64 chance;
    std::vector<member> members;
    std::string refresh_token;
    std::size_t lives{}, kills{}, stops{}, lost{}, failed{};
    std::uint64_t newest{};
    std::chrono::steady_clock::time_point signed_in{};
    std::deque<std::string> notes;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

} // namespace afresh::test
