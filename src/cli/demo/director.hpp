#pragma once
// What goes wrong on the way, and when: an outage of the token endpoint and a burst of revocations, each at the moment
// when it hurts most.

#include "cli/demo/callers.hpp"
#include "cli/demo/demo_options.hpp"
#include "cli/demo/demo_server.hpp"
#include "cli/demo/progress.hpp"
#include "cli/demo/run_history.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/awaitable.hpp>

namespace afresh::cli {

class director {
public:
    director(const demo_options& options, demo_server& server, const token_source& tokens, const callers& load,
             run_history& history, progress& screen)
        : options_(options), server_(server), tokens_(tokens), load_(load), history_(history), screen_(screen)
    {
    }

    // Ends when all has happened, or with the run.
    asio::awaitable<void> run();
    double outage_left() const noexcept;

private:
    asio::awaitable<void> until(double t) const;
    asio::awaitable<void> until_due_in(double seconds) const;
    asio::awaitable<void> hold_outage();
    asio::awaitable<void> revoke_burst();
    bool over() const noexcept { return history_.now() >= history_.length; }

    const demo_options& options_;
    demo_server& server_;
    const token_source& tokens_;
    const callers& load_;
    run_history& history_;
    progress& screen_;
    double outage_until_{};
};

} // namespace afresh::cli
