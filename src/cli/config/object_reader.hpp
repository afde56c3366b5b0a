#pragma once
// Reads the members of an object one by one, and complains about those that nobody asked for.

#include "cli/config/located_json.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::cli {

class object_reader {
public:
    // `where` names the object in messages. Throws located_error if it is none.
    object_reader(const located& object, std::string where);

    const located* find(std::string_view name);
    void text(std::string_view name, std::string& into);
    // One of these words.
    void word(std::string_view name, std::string& into, std::initializer_list<std::string_view> words);
    void flag(std::string_view name, bool& into);
    void count(std::string_view name, std::size_t& into, std::size_t least, std::size_t most);
    void texts(std::string_view name, std::vector<std::string>& into);
    // Throws for a name that was not asked for.
    void finish() const;

    [[noreturn]] void fail(std::size_t line, const std::string& why) const;
    std::size_t line() const noexcept { return object_.line; }

private:
    const located* of_kind(std::string_view name, located::kind k, const char* what);

    const located& object_;
    std::string where_;
    std::vector<std::string> known_;
};

} // namespace afresh::cli
