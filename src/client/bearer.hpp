#pragma once
// The token of one call. Asio.

#include "http/authorizer.hpp"

#include <afresh/token_source.hpp>

namespace afresh {

// Attaches the source's token where it may go, and has it renewed when it was rejected (RFC 6750 3.1).
class bearer final : public http::authorizer {
public:
    explicit bearer(const token_source& tokens) : tokens_(tokens) {}

    bool authorize_now(const std::string& origin, http_fields& credentials) override;
    asio::awaitable<error_code> authorize(const http_request& request, const std::string& origin,
                                          http_fields& credentials, std::string& detail) override;
    bool is_refusal(unsigned status, const http_fields& fields) override;
    asio::awaitable<error_code> renew(const std::string& origin) override;

private:
    bool may_go_to(const std::string& origin) const;

    const token_source& tokens_;
    access_token token_;
    bool renewed_{};
};

} // namespace afresh
