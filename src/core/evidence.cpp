#include "core/evidence.hpp"

#include "core/text.hpp"

#include <algorithm>

namespace afresh::core {

evidence::evidence(const client_registration& registration, const token_json& json,
                   std::initializer_list<std::string_view> secrets)
{
    for (const std::string_view secret : {registration.client_secret().reveal(), json.text(member::access_token),
                                          json.text(member::refresh_token), json.text(member::id_token)})
        mask_.add(secret);
    for (const std::string_view secret : secrets) mask_.add(secret);
}

std::string evidence::operator()(std::string_view text, std::size_t limit) const
{
    return printable(mask_(text, limit), limit);
}

diagnostics evidence::said(const http_response& answer, const token_json& json,
                           std::chrono::system_clock::time_point now) const
{
    diagnostics said;
    said.http_status = answer.status();
    if (json.well_formed()) {
        said.error = (*this)(json.text(member::error), 64);
        said.error_description = (*this)(json.text(member::error_description), 256);
        said.error_uri = (*this)(json.text(member::error_uri), 256);
    }
    const auto wait = parse_retry_after(answer.fields().find("Retry-After"), now);
    if (wait) said.retry_after = std::min<std::chrono::seconds>(*wait, std::chrono::hours(1));
    return said;
}

} // namespace afresh::core
