#pragma once
// What the gateway tells its operator, line by line on standard error. Never a token, a secret, or a query.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace afresh::cli {

enum class log_format { text, json };

// Thread-safe: each line is one write.
class event_log {
public:
    using fields = std::initializer_list<std::pair<std::string_view, std::string>>;
    explicit event_log(log_format format);

    void info(std::string_view what, fields more = {}) const { write(6, what, more); }
    void warning(std::string_view what, fields more = {}) const { write(4, what, more); }
    void error(std::string_view what, fields more = {}) const { write(3, what, more); }

private:
    void write(int level, std::string_view what, fields more) const; // as syslog(3) counts levels
    log_format format_;
    bool journal_; // reads the level from the line's beginning (sd-daemon(3))
};

} // namespace afresh::cli
