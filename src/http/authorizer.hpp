#pragma once
// Who puts credentials on requests, and exchanges them when they were refused. The client that asks it knows nothing of
// them. Asio.

#include "core/url.hpp"

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace afresh::http {

namespace asio = boost::asio;

// Of one call. Each step runs on the calling coroutine, and may wait.
class authorizer {
public:
    virtual ~authorizer() = default;
    // What authorize() does, if that need not wait now. False: it is to be asked.
    virtual bool authorize_now(const std::string& method, const core::url_parts& to, http_fields& credentials) = 0;
    // The fields for a request of this method to this URL. An error ends the call, with `detail`.
    virtual asio::awaitable<error_code> authorize(const std::string& method, const core::url_parts& to,
                                                  http_fields& credentials, std::string& detail) = 0;
    // Sees each answer. True: it may be another one with other credentials.
    virtual bool is_refusal(const std::string& origin, unsigned status, const http_fields& fields) = 0;
    // Gets others. An error: there are none, so the answer is the caller's.
    virtual asio::awaitable<error_code> renew(const std::string& origin) = 0;
};

} // namespace afresh::http
