#pragma once
// The configuration file: profiles, each of which is one token source.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::cli {

// Where a secret is. Never the secret itself.
struct secret_place {
    enum class kind { none, file, environment, command, credential };
    kind type = kind::none;
    std::string name;                 // of the file, variable or systemd credential
    std::vector<std::string> command; // program and arguments, whose output it is
    explicit operator bool() const noexcept { return type != kind::none; }
};

// RFC 7523 2.1: an assertion that is signed here, or one that somebody else puts somewhere, and renews.
struct jwt_bearer_settings {
    secret_place assertion;
    std::string key_file, signing_algorithm, key_id;
    std::string issuer, subject, audience, scope;
};

// RFC 8693: of another profile's token, or of one that somebody else puts somewhere, and renews.
struct token_exchange_settings {
    std::string subject; // a profile
    secret_place subject_token;
    std::string subject_token_type = "urn:ietf:params:oauth:token-type:access_token";
    std::string requested_token_type;
    std::string audience;
};

struct profile {
    std::string name;
    std::size_t line = 1;
    std::string issuer;
    std::string token_endpoint; // instead of the issuer's metadata
    std::string revocation_endpoint;
    std::string client_id;
    std::string client_authentication = "none"; // as RFC 7591 names it
    secret_place client_secret;
    std::string private_key_file; // of private_key_jwt
    std::string signing_algorithm;
    std::string key_id;
    bool dpop{};
    std::string grant = "refresh_token";
    jwt_bearer_settings jwt_bearer;
    token_exchange_settings token_exchange;
    secret_place refresh_token; // for the first start; usually `afresh login` brings one
    std::string scope;
    std::string resource;
    std::vector<std::string> origins;
    std::string redirect_path = "/callback";
    std::string trust_roots_file, certificate_chain_file, certificate_key_file;
};

enum class request_log { none, failed, all };

// An API behind the gateway.
struct route_settings {
    std::string listen;
    std::string target; // its URL
    std::string profile;
    std::uint64_t body_limit = 1024 * 1024; // bytes of a request that are kept for a second sending
    std::size_t connections = 1024;         // to the API, at most, of each thread
    std::size_t timeout = 60;               // seconds in which the API may say nothing; 0: for ever
    std::vector<std::string> web_origins;   // whose pages may use it from a browser
    request_log log = request_log::failed;
};

struct gateway_settings {
    std::vector<route_settings> routes;
    std::string status;                   // where operators ask; empty: nowhere
    std::string tokens;                   // a UNIX socket that hands out tokens; empty: none does
    std::vector<std::string> allow_users; // of UNIX sockets, besides the gateway's own
    std::vector<std::string> hosts;       // its names in the public DNS
    std::size_t threads = 1;
    std::string log = "text"; // or json
    bool unsafe_listen{};
};

struct configuration {
    std::string path;
    std::string store; // a file, or postgresql://...
    std::vector<profile> profiles;
    gateway_settings gateway;
};

// The text begins with file and line, as compilers write it.
struct configuration_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

configuration parse_configuration(std::string_view text, const std::string& path);
// `path` empty: the usual place.
configuration read_configuration(std::string path);
// The profile of this name; empty: the only one there is. Throws configuration_error.
const profile& find_profile(const configuration& all, const std::string& name);

} // namespace afresh::cli
