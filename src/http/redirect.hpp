#pragma once
// Where an answer leads (RFC 9110 15.4). Pure.

#include "core/url.hpp"

#include <afresh/http_message.hpp>
#include <afresh/http_rules.hpp>

#include <optional>
#include <string>

namespace afresh::http {

struct redirection {
    std::string method;
    std::string url;
    core::url_parts to;
    bool drops_body{};
    bool leaves_origin{};
};

// Nothing: the answer is the caller's, because it is no redirect, or one that is not followed.
std::optional<redirection> redirect_of(std::string_view method, const std::string& url, unsigned status,
                                       const http_fields& answer, const redirect_rules& rules);

// What must not be seen by another origin, and what described a body that is gone.
void adapt(http_fields& request, const redirection& r, const redirect_rules& rules);

} // namespace afresh::http
