#pragma once
#include "core/id_token.hpp"
#include "core/metadata.hpp"
#include "flow/jwks.hpp"
#include "flow/shared_flight.hpp"

#include <afresh/provider.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace afresh::detail {

class provider_state : public std::enable_shared_from_this<provider_state> {
public:
    provider_state(std::string issuer, provider_options options);
    provider_state(server_metadata known, provider_options options);

    const std::string& issuer() const noexcept { return issuer_; }
    instant now() const { return options_.clock(); }
    asio::awaitable<server_metadata> metadata();
    // The claims of an ID token that breaks no rule. Throws sign_in_error with errc::invalid_id_token, or as metadata().
    asio::awaitable<boost::json::object> verify(std::string token, core::id_token_expectation expected);
    const std::shared_ptr<afresh::transport>& transport() const noexcept { return options_.transport; }

private:
    using moment = std::chrono::steady_clock::time_point;
    using metadata_ptr = std::shared_ptr<const server_metadata>;
    using keys_ptr = std::shared_ptr<const std::vector<verification_key>>;

    core::metadata_rules rules() const noexcept;
    // Unless somebody has replaced what the caller saw, between its look and this flight.
    static asio::awaitable<void> fetch_metadata(std::shared_ptr<provider_state> self, metadata_ptr seen);
    static asio::awaitable<void> fetch_keys(std::shared_ptr<provider_state> self, keys_ptr seen);
    asio::awaitable<keys_ptr> keys(keys_ptr seen);
    keys_ptr held_keys(moment& fetched, moment& asked) const;

    std::string issuer_;
    provider_options options_;
    bool fixed_{}; // given by the program
    std::shared_ptr<shared_flight> metadata_flight_ = std::make_shared<shared_flight>();
    std::shared_ptr<shared_flight> keys_flight_ = std::make_shared<shared_flight>();

    mutable std::mutex mutex_; // of the rest
    metadata_ptr metadata_;
    moment metadata_fetched_{};
    keys_ptr keys_;
    moment keys_fetched_{};
    moment keys_asked_{};
};

} // namespace afresh::detail
