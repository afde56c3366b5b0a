#pragma once
#include "core/authorization_request.hpp"
#include "core/token_response.hpp"
#include "flow/provider_state.hpp"

#include <afresh/sign_in.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace afresh::detail {

class code_flow : public std::enable_shared_from_this<code_flow> {
public:
    code_flow(std::shared_ptr<provider_state> server, client_registration client, sign_in_options options);

    const sign_in_options& options() const noexcept { return options_; }
    // `redirect_uri`: where the user comes back to this time.
    static asio::awaitable<started_sign_in> start(std::shared_ptr<code_flow> self, std::string redirect_uri);
    static asio::awaitable<signed_in> finish(std::shared_ptr<code_flow> self, secret_string kept, std::string callback);

private:
    asio::awaitable<std::string> url_for(core::parameters all, const server_metadata& known,
                                         const core::kept_sign_in& kept);
    asio::awaitable<std::string> push(core::parameters all, const server_metadata& known);
    asio::awaitable<signed_in> redeem(const core::kept_sign_in& kept, const core::authorization_response& answer);
    asio::awaitable<std::string> verified_claims(const core::token_response& got, const core::kept_sign_in& kept,
                                                 std::string hybrid_subject);
    bool spend(const std::string& state, std::int64_t now); // false: this answer was here before

    std::shared_ptr<provider_state> server_;
    client_registration client_;
    sign_in_options options_;

    std::mutex mutex_;
    std::map<std::string, std::int64_t> spent_; // by state: until when somebody may come with it again
};

// The JSON of an endpoint that refuses as RFC 6749 5.2 has it. Throws sign_in_error, whose text begins with `what`, unless it is
// a success. `secret`: was sent besides the client's own, and may be echoed.
boost::json::object require_object(const transport_outcome& outcome, const client_registration& client,
                                   const provider_state& server, const char* what, std::string_view secret = {});
// What a token endpoint answered to a code, or a device code: it is good once. Throws sign_in_error unless it has tokens.
void require_tokens(const core::token_response& got, const transport_outcome& outcome);
token_set tokens_of(const core::token_response& got);
// Tokens that came with something that must not be trusted are of use to nobody. Never throws.
asio::awaitable<void> discard(const client_registration& client, transport& t, secret_string refresh_token,
                              secret_string access_token, std::chrono::system_clock::time_point now);
std::int64_t seconds_of(std::chrono::system_clock::time_point t);

} // namespace afresh::detail
