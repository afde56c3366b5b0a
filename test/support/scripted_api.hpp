#pragma once
// A resource over a real socket, whose answers are the test's.

#include "support/raw_server.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace afresh::test {

// An API that answers its requests in turn, the last one for ever, and remembers them.
class scripted_api {
public:
    explicit scripted_api(std::vector<std::string> answers, std::chrono::milliseconds time = {})
        : answers_(std::move(answers)), time_(time)
    {
    }

    std::string url(std::string_view target) const { return server_.url(target); }
    std::uint16_t port() const { return server_.port(); }
    std::vector<std::string> requests()
    {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void serve(raw_peer& peer)
    {
        for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request()) {
            std::string answer;
            {
                const std::lock_guard lock(mutex_);
                answer = answers_[std::min(requests_.size(), answers_.size() - 1)];
                requests_.push_back(std::move(request));
            }
            peer.pause(time_);
            peer.write(answer);
        }
    }

    const std::vector<std::string> answers_;
    const std::chrono::milliseconds time_;
    std::mutex mutex_;
    std::vector<std::string> requests_;
    raw_server server_{[this](raw_peer& peer) { serve(peer); }};
};

} // namespace afresh::test
