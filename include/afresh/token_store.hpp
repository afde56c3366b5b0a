#pragma once
/// @file
/// The seam to durable memory.

#include <afresh/chain_record.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

namespace afresh {

namespace asio = boost::asio;

/// Keeps chains. A store has one operation: an atomic, durable read-modify-write of one record, whose rules are the
/// pure function `apply()`. Implement it over any database that can lock a row or compare and set a version:
///
/// @code
/// begin; record = select ... for update; reply = apply(record, command, database_now, found);
/// if (reply.outcome == ok && command.what != load) update ...; commit (durable); return reply;
/// @endcode
///
/// @par Thread safety Called concurrently from several strands, also for one key: `renew_lease` overlaps with others,
///                    and so do the commands of several audiences.
/// @par Cancellation  Never cancelled by Afresh.
class AFRESH_EXPORT token_store {
public:
    virtual ~token_store() = default;
    /// Runs on the awaiting coroutine's executor and must not block it. Failures go into the reply; an exception counts
    /// as `status::failed`.
    virtual asio::awaitable<store_reply> execute(std::string key, store_command command) = 0;

    /// Takes the key of a chain whose generation or state has changed, by whomever; an empty one: perhaps all have.
    using change_handler = std::function<void(const std::string& key)>;
    /// Calls `on_change` until the handle that it returns is destroyed: from any thread, and once more perhaps while that
    /// happens. It must be quick and must not throw. A hint: some may be missed, and some come twice. Null, the default:
    /// this store does not tell, and others' tokens are found when those held become due.
    virtual std::shared_ptr<void> watch([[maybe_unused]] change_handler on_change) { return nullptr; }

    /// True when tokens survive the process. A source says in its status whether they do.
    virtual bool is_durable() const noexcept { return true; }
};

/// Keeps chains in this process only: a restart loses rotated refresh tokens. For client credentials and tests.
AFRESH_EXPORT std::shared_ptr<token_store> make_memory_token_store();

} // namespace afresh
