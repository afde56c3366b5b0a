#pragma once
// What is said to PostgreSQL, and what it answers. All values are binary: keys and records are any bytes.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct pg_conn;
struct pg_result;

namespace afresh::store {

// The text is for the user and has no secret in it: PostgreSQL does not repeat the values it was given.
class postgres_failure : public std::runtime_error {
public:
    explicit postgres_failure(const std::string& text, std::string sqlstate = {})
        : std::runtime_error(text), sqlstate_(std::move(sqlstate))
    {
    }
    // The connection is gone, or was never there: what was asked may have been done, or not.
    bool is_lost() const noexcept
    {
        return sqlstate_.empty() || sqlstate_.starts_with("08") || sqlstate_.starts_with("57P");
    }
    const std::string& sqlstate() const noexcept { return sqlstate_; }

private:
    std::string sqlstate_;
};

class postgres_statement {
public:
    explicit postgres_statement(std::string sql) : sql_(std::move(sql)) {}

    // In the order of $1, $2, ... Those not copied must live until the answer has come.
    postgres_statement& bytes(std::string_view value); // not copied
    postgres_statement& text(std::string_view value);  // not copied
    postgres_statement& integer(std::int64_t value);

    bool send(pg_conn* connection) const; // puts it into the connection's buffer
    const std::string& sql() const noexcept { return sql_; }

private:
    struct parameter {
        unsigned type{};
        std::string_view given;
        std::string made; // when nothing was given
    };
    std::string sql_;
    std::vector<parameter> parameters_;
};

// The rows of one statement.
class postgres_answer {
public:
    explicit postgres_answer(pg_result* result) noexcept : result_(result) {}

    int rows() const noexcept;
    bool is_null(int row, int column) const noexcept;
    std::string_view bytes(int row, int column) const noexcept;
    std::int64_t integer(int row, int column) const noexcept; // bigint, integer or boolean
    std::string_view command() const noexcept;                // COMMIT, ROLLBACK, ...

private:
    struct clear {
        void operator()(pg_result* r) const noexcept;
    };
    std::unique_ptr<pg_result, clear> result_;
};

using postgres_batch = std::vector<postgres_statement>;
using postgres_answers = std::vector<postgres_answer>;

} // namespace afresh::store
