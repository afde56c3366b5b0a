#pragma once
// What every benchmark needs: contestants measured in turns, and rows of results as a table and as JSON.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// Keeps a value, and what made it, from being optimised away.
template <class T>
inline void keep(const T& value)
{
    asm volatile("" : : "g"(&value) : "memory");
}

class stopwatch {
public:
    double ns() const
    {
        return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Contestants, each sampled once a round in turn, so that what else the machine does meets all of them alike. A sample
// is short, since what counts is the least: everything that disturbs a measurement makes it longer.
class race {
public:
    void add(std::string name, std::function<double()> sample);
    void run(int rounds);
    // The least sample; unset for an unknown name.
    std::optional<double> best(std::string_view name) const;

private:
    struct lane {
        std::string name;
        std::function<double()> sample;
        std::optional<double> least;
    };
    std::vector<lane> lanes_;
};

// What a row is held to: a bound on its value or on its ratio to the reference. Smaller is better everywhere.
struct target {
    enum class on { nothing, value, ratio } of = on::nothing;
    double at_most{};
};
inline target value_at_most(double limit) { return {target::on::value, limit}; }
inline target ratio_at_most(double limit) { return {target::on::ratio, limit}; }

struct row {
    std::string bench;
    std::string metric;
    std::string unit;
    double value{};
    std::string reference{};
    std::optional<double> reference_value{};
    target goal{};
};

// Only benchmarks whose name contains the filter run.
class report {
public:
    explicit report(std::string filter) : filter_(std::move(filter)) {}
    bool wanted(std::string_view bench) const { return bench.find(filter_) != std::string_view::npos; }
    // Also prints it, so that a long run shows how it goes.
    void add(row r);
    void write_json(const std::string& path) const;
    // False when a target was missed.
    bool all_met() const;

private:
    std::string filter_;
    std::vector<row> rows_;
};

// The numbers that a peer's program prints, separated by blanks; empty when it is missing or fails.
std::vector<double> ask(const std::string& command);

// Of the processor, used by the programs that this one has run and waited for.
double children_seconds();

// The numbers that `measure` returns in a process of its own, whose heap nothing has used before; empty when it fails.
std::vector<double> in_child(const std::function<std::vector<double>()>& measure);

} // namespace bench
