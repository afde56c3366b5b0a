#include "harness.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <utility>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

std::optional<double> ratio(const row& r)
{
    if (!r.reference_value) return std::nullopt;
    return r.value / *r.reference_value;
}

// Unset: there is no target, or its reference is missing here.
std::optional<bool> met(const row& r)
{
    if (r.goal.of == target::on::value) return r.value <= r.goal.at_most;
    if (r.goal.of == target::on::ratio && ratio(r)) return *ratio(r) <= r.goal.at_most;
    return std::nullopt;
}

// Three digits, but whole numbers in full.
std::string number(std::optional<double> value)
{
    if (!value) return "-";
    char text[32];
    std::snprintf(text, sizeof text,
                  std::abs(*value) >= 100  ? "%.0f"
                  : std::abs(*value) >= 10 ? "%.1f"
                                           : "%.2f",
                  *value);
    return text;
}

std::string goal(const row& r)
{
    if (r.goal.of == target::on::nothing) return "";
    return "<= " + number(r.goal.at_most) + (r.goal.of == target::on::ratio ? "x" : ' ' + r.unit);
}

std::string json(std::optional<double> value)
{
    if (!value || !std::isfinite(*value)) return "null";
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", *value);
    return text;
}

// Names in this program need no escapes.
std::string json(const std::string& text) { return text.empty() ? "null" : '"' + text + '"'; }

} // namespace

void race::add(std::string name, std::function<double()> sample)
{
    lanes_.push_back({std::move(name), std::move(sample), std::nullopt});
}

void race::run(int rounds)
{
    for (int round = 0; round < rounds; ++round)
        for (lane& l : lanes_) {
            const double now = l.sample();
            if (std::isfinite(now) && (!l.least || now < *l.least)) l.least = now;
        }
}

std::optional<double> race::best(std::string_view name) const
{
    const auto found = std::find_if(lanes_.begin(), lanes_.end(), [&](const lane& l) { return l.name == name; });
    return found == lanes_.end() ? std::nullopt : found->least;
}

void report::add(row r)
{
    if (rows_.empty())
        std::printf("%-10s %-44s %13s   %-34s %10s %7s  %-12s\n", "bench", "metric", "value", "reference", "", "ratio",
                    "target");
    const auto verdict = met(r);
    std::printf("%-10s %-44s %8s %-4s   %-34s %10s %7s  %-12s %s\n", r.bench.c_str(), r.metric.c_str(),
                number(r.value).c_str(), r.unit.c_str(), r.reference.c_str(),
                r.reference.empty() ? "" : number(r.reference_value).c_str(),
                ratio(r) ? (number(ratio(r)) + 'x').c_str() : "", goal(r).c_str(),
                !verdict   ? ""
                : *verdict ? "met"
                           : "MISSED");
    std::fflush(stdout);
    rows_.push_back(std::move(r));
}

void report::write_json(const std::string& path) const
{
    std::ofstream out(path);
    const char* separator = "[\n";
    for (const row& r : rows_) {
        const auto verdict = met(r);
        out << separator << "  {\"bench\": " << json(r.bench) << ", \"metric\": " << json(r.metric)
            << ", \"unit\": " << json(r.unit) << ", \"value\": " << json(std::optional(r.value))
            << ", \"reference\": " << json(r.reference) << ", \"reference_value\": " << json(r.reference_value)
            << ", \"ratio\": " << json(ratio(r)) << ", \"target\": " << json(goal(r)) << ", \"met\": "
            << (!verdict   ? "null"
                : *verdict ? "true"
                           : "false")
            << '}';
        separator = ",\n";
    }
    out << (rows_.empty() ? "[]\n" : "\n]\n");
    if (!out.flush()) {
        std::fprintf(stderr, "cannot write %s\n", path.c_str());
        std::exit(2);
    }
}

bool report::all_met() const
{
    return std::none_of(rows_.begin(), rows_.end(), [](const row& r) { return met(r) == false; });
}

std::vector<double> ask(const std::string& command)
{
    std::vector<double> numbers;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    double n = 0;
    while (pipe && std::fscanf(pipe.get(), "%lf", &n) == 1) numbers.push_back(n);
    return numbers;
}

double children_seconds()
{
    rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<double> in_child(const std::function<std::vector<double>()>& measure)
{
    int ends[2];
    if (pipe(ends) != 0) return {};
    const pid_t child = fork();
    if (child == 0) {
        const std::vector<double> numbers = measure();
        const std::size_t size = numbers.size() * sizeof(double);
        _exit(write(ends[1], numbers.data(), size) == static_cast<ssize_t>(size) ? 0 : 1);
    }
    close(ends[1]);
    std::vector<double> numbers(16);
    const ssize_t size = read(ends[0], numbers.data(), numbers.size() * sizeof(double)); // one write, so one read
    close(ends[0]);
    if (child > 0) waitpid(child, nullptr, 0);
    numbers.resize(size > 0 ? static_cast<std::size_t>(size) / sizeof(double) : 0);
    return numbers;
}

} // namespace bench
