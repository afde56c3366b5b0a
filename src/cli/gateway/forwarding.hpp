#pragma once
// What of a request goes on to the API, and what of its answer goes back (RFC 9110 7.6). Pure.

#include <afresh/http_message.hpp>

#include <string>
#include <string_view>

namespace afresh::cli {

// The fields of a request for the API. Credentials of whoever asks stay here: the token is the gateway's.
http_fields forward_request(const http_fields& received);
// The fields of the API's answer. What frames the body is made anew, but Content-Length stays.
http_fields forward_answer(const http_fields& received);
// `target` as it came ("/a?b") below the API's URL; empty: it is no path (RFC 9112 3.2.1), or leaves it.
std::string forward_url(const std::string& api, std::string_view target);

// RFC 9457, as the body of an answer of the gateway's own.
std::string problem(unsigned status, std::string_view title, std::string_view detail);

} // namespace afresh::cli
