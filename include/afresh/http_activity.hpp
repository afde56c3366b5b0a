#pragma once
/// @file
/// What an HTTP client reports as it happens.

#include <afresh/error.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace afresh {

/// Something that an HTTP client did. Holds no secret: no query, no field, no body.
struct http_activity {
    enum class kind {
        connected,       ///< a connection was made: `elapsed`
        connect_failed,  ///< `error`, `detail`
        answered,        ///< the header of an answer has come: `status`, `elapsed`, `reused`
        exchange_failed, ///< there was none: `error`, `elapsed`, `reused`
        redirected,      ///< the next request goes to `origin`
        retried,         ///< the next request is the same again, after `elapsed`
        replayed,        ///< and now with another token
    };
    kind what{};
    std::string origin{};
    std::string method{};
    unsigned status{};
    error_code error{};
    std::string detail{};
    std::chrono::microseconds elapsed{};
    bool reused{}; ///< the connection had served before
};

/// Called on whichever thread the call runs, at the same time for different calls. It must not block. An exception is
/// swallowed.
using http_activity_hook = std::function<void(const http_activity&)>;

/// Given the header of each request (`> GET /x HTTP/1.1`) and answer (`< HTTP/1.1 200`), as lines. What may be a secret
/// is replaced by `***`: credentials and cookies, fields with a name like token, secret, key or password, those of
/// `redirect_rules::secret_fields`, and the values of queries. Bodies are never shown. As for the hook above.
using http_wire_log = std::function<void(std::string_view)>;

} // namespace afresh
