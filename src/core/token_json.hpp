#pragma once
// The members of a token endpoint's JSON that mean something to us (RFC 6749 5.1, 5.2). Pure.
//
// Read with a SAX handler rather than into a document: Boost.JSON's document keeps the last of duplicate members
// without a word, and leaves copies of tokens in memory. Here all text is in one buffer that is wiped.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace afresh::core {

enum class member {
    access_token,
    refresh_token,
    id_token,
    token_type,
    scope,
    expires_in,
    error,
    error_description,
    error_uri,
    refresh_token_expires_in, // of the refresh token, if it is not used: Google, Microsoft, Okta, ...
    refresh_expires_in,       // the same: Keycloak
};
inline constexpr std::size_t member_count = 11;

class token_json {
public:
    enum class kind {
        absent, // or null, or an empty string: RFC 6749 3.2 treats a parameter without a value as omitted
        text,
        number,
        other, // boolean, object, array
    };

    // Reads a body of at most a few MiB. Never throws but std::bad_alloc.
    explicit token_json(std::string_view body);
    ~token_json();
    token_json(const token_json&) = delete;
    token_json& operator=(const token_json&) = delete;

    // One JSON object (RFC 8259), valid UTF-8, at most 32 deep, no member above twice.
    bool well_formed() const noexcept { return valid_ && !repeated_; }
    // A member above came twice: an answer that contradicts itself.
    bool contradictory() const noexcept { return repeated_; }

    // What was read, also when the body is not well formed: a refresh token in it may be the only copy there is. Of two
    // values that differ, neither (kind::other).
    kind type(member m) const noexcept { return slot(m).type; }
    std::string_view text(member m) const noexcept { return text_of(slot(m)); }
    double number(member m) const noexcept { return slot(m).number; }

private:
    friend struct member_collector;
    struct value {
        kind type = kind::absent;
        bool seen{};
        std::size_t begin{};
        std::size_t size{};
        double number{};
    };
    const value& slot(member m) const noexcept { return values_[static_cast<std::size_t>(m)]; }
    std::string_view text_of(const value& v) const noexcept
    {
        return v.type == kind::text ? std::string_view(text_).substr(v.begin, v.size) : std::string_view{};
    }
    bool read(std::string_view body, bool salvage);

    std::array<value, member_count> values_;
    std::string text_;
    bool valid_{};
    bool repeated_{};
};

} // namespace afresh::core
