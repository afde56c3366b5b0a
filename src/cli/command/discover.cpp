#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"

#include <afresh/http_transport.hpp>
#include <afresh/provider.hpp>

#include <CLI/CLI.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace afresh::cli {
namespace {

struct text_member {
    const char* name;
    std::string server_metadata::*value;
};
struct list_member {
    const char* name;
    std::vector<std::string> server_metadata::*value;
};
constexpr text_member texts[]{
    {"issuer", &server_metadata::issuer},
    {"authorization_endpoint", &server_metadata::authorization_endpoint},
    {"token_endpoint", &server_metadata::token_endpoint},
    {"userinfo_endpoint", &server_metadata::userinfo_endpoint},
    {"jwks_uri", &server_metadata::jwks_uri},
    {"revocation_endpoint", &server_metadata::revocation_endpoint},
    {"introspection_endpoint", &server_metadata::introspection_endpoint},
    {"device_authorization_endpoint", &server_metadata::device_authorization_endpoint},
    {"pushed_authorization_request_endpoint", &server_metadata::pushed_authorization_request_endpoint},
    {"end_session_endpoint", &server_metadata::end_session_endpoint},
};
constexpr list_member lists[]{
    {"scopes_supported", &server_metadata::scopes_supported},
    {"grant_types_supported", &server_metadata::grant_types_supported},
    {"response_types_supported", &server_metadata::response_types_supported},
    {"token_endpoint_auth_methods_supported", &server_metadata::token_endpoint_auth_methods_supported},
    {"id_token_signing_alg_values_supported", &server_metadata::id_token_signing_alg_values_supported},
    {"code_challenge_methods_supported", &server_metadata::code_challenge_methods_supported},
    {"dpop_signing_alg_values_supported", &server_metadata::dpop_signing_alg_values_supported},
};

std::string as_json(const server_metadata& m)
{
    boost::json::object o;
    for (const text_member& t : texts)
        if (!(m.*t.value).empty()) o[t.name] = m.*t.value;
    for (const list_member& l : lists)
        if (!(m.*l.value).empty()) o[l.name] = boost::json::array((m.*l.value).begin(), (m.*l.value).end());
    return boost::json::serialize(o) + "\n";
}

std::string as_lines(const server_metadata& m)
{
    std::string out;
    const auto line = [&](std::string name, const std::string& value) {
        name.resize(std::max<std::size_t>(name.size() + 1, 39), ' ');
        out += name + value + "\n";
    };
    for (const text_member& t : texts)
        if (!(m.*t.value).empty()) line(t.name, m.*t.value);
    for (const list_member& l : lists) {
        std::string all;
        for (const std::string& v : m.*l.value) (all += all.empty() ? "" : " ") += v;
        if (!all.empty()) line(l.name, all);
    }
    return out;
}

struct discover_options {
    std::string issuer;
    std::string trust_roots_file;
};

asio::awaitable<int> show(discover_options options, bool json)
{
    tls_options tls;
    tls.trust_roots_file = options.trust_roots_file;
    const server_metadata m = co_await discover(options.issuer, make_http_transport(tls));
    std::cout << (json ? as_json(m) : as_lines(m));
    co_return exit_ok;
}

} // namespace

runner add_discover(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("discover", "What an authorization server says of itself (RFC 8414)");
    const auto options = std::make_shared<discover_options>();
    command.add_option("issuer", options->issuer, "Its issuer identifier, an https URL")
        ->required()
        ->type_name("ISSUER");
    command.add_option("--trust-roots", options->trust_roots_file, "PEM file with the authorities to trust")
        ->type_name("FILE");
    return [options, &common] { return run_command(common, [&] { return show(*options, common.json); }); };
}

} // namespace afresh::cli
