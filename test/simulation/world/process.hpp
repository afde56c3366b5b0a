#pragma once
// One process: an io_context with the real token_service and token_source in it. It dies at any moment and comes back
// with the same store and the grant it was first configured with. One life lasts from start() to crash() or to its
// retirement.

#include "simulation/checker.hpp"
#include "simulation/world/machine.hpp"
#include "simulation/world/random.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace simulation {

// Where in an exchange a process dies: right after that step.
enum class crash_point { none, intent_written, bytes_sent, rotated, answer_read, committed };

class process_time; // the seam to time

class process {
public:
    process(world& w, std::uint32_t number);
    ~process();
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    // A new life, with the original grant.
    void start();
    // Nothing of it goes on: no handler runs, whatever is posted; its requests may still be on their way.
    void crash();
    // The program lets go of its source; the context runs on.
    void destroy_source();

    bool alive() const noexcept { return context_ != nullptr; }
    // Runs what is ready; one handler at a time while it may have to die after the next. False: nothing is left.
    bool run_ready();
    bool is_life(life_id id) const noexcept { return alive() && facts.life == id; }

    // Crashes before its next handler: where a coroutine of it is running now.
    void doom() noexcept { doomed_ = true; }
    // Crashes after so many more handlers.
    void crash_after(unsigned handlers) noexcept { handlers_left_ = static_cast<int>(handlers); }
    void reached(crash_point where);
    // It will not crash any more.
    void spare() noexcept { crash_at = crash_point::none, handlers_left_ = -1; }
    // Stopped (SIGSTOP): its clocks go on.
    void stop(std::chrono::nanoseconds how_long);

    asio::io_context& context() noexcept { return *context_; }
    afresh::token_source* tokens() noexcept { return tokens_ ? &*tokens_ : nullptr; }
    // Also after the source was destroyed, while the chain lives.
    std::optional<afresh::source_status> status() const;
    afresh::instant clock() const;
    std::uint32_t number() const noexcept { return number_; }

    std::string key = "principal 0"; // processes of a fleet share it
    machine clocks;
    life_facts facts;
    crash_point crash_at = crash_point::none;
    std::optional<std::chrono::nanoseconds> stops_for;                               // there, instead of dying
    std::optional<std::chrono::nanoseconds> comes_back_in = std::chrono::seconds(2); // after a crash
    // What the program does when it is told that somebody must sign in.
    bool has_sign_in_hook{};
    double sign_in_fails{};
    std::chrono::nanoseconds sign_in_takes = std::chrono::minutes(1);
    token_id original_grant = no_token;
    std::size_t hook_calls{};

private:
    asio::awaitable<afresh::token_set> sign_in();

    world& world_;
    std::uint32_t number_;
    random_numbers chance_;
    std::unique_ptr<asio::io_context> context_;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::shared_ptr<process_time> time_;
    std::optional<afresh::token_service> service_;
    std::optional<afresh::token_source> tokens_;
    std::weak_ptr<afresh::detail::chain> chain_;
    bool doomed_{};
    int handlers_left_ = -1;
};

} // namespace simulation
