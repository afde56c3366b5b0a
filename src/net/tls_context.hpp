#pragma once
// How TLS is spoken: one context for many connections. Asio and OpenSSL.

#include <afresh/error.hpp>
#include <afresh/result.hpp>
#include <afresh/tls_options.hpp>

#include <memory>

namespace afresh::net {

class tls_sessions;

// What connections are made with at a time.
struct tls_version;

enum class tls_resumption { off, on };

// Verifies always, TLS 1.2 or newer, ALPN http/1.1, no early data (RFC 9325, RFC 9525).
//
// The system's roots take 21 ms and 1 MiB: they are loaded when first needed. Files of the user's are read at once, and
// again when they have changed; if they cannot be used then, what was read before stays in use. Thread-safe.
class tls_context {
public:
    // Throws system_error(errc::invalid_argument) with the file's name.
    explicit tls_context(const tls_options& options, tls_resumption resumption = tls_resumption::off);
    ~tls_context();
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    // errc::tls_failed when the system has no roots. To be kept for as long as the connection lives.
    result<std::shared_ptr<tls_version>> get();
    // For kept connections, which do not ask for one: looks at the files, each second at most.
    void follow_files();
    bool resumes() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

// With default options: the one context of this process, as long as anybody uses it.
std::shared_ptr<tls_context> shared_tls_context(const tls_options& options,
                                                tls_resumption resumption = tls_resumption::off);

} // namespace afresh::net
