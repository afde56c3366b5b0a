#pragma once
// What a server said, without what it may have echoed. Pure.

#include "core/secret_mask.hpp"
#include "core/token_json.hpp"

#include <afresh/client_registration.hpp>
#include <afresh/diagnostics.hpp>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

namespace afresh::core {

class evidence {
public:
    // Masks the client's secret, the tokens in `json`, and `secrets`: those that were sent.
    evidence(const client_registration& registration, const token_json& json,
             std::initializer_list<std::string_view> secrets);

    void hide(std::string_view secret) { mask_.add(secret); }
    // `text` as it may be shown.
    std::string operator()(std::string_view text, std::size_t limit) const;
    // An answer of an endpoint that speaks RFC 6749 5.2. `now` is for a Retry-After that is a date.
    diagnostics said(const http_response& answer, const token_json& json,
                     std::chrono::system_clock::time_point now) const;

private:
    secret_mask mask_;
};

} // namespace afresh::core
