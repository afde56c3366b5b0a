#include "cli/config/metadata_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

namespace afresh::cli {

namespace json = boost::json;

std::string metadata_json(const server_metadata& m)
{
    json::object o;
    for (const metadata_text& t : metadata_texts)
        if (!(m.*t.value).empty()) o[t.name] = m.*t.value;
    for (const metadata_list& l : metadata_lists)
        if (!(m.*l.value).empty()) o[l.name] = json::array((m.*l.value).begin(), (m.*l.value).end());
    return json::serialize(o);
}

server_metadata read_metadata_json(std::string_view text)
{
    server_metadata m;
    boost::system::error_code ec;
    const json::value v = json::parse({text.data(), text.size()}, ec);
    if (ec || !v.is_object()) return m;
    for (const metadata_text& t : metadata_texts)
        if (const json::value* const one = v.as_object().if_contains(t.name); one && one->is_string())
            m.*t.value = std::string(one->as_string());
    for (const metadata_list& l : metadata_lists)
        if (const json::value* const all = v.as_object().if_contains(l.name); all && all->is_array())
            for (const json::value& one : all->as_array())
                if (one.is_string()) (m.*l.value).emplace_back(one.as_string());
    return m;
}

} // namespace afresh::cli
