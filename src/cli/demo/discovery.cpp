#include "cli/demo/discovery.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <stdexcept>
#include <utility>

namespace afresh::cli {
namespace {

std::string text_of(const boost::json::object& metadata, std::string_view name)
{
    const auto* value = metadata.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string token_endpoint_of(const http_response& answer, const std::string& issuer)
{
    boost::system::error_code ec;
    const auto metadata = boost::json::parse(answer.body(), ec);
    if (ec || !metadata.is_object()) throw std::runtime_error("the issuer's metadata is not a JSON object");
    if (text_of(metadata.get_object(), "issuer") != issuer)
        throw std::runtime_error("the metadata is of another issuer; write --issuer exactly as it does");
    std::string endpoint = text_of(metadata.get_object(), "token_endpoint");
    if (endpoint.empty()) throw std::runtime_error("the issuer's metadata names no token endpoint");
    return endpoint;
}

// RFC 8414 3.1 puts the well-known part between host and path.
std::string rfc8414_url(const std::string& issuer)
{
    const auto host = issuer.find("://");
    const auto path = host == issuer.npos ? issuer.npos : issuer.find('/', host + 3);
    if (path == issuer.npos) return issuer + "/.well-known/oauth-authorization-server";
    std::string rest = issuer.substr(path);
    if (rest == "/") rest.clear();
    return issuer.substr(0, path) + "/.well-known/oauth-authorization-server" + rest;
}

} // namespace

asio::awaitable<std::string> discover_token_endpoint(transport& http, const std::string& issuer)
{
    if (issuer.find_first_of("?#") != issuer.npos) throw std::runtime_error("--issuer has a query or fragment");
    const std::string base = issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer;
    std::string said;
    for (const std::string& url : {base + "/.well-known/openid-configuration", rfc8414_url(issuer)}) {
        transport_request request(http_request("GET", url));
        const transport_outcome outcome = co_await http.send(std::move(request));
        if (outcome.ec) throw std::runtime_error("the issuer cannot be reached: " + outcome.ec.message());
        if (outcome.response.status() == 200) co_return token_endpoint_of(outcome.response, issuer);
        said = "the issuer answers status " + std::to_string(outcome.response.status()) + " for its metadata";
    }
    throw std::runtime_error(said);
}

} // namespace afresh::cli
