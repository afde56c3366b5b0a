#pragma once
// JSON that knows on which line each of its parts stands, so that a mistake in a configuration can be shown.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::cli {

struct located_member;

struct located {
    enum class kind { null, boolean, number, text, list, object };
    kind type = kind::null;
    std::size_t line = 1;
    bool flag{};
    double number{};
    std::string text;
    std::vector<located> items;
    std::vector<located_member> members;
};
struct located_member {
    std::string name;
    std::size_t line = 1;
    located value;
};

struct located_error : std::runtime_error {
    located_error(std::size_t l, const std::string& what) : std::runtime_error(what), line(l) {}
    std::size_t line;
};

// Comments (// and /* */) and commas after the last element are allowed; a name that occurs twice in an object is not.
// Throws located_error.
located parse_located(std::string_view text);

} // namespace afresh::cli
