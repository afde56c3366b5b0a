#pragma once
// Store commands, each on one line of a test. A refresh token "r1" has the hash "#r1".

#include <afresh/chain_record.hpp>

#include <ostream>
#include <string>
#include <utility>

namespace afresh {

inline std::ostream& operator<<(std::ostream& out, store_reply::status s)
{
    switch (s) {
    case store_reply::status::ok: return out << "ok";
    case store_reply::status::busy: return out << "busy";
    case store_reply::status::fenced: return out << "fenced";
    case store_reply::status::superseded: return out << "superseded";
    case store_reply::status::signed_out: return out << "signed_out";
    case store_reply::status::failed: return out << "failed";
    }
    return out << "?";
}

inline std::ostream& operator<<(std::ostream& out, grant_state s)
{
    return out << (s == grant_state::live ? "live" : s == grant_state::dead ? "dead" : "signed out");
}

} // namespace afresh

namespace afresh::test {

using std::chrono::milliseconds;
using std::chrono::seconds;
using kind = store_command::kind;
using status = store_reply::status;

inline std::string hash_of(const std::string& refresh_token)
{
    return refresh_token.empty() ? "" : "#" + refresh_token;
}

inline stored_token access_token(const std::string& text, const std::string& scope = "s",
                                 const std::string& resource = "")
{
    stored_token t;
    t.scope = scope;
    t.resource = resource;
    t.access_token = text;
    t.token_type = "Bearer";
    return t;
}

inline store_command take(const std::string& owner, milliseconds ttl = seconds(6))
{
    store_command c(kind::take_lease);
    c.owner = owner;
    c.ttl = ttl;
    return c;
}

inline store_command with_fence(kind what, std::uint64_t fence, std::uint64_t generation = 0)
{
    store_command c(what);
    c.fence = fence;
    c.generation = generation;
    return c;
}

inline store_command renew(std::uint64_t fence, milliseconds ttl = seconds(6))
{
    store_command c = with_fence(kind::renew_lease, fence);
    c.ttl = ttl;
    return c;
}

inline store_command release(std::uint64_t fence) { return with_fence(kind::release_lease, fence); }

inline store_command intend(std::uint64_t fence, std::uint64_t generation, const std::string& refresh_token)
{
    store_command c = with_fence(kind::write_intent, fence, generation);
    c.rt_hash = hash_of(refresh_token);
    return c;
}

// The answer to `sent`: access token `access`, and the refresh token `received` unless that is empty.
inline store_command save(std::uint64_t fence, std::uint64_t generation, const std::string& sent,
                          const std::string& received, const std::string& access)
{
    store_command c = with_fence(kind::save_success, fence, generation);
    c.rt_hash = hash_of(sent);
    c.new_refresh_token = received;
    c.new_rt_hash = hash_of(received.empty() ? sent : received);
    c.token = access_token(access);
    return c;
}

inline store_command fail(std::uint64_t fence, std::uint64_t generation, const std::string& sent, exchange_failure how,
                          milliseconds retry_in = {}, const std::string& cause = "")
{
    store_command c = with_fence(kind::save_failure, fence, generation);
    c.rt_hash = hash_of(sent);
    c.failure = how;
    c.retry_in = retry_in;
    c.cause = cause;
    return c;
}

// The lease stays, so that a test can go on under it.
inline store_command replace(std::uint64_t fence, std::uint64_t generation, const std::string& refresh_token,
                             const std::string& seed = "")
{
    store_command c = with_fence(kind::replace, fence, generation);
    c.new_refresh_token = refresh_token;
    c.new_rt_hash = hash_of(refresh_token);
    c.seed_hash = hash_of(seed);
    c.keep_lease = true;
    return c;
}

} // namespace afresh::test
