// Usage: afresh_bench RESULTS.json [FILTER]

#include "benchmarks.hpp"

#include <cstdio>

int main(int count, char** arguments)
{
    if (count < 2 || count > 3) {
        std::fprintf(stderr, "usage: %s RESULTS.json [FILTER]\n", arguments[0]);
        return 2;
    }
    bench::report out(count == 3 ? arguments[2] : "");
    const std::string go = BENCH_GO;
    if (out.wanted("hot_path")) bench::hot_path(out, go);
    if (out.wanted("token_reader")) bench::token_reader(out);
    if (out.wanted("waiters")) bench::waiters(out, go);
    if (out.wanted("headers")) bench::headers(out);
    if (out.wanted("dpop")) bench::dpop(out);
    if (out.wanted("stores")) bench::stores(out);
    if (out.wanted("http")) bench::http_client(out);
    out.write_json(arguments[1]);
}
