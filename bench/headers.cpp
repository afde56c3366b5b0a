// What including the library costs: the time to parse a file with its headers, against one with what every Asio
// program has.

#include "benchmarks.hpp"

#include <cmath>
#include <cstdlib>
#include <string>

namespace bench {
namespace {

// Seconds of the processor that the compiler takes; the clock of the wall would count what else runs here.
double parse(const std::string& includes)
{
    const std::string command = "printf '%s' '" + includes + "' | " BENCH_PARSE;
    const auto before = children_seconds();
    if (std::system(command.c_str()) != 0) return std::nan("");
    return children_seconds() - before;
}

std::string include(const std::string& headers)
{
    std::string text;
    for (std::size_t at = 0; at < headers.size();) {
        const std::size_t end = headers.find(' ', at);
        text += "#include <" + headers.substr(at, end - at) + ">\n";
        at = end == std::string::npos ? end : end + 1;
    }
    return text;
}

} // namespace

void headers(report& out)
{
    const std::string base = include("boost/asio/awaitable.hpp boost/asio/co_spawn.hpp");
    race r;
    r.add("base", [&] { return parse(base); });
    r.add("source", [&] { return parse(base + include("afresh/token_source.hpp")); });
    r.add("all", [&] { return parse(base + include(BENCH_HEADERS)); });
    r.run(7);
    if (!r.best("base")) return; // no compiler
    const auto add = [&](const char* what, const char* lane) {
        out.add({"headers", what, "s", *r.best(lane), "Asio's awaitable and co_spawn alone", r.best("base"),
                 ratio_at_most(1.2)});
    };
    add("parsing with token_source.hpp", "source");
    add("parsing with all but the bridges", "all");
}

} // namespace bench
