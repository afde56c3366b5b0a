// DESIGN "Durable rotation": what may happen to a chain's record, and in which state. Total: every (record, command)
// pair has an answer. Each function below checks everything before it changes anything.

#include <afresh/chain_record.hpp>

#include <algorithm>

namespace afresh {
namespace {

using status = store_reply::status;
using std::chrono::milliseconds;

// No lease or pause of a day is meant seriously; the bound keeps the arithmetic in range whatever a caller passes.
store_time later(store_time now, milliseconds by)
{
    const store_time::duration step = std::clamp(by, milliseconds(0), milliseconds(24 * 3'600'000));
    return now > store_time::max() - step ? store_time::max() : now + step;
}

bool is_held(const lease& l, store_time now) { return !l.owner.empty() && now < l.until; }

bool is_holder(const chain_record& record, const store_command& command, store_time now)
{
    return is_held(record.holder, now) && record.holder.fence == command.fence;
}

void release(lease& l)
{
    l.owner.clear(); // the fence stays: the next holder's is greater
    l.until = {};
}

void forget_failure(chain_record& record)
{
    record.not_before = {};
    record.retry_in = {};
    record.last_cause.clear();
}

stored_token* find_like(std::vector<stored_token>& tokens, const stored_token& like)
{
    const auto found = std::find_if(tokens.begin(), tokens.end(), [&](const stored_token& t) {
        return t.scope == like.scope && t.resource == like.resource && t.dpop_jkt == like.dpop_jkt;
    });
    return found == tokens.end() ? nullptr : &*found;
}

// Does the record hold what this command would have written? Then the acknowledgement of its commit was lost.
bool holds_result_of(chain_record& record, const store_command& command, const std::string& rt_hash)
{
    if (record.generation != command.generation + 1 || record.state != grant_state::live) return false;
    if (record.rt_hash != rt_hash) return false;
    if (!command.token) return true;
    const stored_token* t = find_like(record.tokens, *command.token);
    return t && t->access_token == command.token->access_token;
}

status take_lease(chain_record& record, const store_command& command, store_time now)
{
    if (command.owner.empty()) return status::failed;
    lease& l = record.holder;
    const bool held = is_held(l, now);
    if (held && l.owner != command.owner) return status::busy;
    // The same owner after expiry is a new holder too: in between, nobody kept others out.
    if (!held) ++l.fence;
    l.owner = command.owner;
    l.until = later(now, command.ttl);
    return status::ok;
}

status renew_lease(chain_record& record, const store_command& command, store_time now)
{
    if (!is_holder(record, command, now)) return status::fenced;
    record.holder.until = later(now, command.ttl);
    return status::ok;
}

status release_lease(chain_record& record, const store_command& command)
{
    // Who no longer holds it has nothing to release: not a failure.
    if (record.holder.fence == command.fence) release(record.holder);
    return status::ok;
}

// What guards all writes but that of a success: the lease, and that the caller knows this generation.
status guard(const chain_record& record, const store_command& command, store_time now)
{
    if (!is_holder(record, command, now)) return status::fenced;
    if (record.generation != command.generation) return status::superseded;
    return record.state == grant_state::signed_out ? status::signed_out : status::ok;
}

status write_intent(chain_record& record, const store_command& command, store_time now)
{
    if (command.rt_hash.empty()) return status::failed;
    if (const status s = guard(record, command, now); s != status::ok) return s;
    // A dead grant is revived before it is sent again; another refresh token than the record's means another view of
    // it.
    if (record.state != grant_state::live) return status::superseded;
    if (!record.rt_hash.empty() && record.rt_hash != command.rt_hash) return status::superseded;
    send_intent& intent = record.intent;
    if (intent.rt_hash == command.rt_hash) {
        // A verdict clears the intent unless doubt remains: what is still here ended in doubt, or its sender died.
        ++intent.attempts;
        intent.in_doubt = true;
    } else {
        intent = {command.rt_hash, now, 1, false};
    }
    // Whoever waited long for this has the whole lease before it again.
    record.holder.until = std::max(record.holder.until, later(now, command.ttl));
    return status::ok;
}

void take_tokens(chain_record& record, const store_command& command)
{
    if (!command.token) return;
    stored_token token = *command.token;
    token.generation = record.generation;
    if (stored_token* old = find_like(record.tokens, token))
        *old = std::move(token);
    else
        record.tokens.push_back(std::move(token));
}

// Keyed by (generation, hash of the refresh token sent), whatever the fence. FAULTS I5: an answer that carries a
// refresh token is saved unless the record is known to be newer, because it is the only copy there is.
status save_success(chain_record& record, const store_command& command)
{
    if (record.state == grant_state::signed_out) return status::signed_out;
    const bool rotates = !command.new_refresh_token.empty();
    // A record that knows no refresh token (client credentials, or one that began empty) is matched by its generation
    // alone.
    const bool same_rt = record.rt_hash == command.rt_hash || record.rt_hash.empty();
    // The store lost the record (then it is empty) or went back in time (a backup, a failover): this process knows
    // better.
    const bool older = record.generation < command.generation;
    if (!older && (record.generation != command.generation || !same_rt)) {
        const bool unknown = record.rt_hash.empty() && !rotates;
        const std::string& left = unknown ? record.rt_hash : rotates ? command.new_rt_hash : command.rt_hash;
        return holds_result_of(record, command, left) ? status::ok : status::superseded;
    }
    if (rotates) {
        record.refresh_token = command.new_refresh_token;
        record.rt_hash = command.new_rt_hash;
    } else if (!same_rt) { // older, and its refresh token is spent: worse than none
        record.refresh_token.wipe();
        record.rt_hash.clear();
    }
    record.dpop = command.dpop;
    record.session = command.session;
    record.generation = command.generation + 1;
    record.refresh_expires_at = command.refresh_expires_at;
    take_tokens(record, command);
    record.state = grant_state::live;
    record.intent = {};
    forget_failure(record);
    if (!record.holder.owner.empty() && record.holder.fence == command.fence) release(record.holder);
    return status::ok;
}

void resolve(send_intent& intent, const store_command& command, store_time now)
{
    const bool noted = !intent.rt_hash.empty() && (command.rt_hash.empty() || command.rt_hash == intent.rt_hash);
    switch (command.failure) {
    case exchange_failure::not_sent:
        if (noted && intent.attempts > 0) --intent.attempts;
        if (noted && intent.attempts == 0 && !intent.in_doubt) intent = {};
        break;
    case exchange_failure::not_consumed: // says nothing about an earlier attempt in doubt
        if (noted && !intent.in_doubt) intent = {};
        break;
    case exchange_failure::in_doubt:
        if (noted)
            intent.in_doubt = true;
        else if (!command.rt_hash.empty()) // sent without an intent: never by us, but doubt must not be lost
            intent = {command.rt_hash, now, 1, true};
        break;
    case exchange_failure::refused: break; // kept: `in_doubt` tells why it was refused
    }
}

status save_failure(chain_record& record, const store_command& command, store_time now)
{
    if (const status s = guard(record, command, now); s != status::ok) return s;
    resolve(record.intent, command, now);
    if (command.failure == exchange_failure::refused) record.state = grant_state::dead;
    record.not_before = later(now, command.retry_in);
    record.retry_in = std::chrono::duration_cast<milliseconds>(record.not_before - now);
    record.last_cause = command.cause;
    release(record.holder);
    return status::ok;
}

// Remembers every refresh token the program gave, so that a restart with the first one, or with the one of a later
// sign-in, does not overwrite its successors with a spent token.
void remember(chain_record& record, const std::string& given, bool begins)
{
    std::vector<std::string>& others = record.other_seeds;
    if (given.empty() || given == record.seed_hash) return;
    std::erase(others, given);
    if (record.seed_hash.empty()) {
        record.seed_hash = given;
        return;
    }
    others.insert(others.begin(), begins ? record.seed_hash : given);
    if (begins) record.seed_hash = given;
    if (others.size() > chain_record::max_other_seeds) others.resize(chain_record::max_other_seeds);
}

status replace(chain_record& record, const store_command& command, store_time now)
{
    if (!is_holder(record, command, now)) return status::fenced;
    const bool same_seed = command.seed_hash.empty() || command.seed_hash == record.seed_hash;
    const bool done = same_seed && holds_result_of(record, command, command.new_rt_hash);
    // An earlier try was done, its acknowledgement was lost, and a peer has renewed what it brought: that is spent.
    const bool overtaken = record.generation > command.generation + 1 && was_given(record, command.new_rt_hash);
    if (overtaken) return status::superseded;
    if (!command.keep_lease) release(record.holder);
    if (done) return status::ok;
    // Of the two generations the greater: one that a process has seen never comes again.
    record.generation = std::max(record.generation, command.generation) + 1;
    record.state = grant_state::live;
    record.refresh_token = command.new_refresh_token;
    record.rt_hash = command.new_rt_hash;
    record.dpop = command.dpop;
    record.session = command.session;
    record.refresh_expires_at.reset();
    remember(record, command.seed_hash, true);
    remember(record, command.new_rt_hash, false);
    record.tokens.clear();
    take_tokens(record, command);
    record.intent = {};
    forget_failure(record);
    return status::ok;
}

status sign_out(chain_record& record, const store_command& command, store_time now)
{
    if (!is_holder(record, command, now)) return status::fenced;
    if (record.state == grant_state::signed_out) return status::ok;
    record.generation = std::max(record.generation, command.generation) + 1;
    if (!was_given(record, command.seed_hash)) remember(record, command.seed_hash, true);
    record.state = grant_state::signed_out;
    record.refresh_token.wipe();
    record.rt_hash.clear();
    record.dpop = {};
    record.session.clear();
    record.tokens.clear();
    record.intent = {};
    forget_failure(record);
    return status::ok;
}

status revive(chain_record& record, const store_command& command, store_time now)
{
    if (!is_holder(record, command, now)) return status::fenced;
    if (record.state == grant_state::signed_out) return status::signed_out;
    if (record.state == grant_state::live) return status::ok;
    record.state = grant_state::live;
    forget_failure(record);
    // Its last attempt had a verdict, so only doubt of an earlier one is left to know.
    if (!record.intent.in_doubt) record.intent = {};
    return status::ok;
}

status change(chain_record& record, const store_command& command, store_time now)
{
    switch (command.what) {
    case store_command::kind::load: return status::ok;
    case store_command::kind::take_lease: return take_lease(record, command, now);
    case store_command::kind::renew_lease: return renew_lease(record, command, now);
    case store_command::kind::release_lease: return release_lease(record, command);
    case store_command::kind::write_intent: return write_intent(record, command, now);
    case store_command::kind::save_success: return save_success(record, command);
    case store_command::kind::save_failure: return save_failure(record, command, now);
    case store_command::kind::replace: return replace(record, command, now);
    case store_command::kind::sign_out: return sign_out(record, command, now);
    case store_command::kind::revive: return revive(record, command, now);
    }
    return status::failed;
}

} // namespace

bool was_given(const chain_record& record, std::string_view rt_hash) noexcept
{
    if (rt_hash.empty()) return false;
    const std::vector<std::string>& others = record.other_seeds;
    return record.seed_hash == rt_hash || record.rt_hash == rt_hash ||
           std::find(others.begin(), others.end(), rt_hash) != others.end();
}

store_reply apply(chain_record& record, const store_command& command, store_time now, bool found)
{
    store_reply reply;
    reply.found = found;
    reply.now = now;
    reply.outcome = change(record, command, now);
    if (reply.outcome == status::failed) {
        reply.error = errc::invalid_argument;
        reply.error_text =
            "the store command lacks what it needs: take_lease an owner, write_intent the refresh token's hash";
    }
    reply.record = record;
    return reply;
}

} // namespace afresh
