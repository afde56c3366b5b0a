#pragma once
// Counts what the client does, per origin. Thread-safe; no I/O.

#include <afresh/error.hpp>
#include <afresh/http_metrics.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace afresh::http {

class metrics_recorder {
public:
    using duration = std::chrono::steady_clock::duration;

    // What belongs to one origin; lives as long as the recorder.
    class of_origin {
    public:
        void connected(duration time);
        // `status` 0: `ec` says why.
        void exchanged(std::string_view method, unsigned status, const error_code& ec, duration time);

        std::atomic<std::uint64_t> failed{};
        std::atomic<std::uint64_t> reused{};
        std::atomic<std::uint64_t> redirects{};
        std::atomic<std::uint64_t> retries{};
        std::atomic<std::uint64_t> replays{};

    private:
        friend class metrics_recorder;
        struct series {
            std::string_view method; // of the list of known ones
            unsigned status;
            error_code ec;
            http_histogram duration;
        };
        mutable std::mutex mutex_; // of what follows
        http_histogram connect_;
        std::vector<series> requests_;
    };

    of_origin& at(const std::string& origin);
    // Without what only the pool knows.
    http_metrics snapshot() const;

private:
    using origins = std::map<std::string, of_origin, std::less<>>;
    origins::value_type& find(const std::string& origin);

    std::atomic<origins::value_type*> last_{}; // most clients speak to one origin, and most others to one for some time
    mutable std::shared_mutex mutex_;
    origins origins_; // none ever goes
};

} // namespace afresh::http
