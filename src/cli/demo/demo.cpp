#include "cli/demo/demo.hpp"

#include "cli/demo/demo_run.hpp"
#include "cli/demo/timeline_svg.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace afresh::cli {
namespace {

namespace fs = std::filesystem;

// A directory only this user can look into; removed with all that is in it, unless it is to be kept.
class scratch_directory {
public:
    explicit scratch_directory(bool keep) : keep_(keep)
    {
        std::string pattern = (fs::temp_directory_path() / "afresh-demo-XXXXXX").string();
        if (!mkdtemp(pattern.data())) throw std::system_error(errno, std::generic_category(), pattern);
        path_ = pattern;
    }
    ~scratch_directory()
    {
        std::error_code ignored;
        if (!keep_) fs::remove_all(path_, ignored);
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;

    const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
    bool keep_;
};

void say(const std::string& text)
{
    std::fputs((text + '\n').c_str(), stdout);
    std::fflush(stdout);
}

std::string title_of(const run_report& r)
{
    return plural(r.callers, "caller") + ", " + plural(r.totals.calls, "call") + ", " + with_commas(r.totals.failed) +
           " failed: " + plural(r.server ? r.server->token_requests : r.token_requests, "token request") + " in " +
           fixed(r.seconds, 0) + " s";
}

void save_picture(const fs::path& path, const run_history& history, const run_report& report)
{
    if (path.has_parent_path()) fs::create_directories(path.parent_path());
    std::ofstream file(path);
    file << timeline_svg(history, title_of(report));
    if (!file.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

std::string heading(const demo_options& o, const demo_server* server)
{
    std::string text =
        plural(o.callers, "caller") + " for " + plural(static_cast<std::uint64_t>(o.length.count()), "second");
    if (server) text += ", access tokens of " + plural(static_cast<std::uint64_t>(o.token_lifetime.count()), "second");
    return text;
}

void run_to_the_end(asio::io_context& context, demo_run& run)
{
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](const error_code& ec, int) {
        if (ec) return;
        signals.clear(); // a second one ends the program
        run.interrupt();
    });
    std::exception_ptr failed;
    asio::co_spawn(context, run.run(), [&](std::exception_ptr e) {
        failed = e;
        signals.cancel();
        if (e || !run.report().errors.empty()) context.stop(); // callers may still be calling
    });
    context.run();
    if (failed) std::rethrow_exception(failed);
}

} // namespace

int run_demo(const demo_options& options)
{
    asio::io_context context(1); // outlives all that works on it
    terminal term = terminal::detect();
    if (options.plain) term.live = term.colour = false;
    std::optional<demo_server> server;
    if (!options.real.wanted()) server.emplace(server_options{options.token_lifetime, std::nullopt});
    std::optional<scratch_directory> scratch;
    if (options.store.empty()) scratch.emplace(options.keep);
    const std::string store = scratch ? (scratch->path() / "tokens.sqlite").string() : options.store;

    say("\n  " + term.paint(tone::strong, "Afresh") + "  " + heading(options, server ? &*server : nullptr) + "\n");
    demo_run run(options, store, server ? &*server : nullptr, term);
    run_to_the_end(context, run);
    const run_report& report = run.report();
    say('\n' + summary_of(report, term));
    if (!options.svg.empty()) {
        save_picture(options.svg, run.history(), report);
        say("  picture: " + options.svg);
    }
    if (!scratch || options.keep) say("  tokens: " + store);
    if (!faults_of(report).empty()) return 1;
    return report.interrupted ? 130 : 0;
}

int serve_demo(const demo_options& options)
{
    const demo_server server(server_options{options.token_lifetime, options.port});
    asio::io_context context(1);
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([](const error_code&, int) {});
    say("{\"ready\":true,\"token_endpoint\":\"" + server.token_endpoint() + "\",\"api\":\"" + server.api() +
        "\",\"client_id\":\"" + server.client_id() + "\",\"client_secret\":\"" + server.client_secret() +
        "\",\"refresh_token\":\"" + server.refresh_token() + "\"}");
    context.run();
    return 0;
}

} // namespace afresh::cli
