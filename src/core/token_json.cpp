#include "core/token_json.hpp"

#include <afresh/secret_string.hpp>

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace afresh::core {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, member_count> names{
    "access_token",       "refresh_token", "id_token",          "token_type", "scope",
    "expires_in",         "error",         "error_description", "error_uri",  "refresh_token_expires_in",
    "refresh_expires_in",
};

} // namespace

// The handler of boost::json::basic_parser: keeps the members of the outermost object that have a name above.
struct member_collector {
    using text = json::string_view;
    using fault = boost::system::error_code;
    using kind = token_json::kind;
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    explicit member_collector(token_json& target) : out(target) {}

    bool on_document_begin(fault&) { return true; }
    bool on_document_end(fault&) { return true; }
    bool on_object_begin(fault&)
    {
        if (depth == 0) is_object = true;
        return nested();
    }
    bool on_object_end(std::size_t, fault&) { return left(); }
    bool on_array_begin(fault&) { return nested(); }
    bool on_array_end(std::size_t, fault&) { return left(); }
    bool on_key_part(text s, std::size_t, fault&)
    {
        constexpr std::size_t longest = 32; // no name above is longer, so what follows cannot make a key one of them
        if (depth == 1) key.append(s.data(), std::min(s.size(), longest - std::min(longest, key.size())));
        return true;
    }
    bool on_key(text s, std::size_t size, fault& ec)
    {
        if (depth != 1) return true;
        on_key_part(s, size, ec);
        const auto found = std::find(names.begin(), names.end(), key);
        current.reset();
        if (found != names.end()) current = static_cast<std::size_t>(found - names.begin());
        begin = out.text_.size();
        key.clear();
        return true;
    }
    bool on_string_part(text s, std::size_t, fault&)
    {
        if (wanted()) out.text_.append(s.data(), s.size());
        return true;
    }
    bool on_string(text s, std::size_t size, fault& ec)
    {
        on_string_part(s, size, ec);
        return store(size == 0 ? kind::absent : kind::text, size);
    }
    bool on_number_part(text, fault&) { return true; }
    bool on_int64(std::int64_t n, text, fault&) { return store(kind::number, 0, static_cast<double>(n)); }
    bool on_uint64(std::uint64_t n, text, fault&) { return store(kind::number, 0, static_cast<double>(n)); }
    bool on_double(double n, text, fault&) { return store(kind::number, 0, n); }
    bool on_bool(bool, fault&) { return store(kind::other); }
    bool on_null(fault&) { return store(kind::absent); }
    bool on_comment_part(text, fault&) { return true; }
    bool on_comment(text, fault&) { return true; }

    bool is_object{};

private:
    bool wanted() const noexcept { return depth == 1 && current; }
    bool nested()
    {
        store(kind::other);
        ++depth;
        return true;
    }
    bool left()
    {
        --depth;
        return true;
    }
    bool store(kind type, std::size_t size = 0, double number = 0)
    {
        if (!wanted()) return true;
        auto& held = out.values_[*current];
        const token_json::value next{type, true, begin, size, number};
        if (!held.seen)
            held = next;
        else {
            out.repeated_ = true;
            if (held.type == kind::absent) held = next;
            // Two that differ: neither can be believed.
            else if (type != kind::absent && (type != held.type || out.text_of(held) != out.text_of(next)))
                held.type = kind::other;
        }
        return true;
    }

    token_json& out;
    std::string key;
    std::optional<std::size_t> current; // the member whose value comes next
    std::size_t begin{};                // of that value's text
    std::size_t depth{};
};

token_json::token_json(std::string_view body)
{
    // RFC 8259 8.1: a byte order mark may be ignored.
    if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
    // Text without its escapes is never longer than with them, so this never grows and leaves no copy behind.
    text_.reserve(body.size());
    valid_ = read(body, false);
    if (valid_) return;
    // Something is wrong with it, but perhaps not with the one part that must not be lost.
    wipe(text_);
    values_ = {};
    repeated_ = false;
    read(body, true);
}

token_json::~token_json() { wipe(text_); }

bool token_json::read(std::string_view body, bool salvage)
{
    json::parse_options options;
    options.max_depth = salvage ? 128 : 32;
    options.allow_invalid_utf8 = salvage;
    options.allow_trailing_commas = salvage;
    json::basic_parser<member_collector> parser(options, *this);
    boost::system::error_code ec;
    const std::size_t used = parser.write_some(false, body.data(), body.size(), ec);
    return !ec && used == body.size() && parser.handler().is_object;
}

} // namespace afresh::core
