#include "client/attach.hpp"

#include "core/challenge.hpp"
#include "source/chain.hpp"

#include <optional>
#include <utility>

namespace afresh::detail {
namespace {

proof_use use_of(const chain& source, const access_token& token, const std::string& method, const core::url_parts& to)
{
    proof_use use(core::proof_reader::resource_server, method, to, source.service->now().wall);
    use.ath = token.data().ath;
    return use;
}

void put(const access_token& token, std::string proof, http_fields& fields)
{
    fields.add("Authorization", token.authorization());
    if (!proof.empty()) fields.add("DPoP", std::move(proof));
}

} // namespace

bool attach_now(const chain& source, const access_token& token, const std::string& method, const core::url_parts& to,
                http_fields& fields)
{
    std::optional<std::string> proof = std::string();
    if (const auto& key = token.data().key) proof = key->prove_now(use_of(source, token, method, to));
    if (!proof) return false;
    put(token, *std::move(proof), fields);
    return true;
}

asio::awaitable<void> attach(const chain& source, access_token token, std::string method, core::url_parts to,
                             http_fields& fields)
{
    std::string proof;
    if (const auto key = token.data().key) {
        proof_use use = use_of(source, token, method, to);
        proof = co_await key->prove(std::move(use));
    }
    put(token, std::move(proof), fields);
}

next_step next_after(const chain& source, const access_token& sent, const std::string& origin, unsigned status,
                     const http_fields& fields, replays& done)
{
    const auto& key = sent.data().key;
    if (key) key->learn(core::proof_reader::resource_server, origin, fields, source.service->now().wall);
    switch (core::classify_challenge(status, fields)) {
    case core::challenge_action::none: break;
    case core::challenge_action::renew: return std::exchange(done.renewed, true) ? next_step::none : next_step::renew;
    case core::challenge_action::prove_again:
        if (key && !std::exchange(done.proved_again, true)) return next_step::prove_again;
    }
    return next_step::none;
}

} // namespace afresh::detail
