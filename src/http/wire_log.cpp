#include "http/wire_log.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <iterator>

namespace afresh::http {
namespace {

constexpr std::string_view hidden = "***";

bool contains(std::string_view text, std::string_view word)
{
    return std::search(text.begin(), text.end(), word.begin(), word.end(),
                       [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; }) != text.end();
}

bool is_secret(std::string_view name, const std::vector<std::string>& secret_fields)
{
    static constexpr std::string_view words[] = {"authorization", "cookie",     "token",   "secret",   "password",
                                                 "key",           "credential", "session", "signature"};
    return std::any_of(std::begin(words), std::end(words), [&](auto w) { return contains(name, w); }) ||
           std::any_of(secret_fields.begin(), secret_fields.end(), [&](auto& f) { return core::iequals(f, name); });
}

// The values of a query, and all of a fragment: sign-in answers travel there.
std::string shown_url(std::string_view url)
{
    const auto begin = std::min(url.find_first_of("?#"), url.size());
    std::string out(url.substr(0, begin));
    bool in_value = false;
    for (const char c : url.substr(begin)) {
        if (c == '#') return out + '#' + std::string(hidden);
        if (c == '?' || c == '&' || c == ';') in_value = false;
        if (!in_value) out += c;
        if (c == '=' && !in_value) {
            out += hidden;
            in_value = true;
        }
    }
    return out;
}

void show_field(std::string& out, const char* mark, std::string_view name, std::string_view value,
                const std::vector<std::string>& secret_fields)
{
    (out += mark).append(name).append(": ");
    if (is_secret(name, secret_fields))
        out += hidden;
    else if (core::iequals(name, "Location") || core::iequals(name, "Referer"))
        out += shown_url(value);
    else
        out += value;
    out += '\n';
}

} // namespace

std::string shown_request(std::string_view text, const std::vector<std::string>& secret_fields)
{
    std::string out;
    bool first = true;
    while (!text.empty()) {
        const auto end = std::min(text.find("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 2, text.size()));
        if (line.empty()) break; // what follows is the body
        if (first) {
            const auto space = line.find(' ');
            const auto last = line.rfind(' ');
            out.append("> ")
                .append(line.substr(0, space + 1))
                .append(shown_url(line.substr(space + 1, last - space - 1)));
            out.append(line.substr(last)) += '\n';
            first = false;
            continue;
        }
        const auto colon = line.find(": ");
        show_field(out, "> ", line.substr(0, colon), line.substr(std::min(colon + 2, line.size())), secret_fields);
    }
    return out;
}

std::string shown_answer(unsigned status, const http_fields& fields, const std::vector<std::string>& secret_fields)
{
    std::string out = "< HTTP/1.1 " + std::to_string(status) + '\n';
    for (const http_field& f : fields) show_field(out, "< ", f.name, f.value, secret_fields);
    return out;
}

} // namespace afresh::http
