#include <afresh/postgres_token_store.hpp>

#include "store/completion.hpp"
#include "store/failed_reply.hpp"
#include "store/postgres_engine.hpp"
#include "store/postgres_listener.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace afresh {
namespace {

using store::postgres_engine;
using store::postgres_listener;

// Answers in any case, also when the context of the connections goes before the command has ended.
class pending_answer {
public:
    explicit pending_answer(store::completion done) : done_(std::move(done)) {}
    pending_answer(pending_answer&&) = default;
    pending_answer& operator=(pending_answer&&) = delete;
    ~pending_answer() { done_(store::failed_reply("the execution context of the PostgreSQL token store has ended")); }

    void operator()(store_reply reply) { done_(std::move(reply)); }

private:
    store::completion done_; // the first call counts
};

asio::awaitable<void> carry_out(std::shared_ptr<postgres_engine> engine, std::string key, store_command command,
                                pending_answer done)
{
    store_reply reply = co_await engine->run(std::move(key), std::move(command));
    done(std::move(reply));
}

class postgres_token_store final : public token_store {
public:
    postgres_token_store(asio::any_io_executor executor, postgres_store_options options)
        : engine_(std::make_shared<postgres_engine>(std::move(executor), std::move(options))),
          listener_(postgres_listener::make(engine_)),
          pid_(::getpid())
    {
    }

    asio::awaitable<store_reply> execute(std::string key, store_command command) override
    {
        if (pid_ != ::getpid()) // the connections are the parent's (FAULTS A11)
            co_return store::failed_reply("the token store was made before fork(); make it again in the child");
        starter start(*engine_);
        const asio::use_awaitable_t<> token;
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(store_reply)>(
            start, token, std::move(key), std::move(command));
    }

    std::shared_ptr<void> watch(change_handler on_change) override { return listener_->watch(std::move(on_change)); }

private:
    struct starter {
        explicit starter(postgres_engine& e) : engine(&e) {}
        template <class Handler>
        void operator()(Handler handler, std::string key, store_command command) const
        {
            const auto executor = asio::get_associated_executor(handler);
            pending_answer done(store::completion(executor, std::move(handler)));
            asio::co_spawn(engine->strand,
                           carry_out(engine->shared_from_this(), std::move(key), std::move(command), std::move(done)),
                           asio::detached);
        }
        postgres_engine* engine; // the caller's coroutine, where this lives, must not keep it
    };

    std::shared_ptr<postgres_engine> engine_; // also owned by commands under way
    std::shared_ptr<postgres_listener> listener_;
    pid_t pid_;
};

} // namespace

std::shared_ptr<token_store> make_postgres_token_store(asio::any_io_executor executor, postgres_store_options options)
{
    try {
        return std::make_shared<postgres_token_store>(std::move(executor), std::move(options));
    } catch (const std::invalid_argument& e) {
        throw boost::system::system_error(make_error_code(errc::invalid_argument), e.what());
    }
}

} // namespace afresh
