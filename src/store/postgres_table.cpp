#include "store/postgres_table.hpp"

#include <algorithm>
#include <stdexcept>

namespace afresh::store {
namespace {

bool is_name(std::string_view s)
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto other = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    // PostgreSQL cuts names at 63 bytes; ours get longer by an ending.
    return !s.empty() && s.size() <= 48 && letter(s.front()) && std::all_of(s.begin(), s.end(), other);
}

std::string identifier(std::string_view name) { return '"' + std::string(name) + '"'; }

constexpr const char* now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

} // namespace

postgres_table::postgres_table(std::string_view name)
{
    const std::size_t dot = name.find('.');
    const std::string_view schema = dot == std::string_view::npos ? "" : name.substr(0, dot);
    const std::string_view table = dot == std::string_view::npos ? name : name.substr(dot + 1);
    if (!is_name(table) || (dot != std::string_view::npos && !is_name(schema)))
        throw std::invalid_argument("table: must be a lower-case name of 48 characters at most, perhaps with a schema");
    const std::string where = dot == std::string_view::npos ? "" : identifier(schema) + '.';
    chain_ = where + identifier(table);
    version_ = where + identifier(std::string(table) + "_version");
    sealing_ = where + identifier(std::string(table) + "_sealing");
    channel_ = table;
}

// --- the schema ---

std::vector<std::string> postgres_table::step(int from) const
{
    switch (from) {
    case 0: // keys may be longer than an index takes, so they are found by their hash
        return {
            "CREATE TABLE " + chain_ +
                "(key_hash bytea PRIMARY KEY, key bytea NOT NULL, generation bigint NOT NULL DEFAULT 0, record bytea,"
                " updated_at timestamptz NOT NULL DEFAULT clock_timestamp()) WITH (fillfactor = 50)",
            "CREATE TABLE " + version_ + "(version integer NOT NULL)",
            "INSERT INTO " + version_ + "(version) VALUES (1)"};
    case 1: return {"CREATE TABLE " + sealing_ + "(id text PRIMARY KEY, proof text NOT NULL)"};
    default: return {};
    }
}

std::string postgres_table::all_steps() const
{
    std::string all;
    for (int v = 0; v < version; ++v)
        for (const std::string& s : step(v)) all += s + ";\n";
    return all + "UPDATE " + version_ + " SET version = " + std::to_string(version) + ";\n";
}

postgres_statement postgres_table::lock_schema() const
{
    postgres_statement s("SELECT pg_advisory_xact_lock(hashtextextended($1, 1634103909))");
    s.text(chain_);
    return s;
}

postgres_statement postgres_table::find_version_table() const
{
    postgres_statement s("SELECT to_regclass($1)::oid::bigint");
    s.text(version_);
    return s;
}

postgres_statement postgres_table::select_version() const
{
    return postgres_statement("SELECT version FROM " + version_);
}

postgres_statement postgres_table::set_version(int v) const
{
    postgres_statement s("UPDATE " + version_ + " SET version = $1");
    s.integer(v);
    return s;
}

postgres_statement postgres_table::select_keys() const
{
    return postgres_statement("SELECT id, proof FROM " + sealing_);
}

postgres_statement postgres_table::insert_key(std::string_view id, std::string_view proof) const
{
    postgres_statement s("INSERT INTO " + sealing_ + "(id, proof) VALUES ($1, $2)");
    s.text(id).text(proof);
    return s;
}

postgres_statement postgres_table::find_sealed_with(std::string_view beginning) const
{
    postgres_statement s("SELECT 1 FROM " + chain_ + " WHERE substr(record, 1, length($1)) = $1 LIMIT 1");
    s.bytes(beginning);
    return s;
}

postgres_statement postgres_table::select_all() const
{
    return postgres_statement("SELECT key, generation, record FROM " + chain_ + " WHERE record IS NOT NULL FOR UPDATE");
}

// --- a chain ---

postgres_statement postgres_table::load(std::string_view key) const
{
    postgres_statement s(std::string("SELECT ") + now + ", EXISTS(SELECT FROM " + sealing_ +
                         "), sha256($1), c.generation, c.record FROM (SELECT) AS one LEFT JOIN " + chain_ +
                         " AS c ON c.key_hash = sha256($1)");
    s.bytes(key);
    return s;
}

postgres_statement postgres_table::begin()
{
    return postgres_statement("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
}

// What a user set is left alone where it is safer. A process that is stopped between two statements must not keep
// others from the row for longer than a statement may take.
postgres_statement postgres_table::limit(std::chrono::milliseconds timeout)
{
    const std::string most = std::to_string(timeout.count());
    return postgres_statement("SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit')"
                              " IN ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END, true),"
                              " set_config('statement_timeout', '" +
                              most + "', true), set_config('lock_timeout', '" + most +
                              "', true), set_config('idle_in_transaction_session_timeout', '" + most + "', true)");
}

postgres_statement postgres_table::insert(std::string_view key) const
{
    postgres_statement s("INSERT INTO " + chain_ + "(key_hash, key) VALUES (sha256($1), $1) ON CONFLICT DO NOTHING");
    s.bytes(key);
    return s;
}

postgres_statement postgres_table::lock(std::string_view key) const
{
    postgres_statement s("SELECT FROM " + chain_ + " WHERE key_hash = sha256($1) FOR UPDATE");
    s.bytes(key);
    return s;
}

postgres_statement postgres_table::update(std::string_view key, std::int64_t generation, std::string_view record) const
{
    postgres_statement s(
        "UPDATE " + chain_ +
        " SET generation = $2, record = $3, updated_at = clock_timestamp() WHERE key_hash = sha256($1)");
    s.bytes(key).integer(generation).bytes(record);
    return s;
}

postgres_statement postgres_table::notify(std::string_view key, std::string_view sender) const
{
    postgres_statement s("SELECT pg_notify($2, encode(sha256($1), 'hex') || ' ' || $3)");
    s.bytes(key).text(channel_).text(sender);
    return s;
}

std::string hexadecimal(std::string_view key_hash)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : key_hash) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

} // namespace afresh::store
