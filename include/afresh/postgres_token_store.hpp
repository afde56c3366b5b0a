#pragma once
/// @file
/// One token for many machines: a PostgreSQL table. Link `afresh::postgres`.

#include <afresh/key_ring.hpp>
#include <afresh/postgres_export.hpp>
#include <afresh/token_store.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace afresh {

/// Settings of a PostgreSQL store; goes to `make_postgres_token_store` only.
struct postgres_store_options {
    /// libpq's connection string or URL. Its files and environment variables count too (`~/.pgpass`, PGSERVICE, ...), so
    /// no password need stand here. Several hosts are tried in order, each for `connect_timeout`; that must be the
    /// primary, unless `target_session_attrs` says otherwise. Over a network add `sslmode=verify-full`.
    std::string conninfo;
    /// Where to LISTEN, when `conninfo` leads to a pooler: a direct connection. Empty: `conninfo`.
    std::string listen_conninfo{};
    std::string table = "afresh_chain";                ///< lower-case name, perhaps with a schema; made when missing
    std::size_t connections = 4;                       ///< at most, besides the one that listens
    std::chrono::milliseconds connect_timeout{5000};   ///< for each address
    std::chrono::milliseconds statement_timeout{5000}; ///< for a lock or an answer
    /// Encrypts the records; empty: the database's privileges alone protect them. All who use the table need the keys. A
    /// table that was open until now is sealed when it is first used with keys, and never becomes open again.
    key_ring keys{};
};

/// Connects with the first command, which also makes the table or brings it up to date; reconnects when it must. Each
/// command is one short transaction of two round trips (a read: one) and durable when it is answered
/// (`synchronous_commit` is never below `on`); none is open while a token request is under way. All times are the
/// database's (`clock_timestamp()`). Works through a pooler in transaction mode.
///
/// Other machines hear of a change by NOTIFY within milliseconds.
///
/// @par Executors     Connections live on a strand of `executor`, whose context must outlive the store. After fork() make
///                    the store again in the child.
/// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument`: the text says which setting. What fails
///                    later is `errc::store_failed` in the reply, with a text that says what to do and no password.
AFRESH_POSTGRES_EXPORT std::shared_ptr<token_store> make_postgres_token_store(asio::any_io_executor executor,
                                                                              postgres_store_options options);

} // namespace afresh
