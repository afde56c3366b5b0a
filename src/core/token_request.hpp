#pragma once
// One half of an exchange: what to send (RFC 6749 4.4.2, 6, 2.3.1; RFC 8707 2). Pure.

#include <afresh/client_registration.hpp>
#include <afresh/error.hpp>
#include <afresh/http_message.hpp>
#include <afresh/token_set.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::core {

// What is wrong with a registration or grant, in words for the exception's text; empty: nothing.
// errc tells apart insecure_url and invalid_argument.
struct config_fault {
    error_code code;
    std::string text;
    explicit operator bool() const noexcept { return static_cast<bool>(code); }
};
config_fault check(const client_registration& registration);
config_fault check(const grant& grant);
// Both, and whether they fit: client credentials need a client that proves who it is (RFC 6749 4.4).
config_fault check(const client_registration& registration, const grant& grant);
// RFC 6749 3.3; empty: none is asked for
config_fault check_scope(const std::string& scope);
// RFC 8707 2
config_fault check_resource(const std::string& uri);
// Parameters that a program adds: named as RFC 6749 8.2 has it, each once, and none that is `own`, in any case of letters.
config_fault check_parameters(const std::vector<http_field>& parameters, std::span<const std::string_view> own);
// Tokens that a program brings for a grant of this client.
config_fault check(const token_set& tokens, bool wants_dpop);

// The POST. `refresh_token` is the current one (not the grant's initial one); ignored for client credentials. The body
// and the Authorization field hold secrets: they go into a transport_request, which wipes them.
struct request_extras {
    secret_string assertion;         // of a client that proves itself by one
    std::vector<http_field> further; // of an extension grant
    std::string proof;               // RFC 9449 5; empty: the tokens are bound to no key
};
http_request make_token_request(const client_registration& registration, const grant& grant,
                                const secret_string& refresh_token, const request_extras& extras = {});

} // namespace afresh::core
