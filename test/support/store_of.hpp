#pragma once
// The store that a text names: sqlite:PATH or postgres:CONNINFO.

#include <afresh/sqlite_token_store.hpp>
#ifdef AFRESH_TEST_POSTGRES
#include <afresh/postgres_token_store.hpp>
#endif

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace afresh::test {

inline std::shared_ptr<token_store> store_of(const std::string& text, [[maybe_unused]] asio::any_io_executor executor)
{
    const std::string rest = text.substr(text.find(':') + 1);
    if (text.starts_with("sqlite:")) return make_sqlite_token_store({.path = rest});
#ifdef AFRESH_TEST_POSTGRES
    if (text.starts_with("postgres:")) return make_postgres_token_store(executor, {.conninfo = rest});
#endif
    throw std::invalid_argument("no such store: " + text);
}

} // namespace afresh::test
