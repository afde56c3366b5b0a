#pragma once
// The tables of a PostgreSQL store: their names, how they are made, and the statements that use them.

#include "store/postgres_statement.hpp"

#include <afresh/key_ring.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::store {

class postgres_table {
public:
    // `name` as the user gave it: `table` or `schema.table`. Throws std::invalid_argument.
    explicit postgres_table(std::string_view name);

    const std::string& channel() const noexcept { return channel_; } // of NOTIFY

    // --- the schema ---
    static constexpr int version = 2;
    // The statements that bring a schema of version `from` (0: there is none) to `from` + 1.
    std::vector<std::string> step(int from) const;
    std::string all_steps() const; // for whoever has the right to make tables
    postgres_statement lock_schema() const;
    postgres_statement find_version_table() const; // null: there is none
    postgres_statement select_version() const;
    postgres_statement set_version(int v) const;
    postgres_statement select_keys() const;                                           // id, proof
    postgres_statement insert_key(std::string_view id, std::string_view proof) const; // of sealing
    postgres_statement find_sealed_with(std::string_view beginning) const;            // any record that begins so
    postgres_statement select_all() const;                                            // key, generation, record; locked

    // --- a chain. `key` and `record` must live until the answer has come ---
    postgres_statement load(std::string_view key) const; // now, is sealed, hash, generation, record
    static postgres_statement begin();
    static postgres_statement limit(std::chrono::milliseconds timeout); // of the transaction begun
    postgres_statement insert(std::string_view key) const;              // an empty row, when there is none
    postgres_statement lock(std::string_view key) const;
    postgres_statement update(std::string_view key, std::int64_t generation, std::string_view record) const;
    postgres_statement notify(std::string_view key, std::string_view sender) const;

private:
    std::string chain_;
    std::string version_;
    std::string sealing_;
    std::string channel_;
};

// A notification: the hash of the chain's key, as in the column of that name, in hexadecimal, a space, and its sender.
std::string hexadecimal(std::string_view key_hash);

} // namespace afresh::store
