#include "store/postgres_statement.hpp"

#include <libpq-fe.h>

namespace afresh::store {
namespace {

// From PostgreSQL's catalog, which never changes these.
constexpr Oid bytea_type = 17;
constexpr Oid int8_type = 20;
constexpr Oid text_type = 25;

} // namespace

postgres_statement& postgres_statement::bytes(std::string_view value)
{
    parameters_.push_back({bytea_type, value, {}});
    return *this;
}

postgres_statement& postgres_statement::text(std::string_view value)
{
    parameters_.push_back({text_type, value, {}});
    return *this;
}

postgres_statement& postgres_statement::integer(std::int64_t value)
{
    std::string big_endian(8, '\0');
    for (int i = 0; i < 8; ++i) big_endian[7 - i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
    parameters_.push_back({int8_type, {}, std::move(big_endian)});
    return *this;
}

bool postgres_statement::send(PGconn* connection) const
{
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const parameter& p : parameters_) {
        const std::string_view value = p.made.empty() ? p.given : p.made;
        types.push_back(p.type);
        values.push_back(value.data() ? value.data() : ""); // a null pointer would be NULL
        lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> binary(parameters_.size(), 1);
    return PQsendQueryParams(connection, sql_.c_str(), static_cast<int>(parameters_.size()), types.data(),
                             values.data(), lengths.data(), binary.data(), 1) == 1;
}

int postgres_answer::rows() const noexcept { return PQntuples(result_.get()); }

bool postgres_answer::is_null(int row, int column) const noexcept
{
    return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view postgres_answer::bytes(int row, int column) const noexcept
{
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t postgres_answer::integer(int row, int column) const noexcept
{
    std::uint64_t value = 0;
    for (const char c : bytes(row, column)) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
}

std::string_view postgres_answer::command() const noexcept { return PQcmdStatus(result_.get()); }

void postgres_answer::clear::operator()(pg_result* r) const noexcept { PQclear(r); }

} // namespace afresh::store
