#pragma once
// A request's body on its way, and an eye on the answer meanwhile. Asio.

#include "net/conversation.hpp"

#include <afresh/http_body.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace afresh::http {

namespace asio = boost::asio;

// Where it comes from: a source, or memory, which must live until completion.
using upload_body = std::variant<body_source*, std::string_view>;

struct upload_result {
    error_code ec;      // as of conversation; or body_failed
    std::string detail; // what the source said
    bool untouched{};   // nothing was read from the source: it can be sent once more
};

// The request's header has been sent. Sends the body and receives the answer's header. When an answer that is no
// success comes first, the rest of the body stays here (RFC 9112 9.5); then the connection is of no use afterwards.
// `leave`: the body waits for so long for the server's leave to come (RFC 9110 10.1.1).
//
// Both are done at once, on a strand of the connection's executor.
asio::awaitable<upload_result> upload(net::conversation& talk, net::connection& link, upload_body body,
                                      std::optional<std::chrono::milliseconds> leave);

} // namespace afresh::http
