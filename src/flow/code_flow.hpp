#pragma once
#include "core/authorization_request.hpp"
#include "flow/redeemed.hpp"

#include <afresh/sign_in.hpp>

#include <cstdint>
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
    asio::awaitable<signed_in> exchange(const core::kept_sign_in& kept, const core::authorization_response& answer);
    std::shared_ptr<prover> kept_key(const core::kept_sign_in& kept) const;
    parties both() const { return {*server_, client_}; }
    bool spend(const std::string& state, std::int64_t now); // false: this answer was here before

    std::shared_ptr<provider_state> server_;
    client_registration client_;
    sign_in_options options_;

    std::mutex mutex_;
    std::map<std::string, std::int64_t> spent_; // by state: until when somebody may come with it again
};

} // namespace afresh::detail
