#include "core/dpop.hpp"

#include "core/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>

namespace afresh::core {
namespace {

using std::chrono::seconds;

constexpr std::size_t longest_nonce = 1024; // goes into every request, with the limits that servers have for those
constexpr seconds tolerated{2};             // less than a Date can tell

// RFC 9449 8.1: 1*NQCHAR, which JSON needs not escape
bool is_nonce(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest_nonce &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

// How far the sender's clock is ahead. Not of a cached answer, whose Date is old.
std::optional<seconds> ahead(const http_fields& answer, std::chrono::system_clock::time_point now)
{
    if (answer.contains("Age")) return std::nullopt;
    const auto here = std::chrono::floor<seconds>(now);
    const auto there = parse_http_date(answer.find("Date"), here);
    if (!there) return std::nullopt;
    return *there - here;
}

void append_member(std::string& out, std::string_view name, std::string_view value)
{
    out += out.empty() ? "{\"" : ",\"";
    out += name;
    out += "\":\"";
    out += value;
    out += '"';
}

} // namespace

std::string proof_header(std::string_view algorithm, std::string_view public_jwk)
{
    std::string out;
    append_member(out, "typ", "dpop+jwt");
    append_member(out, "alg", algorithm);
    out += ",\"jwk\":";
    out += public_jwk;
    out += '}';
    return out;
}

// By hand, as one is made for each request: nothing in it can need escaping but the method and the path.
std::string proof_claims(const proof_content& c)
{
    const std::string_view path = std::string_view(c.to.target).substr(0, c.to.target.find('?'));
    std::string out;
    out.reserve(192 + c.to.origin.size() + path.size() + c.nonce.size());
    append_member(out, "jti", c.jti);
    out += ",\"htm\":";
    out += boost::json::serialize(c.method);
    out += ",\"htu\":";
    out += boost::json::serialize(c.to.origin + std::string(path));
    out += ",\"iat\":";
    out += std::to_string(c.iat);
    if (!c.ath.empty()) append_member(out, "ath", c.ath);
    if (!c.nonce.empty()) append_member(out, "nonce", c.nonce);
    out += '}';
    return out;
}

bool asks_for_another_proof(std::string_view error) noexcept
{
    return error == "use_dpop_nonce" || error == "invalid_dpop_proof";
}

proof_memory::told proof_memory::about(proof_reader who, const std::string& origin) const
{
    const auto found = servers_.find({who, origin});
    return found == servers_.end() ? told() : found->second.what;
}

proof_memory::entry& proof_memory::of(proof_reader who, const std::string& origin)
{
    entry& e = servers_[{who, origin}];
    e.heard = ++heard_;
    if (servers_.size() > most)
        servers_.erase(std::min_element(servers_.begin(), servers_.end(),
                                        [](const auto& a, const auto& b) { return a.second.heard < b.second.heard; }));
    return e;
}

bool proof_memory::learn(proof_reader who, const std::string& origin, const http_fields& answer,
                         std::chrono::system_clock::time_point now)
{
    const auto nonces = answer.find_all("DPoP-Nonce");
    const bool fresh = nonces.size() == 1 && is_nonce(nonces.front()); // of two, nobody knows which
    const auto time = ahead(answer, now);
    const told before = about(who, origin);
    const bool off = time && std::chrono::abs(*time - before.ahead) >= tolerated;
    if (!fresh && !off) return false;
    told& what = of(who, origin).what;
    if (fresh) what.nonce = nonces.front();
    if (off) what.ahead = *time;
    return off || what.nonce != before.nonce;
}

void proof_memory::remember_nonce(proof_reader who, const std::string& origin, std::string nonce)
{
    if (is_nonce(nonce)) of(who, origin).what.nonce = std::move(nonce);
}

} // namespace afresh::core
