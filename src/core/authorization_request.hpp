#pragma once
// What is asked of the authorization endpoint, and what its answer means (RFC 6749 4.1, RFC 7636, RFC 9101, RFC 9207, OpenID
// Connect Core 3). Pure.

#include "core/token_request.hpp"

#include <afresh/client_registration.hpp>
#include <afresh/diagnostics.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/sign_in_options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::core {

// What must be there again when the user comes back; `issuer` so that an answer cannot be another server's (RFC 9207).
struct kept_sign_in {
    std::string issuer, client_id, redirect_uri;
    std::string state, nonce, code_verifier;
    std::int64_t started{}; // by the wall clock, in seconds
    std::string dpop_jkt;   // of the key that the tokens will be bound to, if they will
    secret_string dpop_key; // PEM; empty: it is the program's own
};
secret_string to_text(const kept_sign_in& kept);
std::optional<kept_sign_in> read_kept(std::string_view text);

config_fault check(const sign_in_options& options, const client_registration& client);
bool asks_for_id_token(const sign_in_options& options) noexcept;

using parameters = std::vector<http_field>;
parameters authorization_parameters(const sign_in_options& options, const kept_sign_in& kept,
                                    const std::string& code_challenge);
// RFC 9101 4: the same as claims.
std::string request_object_claims(const parameters& all, const kept_sign_in& kept, std::string_view jti,
                                  std::int64_t now);
std::string url_with(const std::string& endpoint, const parameters& all);
http_request form_of(const std::string& endpoint, const client_registration& client, const parameters& all,
                     const secret_string& assertion);

struct authorization_response {
    std::string code;
    std::string id_token; // hybrid flow
    config_fault fault;   // errc::invalid_callback, errc::sign_in_refused
    diagnostics said;
};
// `callback`: a URL, a query, or the body of a form.
authorization_response read_callback(std::string_view callback, const kept_sign_in& kept, bool hybrid,
                                     bool iss_required);

} // namespace afresh::core
