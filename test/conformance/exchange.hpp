#pragma once
// What the conformance tests share: a client, its grants, and answers written as a server sends them.

#include "core/token_response.hpp"

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace afresh::core {

inline std::ostream& operator<<(std::ostream& out, verdict v)
{
    switch (v) {
    case verdict::ok: return out << "ok";
    case verdict::quarantined: return out << "quarantined";
    case verdict::not_sent: return out << "not_sent";
    case verdict::throttled: return out << "throttled";
    case verdict::in_doubt: return out << "in_doubt";
    case verdict::refused: return out << "refused";
    case verdict::unauthorized: return out << "unauthorized";
    case verdict::misconfigured: return out << "misconfigured";
    case verdict::doubtful_misconfigured: return out << "doubtful_misconfigured";
    case verdict::invalid_request: return out << "invalid_request";
    case verdict::transient: return out << "transient";
    }
    return out << "?";
}

} // namespace afresh::core

namespace afresh::test {

using core::token_response;
using core::verdict;

inline const std::chrono::system_clock::time_point now{std::chrono::seconds(1'795'373'605)};

inline client_registration client()
{
    return client_registration("https://server.example.com/token", "s6BhdRkqt3").client_secret_basic("gX1fBat3bV");
}
inline grant refreshing() { return grant::refresh_token("tGzv3JOkF0XG5Qx2TlKWIA"); }

inline http_response answer(unsigned status, std::string body, std::string type = "application/json")
{
    http_fields fields;
    if (!type.empty()) fields.add("Content-Type", std::move(type));
    return http_response(status, std::move(fields), std::move(body));
}

inline token_response read(http_response response, const grant& g = refreshing(),
                           const client_registration& c = client())
{
    return core::parse_token_response(transport_outcome(std::move(response)), c, g, now);
}

// A message as it stands on the wire: status line, fields, empty line, body. Line ends may be '\n' alone.
inline http_response parse_message(std::string_view text)
{
    const auto line = [&] {
        const auto end = text.find('\n');
        auto l = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (l.ends_with('\r')) l.remove_suffix(1);
        return std::string(l);
    };
    const auto status = static_cast<unsigned>(std::stoul(line().substr(9, 3)));
    http_fields fields;
    for (std::string l; !(l = line()).empty();) {
        const auto colon = l.find(':');
        fields.add(l.substr(0, colon), l.substr(l.find_first_not_of(' ', colon + 1)));
    }
    return http_response(status, std::move(fields), std::string(text));
}

} // namespace afresh::test
