#pragma once
// The connection on which other machines' changes are heard, kept up while somebody wants to hear of them.

#include "store/postgres_engine.hpp"
#include "store/watchers.hpp"

#include <functional>
#include <memory>

namespace afresh::store {

// What waits may be stopped: else the context would never run out of work.
class postgres_listener : public std::enable_shared_from_this<postgres_listener> {
public:
    static std::shared_ptr<postgres_listener> make(std::shared_ptr<postgres_engine> engine);

    std::shared_ptr<void> watch(token_store::change_handler on_change); // from any thread

private:
    explicit postgres_listener(std::shared_ptr<postgres_engine> engine) : engine_(std::move(engine)) {}

    // On the strand.
    static asio::awaitable<void> run(std::shared_ptr<postgres_listener> self);
    asio::awaitable<void> listen();
    asio::awaitable<void> pause();
    void look(); // begins or ends, as there are watchers or none

    std::shared_ptr<postgres_engine> engine_;
    std::shared_ptr<watchers> watchers_;
    bool running_{};
    unsigned failures_{};        // in a row
    std::function<void()> stop_; // ends what run() waits for; empty: it waits for nothing that could take long
};

} // namespace afresh::store
