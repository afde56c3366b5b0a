#include "cli/demo/run_report.hpp"

#include <algorithm>

namespace afresh::cli {
namespace {

constexpr std::size_t label_width = 22;
constexpr std::size_t number_width = 10;

class page {
public:
    explicit page(const terminal& t) : terminal_(t) {}

    void line(std::string_view label, std::string number, std::string_view rest = {})
    {
        out += "  " + terminal_.paint(tone::faint, std::string(label));
        out.append(label_width - std::min(label_width, label.size()), ' ');
        out += terminal_.paint(tone::strong, padded(std::move(number), number_width));
        if (!rest.empty()) out += "  " + std::string(rest);
        out += '\n';
    }
    void checked(std::string_view label, std::string number, bool good, std::string_view rest)
    {
        std::string mark = terminal_.paint(good ? tone::good : tone::bad,
                                           good ? terminal_.pick("✓", "ok") : terminal_.pick("✗", "NO"));
        if (!rest.empty()) mark += "  " + std::string(rest);
        line(label, std::move(number), mark);
    }
    std::string times(const latency_histogram& h) const
    {
        return "p99 " + shown(h.quantile(0.99)) + "   most " + shown(h.max());
    }
    std::string shown(std::chrono::nanoseconds t) const
    {
        std::string text = short_time(t);
        if (const auto u = text.find(" us"); u != text.npos && terminal_.utf8) text.replace(u, 3, " µs");
        return text;
    }

    std::string out;

private:
    const terminal& terminal_;
};

// Requests that reached a server which was up.
std::uint64_t requests(const run_report& r) { return r.server ? r.server->token_requests : r.token_requests; }

} // namespace

std::vector<std::string> faults_of(const run_report& r)
{
    std::vector<std::string> faults = r.errors;
    if (r.totals.calls == 0) faults.push_back("no call was made");
    if (r.totals.failed) faults.push_back(plural(r.totals.failed, "call") + " failed");
    if (r.generations == 0) faults.push_back("no token was obtained");
    if (requests(r) != r.generations)
        faults.push_back(plural(requests(r), "token request") + " for " + plural(r.generations, "generation"));
    if (r.server && r.server->rotations != r.generations)
        faults.push_back("the server rotated " + plural(r.server->rotations, "time"));
    if (r.server && r.server->reuse_events)
        faults.push_back("a spent refresh token was used again, " + plural(r.server->reuse_events, "time"));
    if (r.saved_generation != r.held_generation)
        faults.push_back("generation " + std::to_string(r.held_generation) + " is held, " +
                         std::to_string(r.saved_generation) + " is saved");
    if (!r.saved_token_is_current.value_or(true))
        faults.push_back("the refresh token that is saved is not the server's");
    return faults;
}

std::string summary_of(const run_report& r, const terminal& t)
{
    page p(t);
    const auto& c = r.totals;
    p.line("calls", with_commas(c.calls),
           with_commas(static_cast<std::uint64_t>(static_cast<double>(c.calls) / std::max(r.seconds, 0.001))) +
               " a second, by " + plural(r.callers, "caller"));
    p.checked("failed calls", with_commas(c.failed), c.failed == 0, {});
    for (const auto& [cause, times] : c.causes) p.line("", with_commas(times), t.paint(tone::bad, cause));
    std::string against = "for " + plural(r.generations, "generation");
    if (r.failed_refreshes) against += "; " + with_commas(r.failed_refreshes) + " more failed during the outage";
    p.checked("token requests", with_commas(requests(r)), requests(r) == r.generations, against);
    if (requests(r)) p.line("callers served", with_commas((c.calls - c.failed) / requests(r)), "per token request");
    p.line("waited for one flight", with_commas(r.most_waiters), "at most");
    p.line("get()", p.shown(c.get.quantile(0.5)), p.times(c.get));
    p.line("whole call", p.shown(c.whole.quantile(0.5)), p.times(c.whole));
    if (r.server) {
        p.line("401 answers", with_commas(r.server->calls_rejected),
               "after " + plural(r.revocations, "revocation") + (c.failed ? "" : ", each cured by one replay"));
        p.checked("reuse events", with_commas(r.server->reuse_events), r.server->reuse_events == 0,
                  "seen by the server");
    }
    p.checked("saved generation", with_commas(r.saved_generation), r.saved_generation == r.held_generation,
              "read back from the SQLite file");

    const auto faults = faults_of(r);
    for (const auto& f : faults) p.out += '\n' + t.paint(tone::bad, "  " + f);
    if (!faults.empty())
        p.out += "\n\n  " + t.paint(tone::bad, "Not well.") + '\n';
    else
        p.out += "\n  " +
                 t.paint(tone::good, r.interrupted ? "All was well until it was interrupted." : "All is well.") + '\n';
    return p.out;
}

} // namespace afresh::cli
