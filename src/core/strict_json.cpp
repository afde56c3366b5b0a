#include "core/strict_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/parse_options.hpp>

#include <cmath>
#include <functional>
#include <set>
#include <vector>

namespace afresh::core {
namespace {

namespace json = boost::json;

// The handler of boost::json::basic_parser: looks for what the parser of documents lets pass.
struct dispute_finder {
    using text = json::string_view;
    using fault = boost::system::error_code;
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    bool on_document_begin(fault&) { return true; }
    bool on_document_end(fault&) { return true; }
    bool on_object_begin(fault&)
    {
        names.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, fault&)
    {
        names.pop_back();
        return true;
    }
    bool on_array_begin(fault&) { return true; }
    bool on_array_end(std::size_t, fault&) { return true; }
    bool on_key_part(text s, std::size_t, fault&)
    {
        key.append(s.data(), s.size());
        return true;
    }
    bool on_key(text s, std::size_t, fault& ec)
    {
        key.append(s.data(), s.size());
        const bool first = names.back().insert(std::move(key)).second;
        key.clear();
        return first || refuse(ec);
    }
    bool on_string_part(text, std::size_t, fault&) { return true; }
    bool on_string(text, std::size_t, fault&) { return true; }
    bool on_number_part(text, fault&) { return true; }
    bool on_int64(std::int64_t, text, fault&) { return true; }
    bool on_uint64(std::uint64_t, text, fault&) { return true; }
    bool on_double(double n, text, fault& ec) { return std::isfinite(n) || refuse(ec); }
    bool on_bool(bool, fault&) { return true; }
    bool on_null(fault&) { return true; }
    bool on_comment_part(text, fault&) { return true; }
    bool on_comment(text, fault&) { return true; }

private:
    static bool refuse(fault& ec)
    {
        ec = json::error::exception;
        return false;
    }

    std::vector<std::set<std::string>> names; // of the objects that are open
    std::string key;
};

} // namespace

std::optional<json::object> strict_object(std::string_view text)
{
    json::parse_options options;
    options.max_depth = 32;
    json::basic_parser<dispute_finder> parser(options);
    boost::system::error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (ec) return std::nullopt;
    // What follows may be blanks only.
    if (text.substr(read).find_first_not_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
    json::value value = json::parse({text.data(), text.size()}, ec, {}, options);
    if (ec || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

std::string text_member(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains({name.data(), name.size()});
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string(text->data(), text->size()) : std::string();
}

std::optional<std::int64_t> date_member(const json::object& object, std::string_view name)
{
    constexpr double longest = 1e11; // the year 5138
    const auto* value = object.if_contains({name.data(), name.size()});
    if (!value || !value->is_number()) return std::nullopt;
    const double seconds = value->to_number<double>();
    if (!(seconds >= 0 && seconds < longest)) return std::nullopt;
    return static_cast<std::int64_t>(std::floor(seconds));
}

std::int64_t numeric_date(std::chrono::system_clock::time_point t) noexcept
{
    return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

bool true_member(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains({name.data(), name.size()});
    return value && value->is_bool() && value->get_bool();
}

} // namespace afresh::core
