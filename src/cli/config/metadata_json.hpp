#pragma once
// What a server says of itself, member by member (RFC 8414 2), and as JSON.

#include <afresh/server_metadata.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace afresh::cli {

struct metadata_text {
    const char* name;
    std::string server_metadata::*value;
};
struct metadata_list {
    const char* name;
    std::vector<std::string> server_metadata::*value;
};
inline constexpr metadata_text metadata_texts[]{
    {"issuer", &server_metadata::issuer},
    {"authorization_endpoint", &server_metadata::authorization_endpoint},
    {"token_endpoint", &server_metadata::token_endpoint},
    {"userinfo_endpoint", &server_metadata::userinfo_endpoint},
    {"jwks_uri", &server_metadata::jwks_uri},
    {"revocation_endpoint", &server_metadata::revocation_endpoint},
    {"introspection_endpoint", &server_metadata::introspection_endpoint},
    {"device_authorization_endpoint", &server_metadata::device_authorization_endpoint},
    {"pushed_authorization_request_endpoint", &server_metadata::pushed_authorization_request_endpoint},
    {"end_session_endpoint", &server_metadata::end_session_endpoint},
};
inline constexpr metadata_list metadata_lists[]{
    {"scopes_supported", &server_metadata::scopes_supported},
    {"grant_types_supported", &server_metadata::grant_types_supported},
    {"response_types_supported", &server_metadata::response_types_supported},
    {"token_endpoint_auth_methods_supported", &server_metadata::token_endpoint_auth_methods_supported},
    {"id_token_signing_alg_values_supported", &server_metadata::id_token_signing_alg_values_supported},
    {"code_challenge_methods_supported", &server_metadata::code_challenge_methods_supported},
    {"dpop_signing_alg_values_supported", &server_metadata::dpop_signing_alg_values_supported},
};

std::string metadata_json(const server_metadata& m);
// What metadata_json() wrote, as far as it is there.
server_metadata read_metadata_json(std::string_view text);

} // namespace afresh::cli
