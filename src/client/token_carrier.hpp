#pragma once
// The token of one call. Asio.

#include "http/authorizer.hpp"

#include <afresh/authorized.hpp>
#include <afresh/token_source.hpp>

namespace afresh {

// Attaches the source's token where it may go, and has it renewed when it was rejected (RFC 6750 3.1), or proves once more
// that its key is here (RFC 9449 9).
class token_carrier final : public http::authorizer {
public:
    explicit token_carrier(const token_source& tokens) : tokens_(tokens) {}

    bool authorize_now(const std::string& method, const core::url_parts& to, http_fields& credentials) override;
    asio::awaitable<error_code> authorize(const std::string& method, const core::url_parts& to,
                                          http_fields& credentials, std::string& detail) override;
    bool is_refusal(const std::string& origin, unsigned status, const http_fields& fields) override;
    asio::awaitable<error_code> renew(const std::string& origin) override;

private:
    bool may_go_to(const std::string& origin) const;

    const token_source& tokens_;
    access_token token_;
    detail::replays done_;
    detail::next_step next_{}; // `token_` is good for the next sending, if there is one
};

} // namespace afresh
