// http_client against a bare Beast loop and the clients of other worlds, each with the token on every request, one
// thread each, against nginx on loopback: http/with_server.sh starts it. Programs run in turns; medians are compared.
// A request in flight waits for the server, too, so the time of the processor that the client itself takes is told.

#include "benchmarks.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bench {
namespace {

constexpr const char* afresh = "Afresh";
constexpr const char* beast = "a bare Beast loop";
constexpr const char* go = "Go http.Client, oauth2.Transport";

struct run {
    double us{};           // from one answer to the next
    double processor_us{}; // for one answer
    double kib{};          // the most memory it had
    double failures{};
};

struct contestant {
    const char* name;
    std::string command;
};

struct setting {
    const char* name;
    const char* server; // variable of the environment
    const char* target;
    int connections;
};

std::string environment(const char* name, const char* otherwise)
{
    const char* const value = std::getenv(name);
    return value ? value : otherwise;
}

std::vector<contestant> everyone()
{
    const std::string peers = BENCH_HTTP_PEERS "/";
    return {{afresh, peers + "afresh_get --token"},
            {beast, peers + "beast_loop"},
            {go, peers + "go"},
            {"libcurl multi", peers + "curl_multi"},
            {"Node undici", "node " BENCH_UNDICI}};
}

std::vector<contestant> modes()
{
    const std::string get = BENCH_HTTP_PEERS "/afresh_get --";
    return {{"token", get + "token"}, {"no token", get + "no-token"}, {"rotate", get + "rotate"}};
}

// By itself glibc gives the room of a large body back to the system and asks for it anew, or does not, as the order of
// some blocks has it: chance would decide between clients that do the same. So all of them keep what they had.
void keep_memory()
{
    setenv("MALLOC_MMAP_THRESHOLD_", "33554432", 0);
    setenv("MALLOC_TRIM_THRESHOLD_", "268435456", 0);
    setenv("MALLOC_TOP_PAD_", "67108864", 0);
}

// Unset when the program is missing or fails.
std::optional<run> measure(const contestant& c, const setting& s)
{
    const std::string processor = environment("BENCH_CLIENT_PROCESSOR", "");
    std::string command = processor.empty() ? "" : "taskset -c " + processor + ' ';
    command += c.command + ' ' + environment(s.server, "") + s.target + ' ' + std::to_string(s.connections) + ' ' +
               environment("BENCH_SECONDS", "3");
    if (std::string(s.server) == "BENCH_HTTPS") command += ' ' + environment("BENCH_CA", "");
    command += " 2>/dev/null";

    std::string line;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) line += static_cast<char>(c);
    boost::system::error_code ec;
    const auto answer = boost::json::parse(line, ec);
    if (ec) return std::nullopt;
    const auto number = [&](const char* name) { return answer.at(name).to_number<double>(); };
    const double requests = number("requests");
    if (requests == 0) return std::nullopt;
    run r;
    r.us = number("seconds") * 1e6 / requests;
    r.processor_us = number("processor_seconds") * 1e6 / requests;
    r.kib = number("peak_kib");
    r.failures = number("failures");
    return r;
}

// Which of the runs counts. What differs by a few percent is compared by the least of many, which others disturb least.
enum class counts { median, least_of_thrice_as_many };

// All runs of all contestants in one setting.
class contest {
public:
    contest(const std::vector<contestant>& all, const setting& s, counts which = counts::median) : which_(which)
    {
        const int rounds = std::atoi(environment("BENCH_ROUNDS", "5").c_str()) * (which == counts::median ? 1 : 3);
        for (int round = 0; round < rounds; ++round)
            for (const contestant& c : all)
                if (const auto r = measure(c, s)) runs_[c.name].push_back(*r);
    }

    std::optional<double> typical(const std::string& name, double run::*what) const
    {
        const auto found = runs_.find(name);
        if (found == runs_.end()) return std::nullopt;
        std::vector<double> values;
        for (const run& r : found->second) values.push_back(r.*what);
        std::sort(values.begin(), values.end());
        return which_ == counts::median ? values[values.size() / 2] : values.front();
    }

    double failures(const std::string& name) const
    {
        double sum = 0;
        if (const auto found = runs_.find(name); found != runs_.end())
            for (const run& r : found->second) sum += r.failures;
        return sum;
    }

private:
    const counts which_;
    std::map<std::string, std::vector<run>> runs_;
};

class rows {
public:
    rows(report& out, const contest& c, std::string mine) : out_(out), contest_(c), mine_(std::move(mine)) {}

    void compare(const std::string& metric, const char* unit, double run::*what, const char* reference,
                 const std::string& its_name, target goal = {})
    {
        const auto value = contest_.typical(mine_, what);
        const auto other = contest_.typical(reference, what);
        if (value && other) out_.add({"http", metric, unit, *value, its_name, other, goal});
    }
    void compare(const std::string& metric, const char* unit, double run::*what, const char* reference,
                 target goal = {})
    {
        compare(metric, unit, what, reference, reference, goal);
    }
    void no_failure(const std::string& metric)
    {
        out_.add({"http", metric, "", contest_.failures(mine_), "", {}, value_at_most(0)});
    }

private:
    report& out_;
    const contest& contest_;
    const std::string mine_;
};

constexpr double as_fast_as(double share) { return 1 / share; } // of the reference's throughput

contest against_peers(report& out, const setting& s, target beside_go = {})
{
    contest c(everyone(), s);
    rows r(out, c, afresh);
    const std::string metric = s.name;
    r.compare(metric, "us", &run::us, beast, ratio_at_most(as_fast_as(0.9)));
    r.compare(metric, "us", &run::us, go, beside_go);
    r.compare(metric, "us", &run::us, "libcurl multi");
    r.compare(metric, "us", &run::us, "Node undici");
    r.compare(metric + ": processor", "us", &run::processor_us, beast);
    r.compare(metric + ": processor", "us", &run::processor_us, go);
    r.no_failure(metric + ": failed calls");
    return c;
}

// Of each connection, answers included: what many take at most above what one does.
void memory_of_each(report& out, const setting& s, const contest& many, const contest& one)
{
    const auto kib = [&](const char* name) -> std::optional<double> {
        const auto all = many.typical(name, &run::kib);
        const auto alone = one.typical(name, &run::kib);
        if (!all || !alone) return std::nullopt;
        return (*all - *alone) / (s.connections - 1);
    };
    if (const auto ours = kib(afresh))
        out.add({"http", std::string(s.name) + ": memory each", "KiB", *ours, beast, kib(beast)});
}

} // namespace

void http_client(report& out)
{
    if (!std::getenv("BENCH_HTTP")) return; // no server
    keep_memory();
    const setting usual{"GET, 32 connections", "BENCH_HTTP", "/small", 32};
    const setting crowd{"GET, 1,000 connections", "BENCH_HTTP", "/small", 1000};
    const setting large{"GET of 1 MiB, 32 connections", "BENCH_HTTP", "/large", 32};
    against_peers(out, usual, ratio_at_most(as_fast_as(1.7)));
    against_peers(out, {"GET, 32 connections, TLS", "BENCH_HTTPS", "/small", 32});
    const contest one = against_peers(out, {"GET, 1 connection", "BENCH_HTTP", "/small", 1});
    memory_of_each(out, crowd, against_peers(out, crowd), one);
    const contest one_large = against_peers(out, {"GET of 1 MiB, 1 connection", "BENCH_HTTP", "/large", 1});
    memory_of_each(out, large, against_peers(out, large), one_large);
    against_peers(out, {"GET of 1 MiB, 32 connections, TLS", "BENCH_HTTPS", "/large", 32});

    const contest c(modes(), usual, counts::least_of_thrice_as_many);
    rows token(out, c, "token");
    token.compare("GET with a token: processor", "us", &run::processor_us, "no token", "its field set by hand",
                  ratio_at_most(1.02));
    rows rotate(out, c, "rotate");
    rotate.compare("GET while the token rotates each second", "us", &run::us, "token", "the token stays",
                   ratio_at_most(as_fast_as(0.95)));
    rotate.compare("GET while the token rotates: processor", "us", &run::processor_us, "token", "the token stays");
    rotate.no_failure("failed calls while the token rotates");
}

} // namespace bench
