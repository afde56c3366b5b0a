#include "core/challenge.hpp"

#include "core/dpop.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <string_view>

namespace afresh::core {
namespace {

// WWW-Authenticate = #challenge
// challenge        = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
// A comma separates parameters and challenges alike; what follows it tells which: "name =" is a parameter.
class challenge_reader {
public:
    challenge_reader(std::string_view text, std::vector<challenge>& out) : text_(text), out_(out) {}

    void read()
    {
        bool in_challenge = false; // of this field; a parameter before any scheme belongs to nobody
        while (skip_separators()) {
            const std::size_t element = at_;
            const std::string_view word = token();
            if (word.empty()) {
                skip_element();
                continue;
            }
            if (is_parameter()) {
                at_ = element;
                if (!parameter(in_challenge)) skip_element();
                continue;
            }
            in_challenge = scheme(word);
            if (!in_challenge) skip_element();
        }
    }

private:
    static bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }
    bool done() const noexcept { return at_ == text_.size(); }
    void skip_space()
    {
        while (!done() && is_space(text_[at_])) ++at_;
    }
    bool skip_separators()
    {
        while (!done() && (is_space(text_[at_]) || text_[at_] == ',')) ++at_;
        return !done();
    }
    // To the next comma that is not inside quotes: whatever stands here does not follow the grammar.
    void skip_element()
    {
        std::string ignored;
        while (!done() && text_[at_] != ',')
            if (text_[at_] != '"' || !quoted_string(ignored)) at_ = std::min(at_ + 1, text_.size());
    }
    std::string_view token()
    {
        const std::size_t begin = at_;
        while (!done() && is_http_token(text_.substr(at_, 1))) ++at_;
        return text_.substr(begin, at_ - begin);
    }
    // after a token: does BWS "=" follow?
    bool is_parameter()
    {
        skip_space();
        return !done() && text_[at_] == '=';
    }
    bool at_element_end()
    {
        skip_space();
        return done() || text_[at_] == ',';
    }
    // RFC 9110 5.6.4. Moves to the end of the text when the closing quote is missing.
    bool quoted_string(std::string& value)
    {
        for (++at_; !done(); ++at_) {
            if (text_[at_] == '"') {
                ++at_;
                return true;
            }
            if (text_[at_] == '\\' && ++at_ == text_.size()) return false;
            value += text_[at_];
        }
        return false;
    }
    // auth-param = token BWS "=" BWS ( token / quoted-string )
    bool parameter(bool wanted)
    {
        std::string name(token());
        skip_space();
        ++at_; // '='
        skip_space();
        std::string value;
        if (!done() && text_[at_] == '"') {
            if (!quoted_string(value)) return false;
        } else {
            value = token();
            if (value.empty()) return false;
        }
        if (!at_element_end() || !is_field_value(value)) return false;
        if (!wanted) return true;
        out_.back().token68.clear(); // token68 and parameters exclude each other, so that was an empty "name="
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        out_.back().parameters.emplace_back(std::move(name), std::move(value));
        return true;
    }
    // What follows a scheme: nothing, a token68, or the first parameter, which the loop reads. Anything else spoils it.
    bool scheme(std::string_view name)
    {
        challenge found;
        found.scheme = name;
        if (!at_element_end()) {
            if (!is_space(text_[at_ - 1])) return false; // "Bea@rer": not a token
            const std::size_t begin = at_;
            at_ = std::min(text_.find_first_of(", \t", begin), text_.size());
            const std::string_view word = text_.substr(begin, at_ - begin);
            // b64token and token68 are the same characters
            if (is_b64token(word) && at_element_end())
                found.token68 = word;
            else {
                at_ = begin;
                if (token().empty() || !is_parameter()) return false;
                at_ = begin;
            }
        }
        out_.push_back(std::move(found));
        return true;
    }

    std::string_view text_;
    std::vector<challenge>& out_;
    std::size_t at_ = 0;
};

} // namespace

const std::string* challenge::find(std::string_view name) const noexcept
{
    for (const auto& p : parameters)
        if (iequals(p.first, name)) return &p.second;
    return nullptr;
}

std::vector<challenge> parse_challenges(const http_fields& fields)
{
    std::vector<challenge> all;
    for (const std::string_view value : fields.find_all("WWW-Authenticate")) challenge_reader(value, all).read();
    return all;
}

challenge_action classify_challenge(unsigned status, const http_fields& fields)
{
    if (status != 401) return challenge_action::none;
    const auto all = parse_challenges(fields);
    // No header, or none that can be read: the status alone says that the token was not accepted.
    if (all.empty()) return challenge_action::renew;

    bool ours = false, coded = false, renew = false;
    for (const auto& c : all) {
        if (!iequals(c.scheme, "Bearer") && !iequals(c.scheme, "DPoP")) continue;
        ours = true;
        const std::string* error = c.find("error");
        if (!error) continue;
        coded = true;
        if (asks_for_another_proof(*error)) return challenge_action::prove_again;
        if (*error == "invalid_token") renew = true; // RFC 6750 3.1
    }
    // A code in one challenge weighs more than silence in another, which only offers a scheme.
    return renew || (ours && !coded) ? challenge_action::renew : challenge_action::none;
}

} // namespace afresh::core
