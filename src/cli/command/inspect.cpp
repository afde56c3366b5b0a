#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/command/token_text.hpp"

#include <CLI/CLI.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/evp.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::cli {
namespace {

namespace json = boost::json;

std::string from_base64url(std::string text)
{
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    const std::size_t missing = (4 - text.size() % 4) % 4;
    text.append(missing, '=');
    std::string out(text.size() / 4 * 3 + 1, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    out.resize(size < static_cast<int>(missing) ? 0 : static_cast<std::size_t>(size) - missing);
    return out;
}

std::optional<json::object> part(std::string_view text)
{
    boost::system::error_code ec;
    const json::value v = json::parse(from_base64url(std::string(text)), ec);
    if (ec || !v.is_object()) return std::nullopt;
    return v.as_object();
}

// As people write it: without the blanks around it, and without the scheme of a header.
std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
    for (const std::string_view scheme : {"Authorization: ", "Bearer ", "DPoP "})
        if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
    return text;
}

void print_member(const json::key_value_pair& m)
{
    const std::string_view name(m.key().data(), m.key().size());
    std::cout << "  " << std::string(name) << std::string(name.size() < 12 ? 12 - name.size() : 1, ' ')
              << json::serialize(m.value());
    const bool time = name == "exp" || name == "iat" || name == "nbf" || name == "auth_time";
    if (time && m.value().is_int64()) {
        const std::chrono::system_clock::time_point t{std::chrono::seconds(m.value().as_int64())};
        const auto left = std::chrono::floor<std::chrono::seconds>(t - std::chrono::system_clock::now()).count();
        std::cout << "  " << rfc3339(t)
                  << (left < 0 ? ", " + std::to_string(-left) + " s ago" : ", in " + std::to_string(left) + " s");
    }
    std::cout << '\n';
}

int inspect(const std::string& text, bool as_json)
{
    const std::string_view token = trimmed(text);
    const auto first = token.find('.'), second = token.find('.', first + 1);
    std::optional<json::object> header, claims;
    if (first != std::string_view::npos && second != std::string_view::npos) {
        header = part(token.substr(0, first));
        claims = part(token.substr(first + 1, second - first - 1));
    }
    if (!header || !claims)
        return report({exit_data, "this is no JWT: an opaque token, which only its server can read",
                       "or an encrypted one, if it begins with eyJ"},
                      as_json);
    if (as_json) {
        json::object o;
        o["header"] = *header;
        o["claims"] = *claims;
        o["verified"] = false;
        std::cout << json::serialize(o) << '\n';
        return exit_ok;
    }
    std::cout << "header\n";
    for (const auto& m : *header) print_member(m);
    std::cout << "claims\n";
    for (const auto& m : *claims) print_member(m);
    std::cout << "The signature was not verified: whoever made this can have written anything.\n";
    return exit_ok;
}

} // namespace

runner add_inspect(CLI::App& app, common_options& common)
{
    CLI::App& command =
        *app.add_subcommand("inspect", "What a JWT says, read from a file or standard input; asks nobody");
    const auto file = std::make_shared<std::string>("-");
    command.add_option("file", *file, "A file (default: standard input)")->type_name("FILE");
    return [file, &common] {
        std::ifstream in;
        if (*file != "-") in.open(*file, std::ios::binary);
        std::istream& from = *file == "-" ? std::cin : in;
        if (!from) return report({exit_data, *file + ": cannot be read", {}}, common.json);
        const std::string text{std::istreambuf_iterator<char>(from), std::istreambuf_iterator<char>()};
        return inspect(text, common.json);
    };
}

} // namespace afresh::cli
