#pragma once
// What all sign-ins have in common at their end: the token endpoint's answer to something that is good once, and an ID token
// that must be trusted before anybody is signed in.

#include "core/authorization_request.hpp"
#include "core/token_response.hpp"
#include "flow/provider_state.hpp"
#include "source/prover.hpp"

#include <afresh/sign_in.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace afresh::detail {

// Which client at which server, for the time of a call.
struct parties {
    parties(provider_state& s, const client_registration& c, std::shared_ptr<prover> k = nullptr)
        : server(s), client(c), key(std::move(k))
    {
    }
    provider_state& server;
    const client_registration& client;
    std::shared_ptr<prover> key; // that tokens are to be bound to; null: to none
};

// The key of a new sign-in; null: none is wanted. Throws sign_in_error if the server cannot verify what it signs.
std::shared_ptr<prover> key_for(const client_registration& client, const signing_key& given,
                                const server_metadata& known);

// The JSON of an endpoint that refuses as RFC 6749 5.2 has it. Throws sign_in_error, whose text begins with `what`, unless it
// is a success. `secret`: was sent besides the client's own, and may be echoed.
boost::json::object require_object(const transport_outcome& outcome, const parties& of, const char* what,
                                   std::string_view secret = {});

struct redemption {
    core::token_response got;
    std::string why; // for a text, if these are no tokens
};
// Sends a form to the token endpoint, once; a second time only if the server wants another proof of possession, which it
// says before it looks at the form (RFC 9449 8). An omitted scope in the answer is `scope`.
asio::awaitable<redemption> redeem(parties of, core::parameters form, std::string scope);
// Throws sign_in_error unless there are tokens.
void require_tokens(const redemption& r);
token_set tokens_of(const parties& of, const core::token_response& got);
// The tokens, whose ID token breaks no rule; `nonce` and `max_age` as they were sent, `subject` if it is known already. Tokens
// that came with another one are of use to nobody: they are revoked, and sign_in_error is thrown.
asio::awaitable<signed_in> trusted(parties of, core::token_response got, core::id_token_expectation expected,
                                   std::string subject);
// Of any ID token for this client.
core::id_token_expectation expectation_of(const parties& of);

} // namespace afresh::detail
