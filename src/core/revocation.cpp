#include "core/revocation.hpp"

#include "core/client_form.hpp"
#include "core/evidence.hpp"

#include <utility>

namespace afresh::core {

http_request make_revocation_request(const client_registration& registration, const parting_token& token,
                                     const secret_string& assertion)
{
    http_request request = form_post(registration.revocation_endpoint());
    std::string body;
    body.reserve(form_room(registration, token.value.size() + assertion.size()));
    append_pair(body, "token", token.value.reveal());
    append_pair(body, "token_type_hint",
                token.type == parting_token::kind::refresh_token ? "refresh_token" : "access_token");
    authenticate(request, body, registration, assertion);
    request.body(std::move(body));
    return request;
}

revocation_response parse_revocation_response(const transport_outcome& outcome, const client_registration& registration,
                                              const parting_token& token, std::chrono::system_clock::time_point now)
{
    using verdict = revocation_response::verdict;
    revocation_response out;
    if (outcome.ec) return out;
    const http_response& answer = outcome.response;
    const token_json json(answer.body());
    out.said = evidence(registration, json, {token.value.reveal()}).said(answer, json, now);
    const unsigned status = answer.status();
    if (status >= 200 && status <= 299)
        out.outcome = verdict::revoked;
    else if (status < 500 && status != 408 && status != 429)
        out.outcome = verdict::refused; // RFC 7009 2.2.1, or no revocation endpoint at all
    return out;
}

} // namespace afresh::core
