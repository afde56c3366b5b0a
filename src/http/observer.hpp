#pragma once
// Tells whoever wants to know what the client does: counters, the activity hook and the wire log.

#include "http/metrics_recorder.hpp"

#include <afresh/http_client_options.hpp>
#include <afresh/http_message.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace afresh::http {

class observer {
public:
    using clock = std::chrono::steady_clock;

    explicit observer(const http_client_options& options)
        : hook_(options.on_activity), wire_(options.wire_log), secret_fields_(options.redirects.secret_fields)
    {
    }

    void connected(const std::string& origin, clock::duration time);
    void connect_failed(const std::string& origin, clock::duration time, const error_code& ec,
                        const std::string& detail);
    // One request went out, and this came back. `status` 0: `ec` says why not.
    void exchanged(const std::string& origin, const std::string& method, clock::duration time, bool reused,
                   unsigned status, const error_code& ec);
    void redirected(const std::string& origin, const std::string& to);
    void retried(const std::string& origin, std::chrono::milliseconds pause);
    void replayed(const std::string& origin);

    void sends(std::string_view request_text) const;
    void received(unsigned status, const http_fields& fields) const;

    http_metrics snapshot() const { return counted_.snapshot(); }

private:
    void tell(http_activity a) const;

    metrics_recorder counted_;
    const http_activity_hook hook_;
    const http_wire_log wire_;
    const std::vector<std::string> secret_fields_;
};

} // namespace afresh::http
