#pragma once
// A scripted authorization server with rotation and reuse detection (RFC 9700 4.14.2), its resource, and the ledger of
// all tokens it ever issued. Its clock is the world's.

#include "simulation/world/event_queue.hpp"
#include "simulation/world/random.hpp"

#include <afresh/http_message.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulation {

using token_id = std::int32_t; // an index into a ledger
constexpr token_id no_token = -1;

// What a server does with a refresh token that was used before (the table in FAULTS section 0).
enum class reuse_rule {
    strict,         // the whole family is revoked
    previous_grace, // the immediate predecessor is good for another use within the grace, and the first successor is
                    // not
    same_successor, // within the grace the answer names the same successor
    mint_many,      // within the grace each use makes a further good successor
    no_rotation,    // a refresh token is not spent
};

struct server_habits {
    reuse_rule rule = reuse_rule::strict;
    std::chrono::nanoseconds grace{}; // of the rules that have one, from the first use
    bool race_is_invalid_request{};   // a use within a second of another is answered so, and changes nothing
    bool errors_with_status_200{};
    bool refuses_with_bare_401{};
    bool echoes_tokens{};         // puts them into error_description
    bool retires_access_tokens{}; // a refresh revokes the access tokens before
    enum class form { number, text, fraction, missing, null, negative, huge } expires_in = form::number;
    std::chrono::seconds lifetime{300};        // as told; 0 or not told: see `untold_lifetime`
    std::chrono::seconds untold_lifetime{600}; // what the resource goes by when the client is not told
    enum class unrotated { absent, empty, null, same } silence = unrotated::absent; // of no_rotation
    std::string error_instead;    // answered to every request, whatever it says
    double consumes_then_fails{}; // probability of a 500 after the refresh token was spent
    double hands_out_unusable{};  // ... of an unknown token_type
};

struct refresh_entry {
    std::string text;
    std::uint32_t family{};
    token_id parent = no_token;
    token_id successor = no_token; // the first
    std::optional<virtual_time> used_at;
    bool dead{}; // replaced by a sibling
};

struct access_entry {
    std::string text;
    std::uint32_t family{};
    std::optional<std::chrono::seconds> told; // the lifetime that the client can know of
    virtual_time expires_at{};
    bool revoked{};
    bool unusable{}; // it came with an unknown token_type
};

struct server_answer {
    afresh::http_response response;
    token_id refresh = no_token; // issued
    token_id access = no_token;  // issued
    bool success{};              // as OAuth means it
    bool refused{};              // invalid_grant, or what this server says instead
    bool doubtful{};             // an error that leaves open whether the refresh token was spent
    bool reused{};               // the refresh token had been used before, and the server minded
};

class authorization_server {
public:
    server_habits habits;
    std::size_t reuse_events{};
    std::size_t rotations{};

    explicit authorization_server(std::uint64_t seed) : chance_(seed) {}

    // A human signs in: a new family.
    struct sign_in_result {
        token_id refresh = no_token;
        token_id access = no_token;
    };
    sign_in_result sign_in(virtual_time now);
    server_answer token_request(const afresh::http_request& request, virtual_time now);
    // A thief uses a refresh token.
    void steal(std::string_view refresh_token, virtual_time now);
    // What the resource says.
    bool accepts(token_id access, virtual_time now) const;
    void revoke_access_tokens();
    // RFC 7009: of a refresh token the whole family, as RFC 9700 4.14.2 has it.
    void revoke(std::string_view token);
    // An administrator ends the session.
    void revoke_grant();

    const refresh_entry& refresh(token_id id) const { return refresh_[static_cast<std::size_t>(id)]; }
    const access_entry& access(token_id id) const { return access_[static_cast<std::size_t>(id)]; }
    bool family_lives(std::uint32_t family) const { return !revoked_[family]; }
    // Which tokens these texts are; no_token: none of ours.
    token_id find_refresh(std::string_view text) const;
    token_id find_access(std::string_view text) const;
    // True when `text` holds a token or a part of one that could be used.
    static bool shows_a_token(std::string_view text) { return text.find("-secret") != std::string_view::npos; }
    static token_id presented(std::string_view body, const authorization_server& server);

private:
    token_id mint_refresh(std::uint32_t family, token_id parent);
    token_id mint_access(std::uint32_t family, virtual_time now);
    server_answer issue(token_id used, token_id successor, virtual_time now);
    server_answer refuse(const char* code, token_id used, bool grant_refused);
    server_answer misconfigured(token_id id, virtual_time now);
    server_answer reused(token_id id, virtual_time now);
    void revoke_family(std::uint32_t family);
    std::string expires_in() const;

    random_numbers chance_;
    std::vector<refresh_entry> refresh_;
    std::vector<access_entry> access_;
    std::vector<bool> revoked_; // by family
};

} // namespace simulation
