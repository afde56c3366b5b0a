#pragma once
// An OpenSSL context that is never changed once it is in use, and the sessions made with it. Asio and OpenSSL.

#include "net/tls_sessions.hpp"

#include <boost/asio/ssl/context.hpp>

#include <atomic>

namespace afresh::net {

struct tls_version {
    std::atomic<bool> superseded{}; // its files have changed since
    tls_sessions sessions;
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
};

} // namespace afresh::net
