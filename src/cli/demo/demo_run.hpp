#pragma once
// One run of the demo, from the first token to the last save.

#include "cli/demo/callers.hpp"
#include "cli/demo/demo_options.hpp"
#include "cli/demo/demo_server.hpp"
#include "cli/demo/director.hpp"
#include "cli/demo/progress.hpp"
#include "cli/demo/run_history.hpp"
#include "cli/demo/run_report.hpp"

#include <afresh/token_source.hpp>
#include <afresh/token_store.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace afresh::cli {

// Everything on the thread of one context.
class demo_run {
public:
    // `server`: the demo's own, or null.
    demo_run(const demo_options& options, std::string store_path, demo_server* server, terminal t);

    asio::awaitable<void> run();
    void interrupt();

    // Valid when run() has ended.
    run_report& report() noexcept { return report_; }
    const run_history& history() const noexcept { return history_; }

private:
    asio::awaitable<client_registration> registration();
    afresh::grant first_grant() const;
    asio::awaitable<store_reply> load_record();
    asio::awaitable<void> direct();
    asio::awaitable<void> last_calls();
    asio::awaitable<void> watch();
    asio::awaitable<void> wind_up();
    void on_event(const event& e);
    void on_new_token(const event& e);
    progress_picture picture(const source_status& now);
    void saw_waiters(std::uint64_t n);
    tls_options tls() const;

    const demo_options& options_;
    const std::string store_path_;
    demo_server* const server_;
    const std::string key_;
    run_history history_;
    progress screen_;
    run_report report_;

    std::shared_ptr<token_store> store_;
    std::optional<token_source> tokens_;
    std::unique_ptr<callers> load_;
    std::unique_ptr<director> director_;
    bool directing_{};
    std::uint64_t won_{}; // generations, by exchanges of this run
    std::uint64_t recent_waiters_{};
    double recent_waiters_at_{};
};

} // namespace afresh::cli
