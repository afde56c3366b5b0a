#pragma once
// One HTTP client without a token on a context of its own, made when it is first used: the options are the test's.

#include "http/http1_client.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace afresh::test {

struct client_fixture {
    client_fixture() { options.limits = without_sweep(); }

    http::http1_client& client()
    {
        if (!made) made.emplace(context.get_executor(), options);
        return *made;
    }
    transport_outcome send(const http_request& request) { return run(context, client().send(request)); }
    transport_outcome get(const std::string& url) { return send(http_request("GET", url)); }

    asio::io_context context;
    http_client_options options;
    std::optional<http::http1_client> made;
};

// What the scripts of a server have seen.
class notes {
public:
    void add(std::string note)
    {
        const std::lock_guard lock(mutex_);
        all_.push_back(std::move(note));
    }
    std::vector<std::string> all() const
    {
        const std::lock_guard lock(mutex_);
        return all_;
    }
    std::string at(std::size_t i) const { return all().at(i); }
    std::size_t size() const { return all().size(); }
    void clear()
    {
        const std::lock_guard lock(mutex_);
        all_.clear();
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> all_;
};

// Answers each request as `answer` says, and notes it.
template <class Answer>
raw_server::script answering(notes& seen, Answer answer)
{
    return [&seen, answer](raw_peer& peer) {
        for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request()) {
            seen.add(request);
            peer.write(answer(request));
        }
    };
}

inline std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }
inline std::string line_of(const std::string& request) { return request.substr(0, request.find('\r')); }

inline std::string text_answer(const std::string& status, const std::string& body, const std::string& fields = {})
{
    return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

} // namespace afresh::test
