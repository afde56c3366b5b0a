#include "cli/gateway/event_log.hpp"

#include "cli/command/token_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace afresh::cli {
namespace {

const char* name_of_level(int level)
{
    if (level == 6) return "info";
    return level == 4 ? "warning" : "error";
}

// Words as they are, anything else in quotes: a line stays a line.
std::string value_text(const std::string& value)
{
    const bool word = !value.empty() && std::none_of(value.begin(), value.end(), [](unsigned char c) {
        return c <= ' ' || c == '"' || c == '\\' || c == 0x7f;
    });
    return word ? value : boost::json::serialize(boost::json::string(value));
}

} // namespace

event_log::event_log(log_format format) : format_(format), journal_(std::getenv("JOURNAL_STREAM") != nullptr) {}

void event_log::write(int level, std::string_view what, fields more) const
{
    std::string line;
    if (format_ == log_format::json) {
        boost::json::object o;
        o["time"] = rfc3339(std::chrono::system_clock::now());
        o["level"] = name_of_level(level);
        o["event"] = what;
        for (const auto& [name, value] : more) o[name] = value;
        line = boost::json::serialize(o);
    } else {
        if (journal_) line = "<" + std::to_string(level) + ">";
        line.append("afresh: ").append(what);
        for (const auto& [name, value] : more) line.append(" ").append(name).append("=").append(value_text(value));
    }
    line += '\n';
    const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    (void)written; // nobody is left to be told
}

} // namespace afresh::cli
