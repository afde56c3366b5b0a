#pragma once
// How TLS is spoken: one context for many connections. Asio and OpenSSL.

#include <afresh/error.hpp>
#include <afresh/result.hpp>
#include <afresh/tls_options.hpp>

#include <memory>

namespace boost::asio::ssl {
class context;
}

namespace afresh::net {

// Verifies always, TLS 1.2 or newer, ALPN http/1.1, no resumption and so no early data (RFC 9325, RFC 9525).
//
// The system's roots take 21 ms and 1 MiB: they are loaded when first needed. Thread-safe.
class tls_context {
public:
    // Files named in `options` are read at once. Throws system_error(errc::invalid_argument) with the file's name.
    explicit tls_context(const tls_options& options);
    ~tls_context();
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    // errc::tls_failed when the system has no roots. The context is never changed once it was returned.
    result<boost::asio::ssl::context*> get();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

// With default options: the one context of this process, as long as anybody uses it.
std::shared_ptr<tls_context> shared_tls_context(const tls_options& options);

} // namespace afresh::net
