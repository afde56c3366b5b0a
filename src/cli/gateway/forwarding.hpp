#pragma once
// What of a request goes on to the API, and what of its answer goes back (RFC 9110 7.6). Pure.

#include <afresh/http_message.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::cli {

// A field in somebody else's memory.
struct field_view {
    std::string_view name, value;
};
using field_views = std::vector<field_view>;
field_views views_of(const http_fields& fields);

bool same_name(std::string_view a, std::string_view b) noexcept;
// The first value, or empty.
std::string_view find_field(std::span<const field_view> fields, std::string_view name) noexcept;

// `into`: the fields of a request for the API. Credentials of whoever asks stay here: the token is the gateway's.
void forward_request(std::span<const field_view> received, http_fields& into);
// The fields of the API's answer, in its memory. What frames the body is made anew, but Content-Length stays.
void forward_answer(const http_fields& received, field_views& into);
// `target` as it came ("/a?b") below the API's URL; empty: it is no path (RFC 9112 3.2.1), or leaves it.
std::string forward_url(const std::string& api, std::string_view target);
// The protocol that a request wants to switch to (RFC 9110 7.8); empty: it stays with HTTP.
std::string_view wanted_protocol(std::span<const field_view> received);

// A browser says that a page asks which is not of this place, nor of the `allowed` origins (RFC 6454 7, Fetch Metadata).
bool is_of_strange_page(std::span<const field_view> received, const std::vector<std::string>& allowed);

// A name of the public DNS that is not among the `known`: somebody may have let it point to this machine, so that a
// browser takes what is served here for his site's (DNS rebinding).
bool is_strange_host(std::string_view host, const std::vector<std::string>& known);

// RFC 9457, as the body of an answer of the gateway's own.
std::string problem(unsigned status, std::string_view title, std::string_view detail);

} // namespace afresh::cli
