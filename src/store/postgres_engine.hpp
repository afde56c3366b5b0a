#pragma once
// A PostgreSQL store without its public face: its connections, and a command as a transaction on one of them.

#include "net/turns.hpp"
#include "store/postgres_addresses.hpp"
#include "store/postgres_connection.hpp"
#include "store/postgres_table.hpp"
#include "store/record_row.hpp"

#include <afresh/postgres_token_store.hpp>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace afresh::store {

// Everything on `strand`, but for the constructor.
class postgres_engine : public std::enable_shared_from_this<postgres_engine> {
public:
    using clock = postgres_connection::clock;
    using connection = std::unique_ptr<postgres_connection>;

    postgres_engine(asio::any_io_executor executor, postgres_store_options options); // throws std::invalid_argument

    const asio::any_io_executor strand;
    const postgres_store_options options;

    // What goes wrong is in the reply. The engine must live until then.
    asio::awaitable<store_reply> run(std::string key, store_command command);
    // To the first host that can be used. Throws postgres_failure, whose text names them all.
    asio::awaitable<connection> connect(std::string conninfo) const;
    const postgres_table& table() const noexcept { return table_; }
    // Which key a notification speaks of; empty: none that this store was ever asked for, or our own change.
    std::string key_of(const std::string& payload) const;

private:
    // How far a command came, for whoever must decide whether to try again.
    struct attempt {
        bool reused{};    // on a connection that may have been dead for long
        bool committed{}; // COMMIT is on its way: from here on nobody knows
    };
    asio::awaitable<store_reply> once(const std::string& key, const store_command& command, attempt& how);
    asio::awaitable<connection> borrow(attempt& how);
    asio::awaitable<store_reply> load(postgres_connection& c, const std::string& key);
    asio::awaitable<store_reply> change(postgres_connection& c, const std::string& key, const store_command& command,
                                        attempt& how);
    asio::awaitable<void> set_up(postgres_connection& c);
    asio::awaitable<void> bring_up_to_date(postgres_connection& c);
    asio::awaitable<void> check_seals(postgres_connection& c);
    asio::awaitable<void> seal_all(postgres_connection& c);
    asio::awaitable<postgres_answer> ask(postgres_connection& c, postgres_statement statement) const;
    struct row {
        store_time now;
        bool is_sealed{}; // the store: by some process, ever
        bool found{};
        chain_record record;
    };
    row read(const std::string& key, const postgres_answer& answer);
    clock::time_point limit() const;

    const std::string sender_; // of notifications
    postgres_table table_;
    record_row rows_;
    net::turns turns_;
    std::vector<connection> idle_;
    bool is_set_up_{};
    std::unordered_map<std::string, std::string> keys_; // by their hash in hexadecimal
};

} // namespace afresh::store
