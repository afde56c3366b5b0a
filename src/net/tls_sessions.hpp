#pragma once
// TLS sessions to resume (RFC 8446 2.2), by the peer they were made with. OpenSSL only.

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace afresh::net {

// Thread-safe. Must outlive the connections of the contexts it is attached to.
class tls_sessions {
public:
    tls_sessions();
    ~tls_sessions();
    tls_sessions(const tls_sessions&) = delete;
    tls_sessions& operator=(const tls_sessions&) = delete;

    // What connections of this context learn is kept here.
    void attach(ssl_ctx_st* context);
    // Before the handshake with `peer`: a session with it, if one is known. One of TLS 1.3 is used once (RFC 8446 C.4).
    void offer(ssl_st* connection, const std::string& peer);

private:
    struct deleter {
        void operator()(ssl_session_st* s) const;
    };
    using session = std::unique_ptr<ssl_session_st, deleter>;
    struct entry {
        std::string peer;
        session agreed;
    };
    static int on_new_session(ssl_st* connection, ssl_session_st* agreed);
    void keep(std::string_view peer, session agreed);

    std::mutex mutex_;
    std::list<entry> newest_first_;
};

} // namespace afresh::net
