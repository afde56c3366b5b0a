#include "meter.hpp"

#include <cstdio>
#include <cstdlib>

#include <sys/resource.h>

namespace bench {
namespace {

double processor_seconds()
{
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long peak_kib()
{
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

} // namespace

load::load(int count, char** arguments)
{
    const char* const program = arguments[0];
    if (count > 1 && std::string(arguments[1]).starts_with("--")) {
        mode = arguments[1] + 2;
        ++arguments;
        --count;
    }
    if (count >= 4 && count <= 5) {
        url = arguments[1];
        connections = std::atoi(arguments[2]);
        time = std::chrono::seconds(std::atoi(arguments[3]));
        if (count == 5) ca_file = arguments[4];
    }
    if (connections < 1 || time.count() < 1) {
        std::fprintf(stderr, "usage: %s [--MODE] URL CONNECTIONS SECONDS [CA_FILE]\n", program);
        std::exit(2);
    }
}

address::address(const std::string& url) : secure(url.starts_with("https://"))
{
    const auto begin = url.find("//") + 2;
    const auto colon = url.find(':', begin);
    const auto slash = url.find('/', begin);
    if (colon > slash || slash == std::string::npos) {
        std::fprintf(stderr, "a URL must have a port and a path: %s\n", url.c_str());
        std::exit(2);
    }
    host = url.substr(begin, colon - begin);
    port = url.substr(colon + 1, slash - colon - 1);
    target = url.substr(slash);
}

void meter::start()
{
    begin_ = last_ = clock::now();
    processor_begin_ = processor_seconds();
}

void meter::count(bool first_of_its_connection, bool good)
{
    if (over_) return;
    if (!good) ++failed_; // also before the time counts: there is no good reason for one
    if (warm_ < load_.connections) {
        if (first_of_its_connection && ++warm_ == load_.connections) start();
        return;
    }
    ++done_;
    last_ = clock::now();
    if (last_ - begin_ < load_.time) return;
    over_ = true;
    processor_ = processor_seconds() - processor_begin_;
}

void meter::print() const
{
    const double seconds = std::chrono::duration<double>(last_ - begin_).count();
    std::printf("{\"requests_per_second\": %.1f, \"requests\": %ld, \"failures\": %ld, \"seconds\": %.6f, "
                "\"processor_seconds\": %.6f, \"peak_kib\": %ld}\n",
                seconds > 0 ? static_cast<double>(done_) / seconds : 0.0, done_, failed_, seconds, processor_,
                peak_kib());
}

} // namespace bench
