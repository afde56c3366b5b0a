#include "cli/command/token_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ctime>

namespace afresh::cli {
namespace {

namespace json = boost::json;

std::int64_t epoch(std::chrono::system_clock::time_point t)
{
    return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

std::string as_json(const access_token& token)
{
    json::object o;
    o["access_token"] = token.value().reveal();
    o["token_type"] = token.type();
    if (!token.scope().empty()) o["scope"] = token.scope();
    if (const auto t = token.expires_at()) {
        o["expires_at"] = epoch(*t);
        o["expires_at_rfc3339"] = rfc3339(*t);
    }
    return json::serialize(o) + "\n";
}

// client.authentication.k8s.io/v1
std::string as_exec_credential(const access_token& token)
{
    json::object status;
    status["token"] = token.value().reveal();
    if (const auto t = token.expires_at()) status["expirationTimestamp"] = rfc3339(*t);
    json::object o;
    o["apiVersion"] = "client.authentication.k8s.io/v1";
    o["kind"] = "ExecCredential";
    o["status"] = status;
    return json::serialize(o) + "\n";
}

// A token is made of characters that no shell reads (RFC 6750 2.1 b64token).
std::string as_environment(const access_token& token)
{
    std::string out = "BEARER_TOKEN=" + std::string(token.value().reveal()) + "\n";
    if (const auto t = token.expires_at()) out += "BEARER_TOKEN_EXPIRES_AT=" + std::to_string(epoch(*t)) + "\n";
    return out;
}

std::string as_git_credential(const access_token& token)
{
    std::string out = "username=oauth2\npassword=" + std::string(token.value().reveal()) + "\n";
    if (const auto t = token.expires_at()) out += "password_expiry_utc=" + std::to_string(epoch(*t)) + "\n";
    return out;
}

} // namespace

std::string rfc3339(std::chrono::system_clock::time_point t)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char out[32];
    return {out, std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

secret_string token_text(const access_token& token, std::string_view format)
{
    std::string text;
    if (format == "json")
        text = as_json(token);
    else if (format == "header")
        text = "Authorization: " + token.authorization() + "\n";
    else if (format == "env")
        text = as_environment(token);
    else if (format == "exec-credential")
        text = as_exec_credential(token);
    else if (format == "git-credential")
        text = as_git_credential(token);
    else
        text = std::string(token.value().reveal()) + "\n";
    secret_string kept(text);
    wipe(text);
    return kept;
}

} // namespace afresh::cli
