#include "cli/config/located_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <utility>

namespace afresh::cli {
namespace {

namespace json = boost::json;
using boost::system::error_code;

// What the parser tells, line by line. It owns what is open; the line is that of the text it was given last.
struct builder {
    static constexpr std::size_t max_object_size = 10'000;
    static constexpr std::size_t max_array_size = 10'000;
    static constexpr std::size_t max_key_size = 1'000;
    static constexpr std::size_t max_string_size = 100'000;

    std::size_t line = 1;
    located root;
    std::string problem;

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return open(located::kind::object); }
    bool on_object_end(std::size_t, error_code&) { return close(); }
    bool on_array_begin(error_code&) { return open(located::kind::list); }
    bool on_array_end(std::size_t, error_code&) { return close(); }
    bool on_key_part(json::string_view s, std::size_t, error_code&) { return gather(s); }
    bool on_key(json::string_view s, std::size_t, error_code& ec)
    {
        gather(s);
        std::vector<located_member>& all = open_.back()->members;
        const bool twice = std::any_of(all.begin(), all.end(), [&](const auto& m) { return m.name == text_; });
        if (twice) {
            problem = "the name \"" + text_ + "\" occurs twice";
            ec = json::error::syntax;
            return false;
        }
        all.push_back({std::exchange(text_, {}), line, {}});
        return true;
    }
    bool on_string_part(json::string_view s, std::size_t, error_code&) { return gather(s); }
    bool on_string(json::string_view s, std::size_t, error_code&)
    {
        gather(s);
        put(located::kind::text).text = std::exchange(text_, {});
        return true;
    }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t n, json::string_view, error_code&) { return number(static_cast<double>(n)); }
    bool on_uint64(std::uint64_t n, json::string_view, error_code&) { return number(static_cast<double>(n)); }
    bool on_double(double n, json::string_view, error_code&) { return number(n); }
    bool on_bool(bool b, error_code&)
    {
        put(located::kind::boolean).flag = b;
        return true;
    }
    bool on_null(error_code&)
    {
        put(located::kind::null);
        return true;
    }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

private:
    bool gather(json::string_view s)
    {
        text_.append(s.data(), s.size());
        return true;
    }
    bool number(double n)
    {
        put(located::kind::number).number = n;
        return true;
    }
    // The place of the next value. Pointers stay good: only the innermost open value grows.
    located& put(located::kind k)
    {
        located* at = &root;
        if (!open_.empty()) {
            located& in = *open_.back();
            at = in.type == located::kind::object ? &in.members.back().value : &in.items.emplace_back();
        }
        at->type = k;
        at->line = line;
        return *at;
    }
    bool open(located::kind k)
    {
        open_.push_back(&put(k));
        return true;
    }
    bool close()
    {
        open_.pop_back();
        return true;
    }

    std::vector<located*> open_;
    std::string text_;
};

} // namespace

located parse_located(std::string_view text)
{
    json::parse_options options;
    options.allow_comments = true;
    options.allow_trailing_commas = true;
    options.max_depth = 16;
    json::basic_parser<builder> parser(options);
    builder& made = parser.handler();
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        error_code ec;
        const std::size_t read = parser.write_some(end < text.size(), text.data(), end, ec);
        if (ec && !made.problem.empty()) throw located_error(made.line, made.problem);
        if (ec == json::error::incomplete) break;
        if (!ec && read < end) throw located_error(made.line, "there is more after the closing brace");
        if (ec) throw located_error(made.line, "this is no JSON: " + ec.message());
        text.remove_prefix(end);
        if (!text.empty()) ++made.line;
    }
    if (!parser.done()) throw located_error(made.line, "the text ends too early: a brace or quote is not closed");
    return std::move(made.root);
}

} // namespace afresh::cli
