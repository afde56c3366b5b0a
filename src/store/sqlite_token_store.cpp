#include <afresh/sqlite_token_store.hpp>

#include "store/completion.hpp"
#include "store/sqlite_engine.hpp"
#include "store/worker.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace afresh {
namespace {

using store::sqlite_engine;
using store::worker;

struct command_job final : worker::job {
    command_job(std::shared_ptr<sqlite_engine> e, store::completion d, std::string k, store_command c)
        : engine(std::move(e)), done(std::move(d)), key(std::move(k)), command(std::move(c))
    {
    }
    void run() noexcept override { done(engine->run(key, command)); }

    std::shared_ptr<sqlite_engine> engine;
    store::completion done;
    std::string key;
    store_command command;
};

class sqlite_token_store final : public token_store {
public:
    explicit sqlite_token_store(const sqlite_store_options& options)
        : engine_(std::make_shared<sqlite_engine>(options)), worker_([e = engine_] { return e->upkeep(); })
    {
    }

    asio::awaitable<store_reply> execute(std::string key, store_command command) override
    {
        if (engine_->is_forked()) {
            // Neither SQLite's locks nor the thread came along (FAULTS A11).
            co_return store::failed_reply("the token store was opened before fork(); open it again in the child");
        }
        starter start(this);
        const asio::use_awaitable_t<> token;
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(store_reply)>(
            std::move(start), token, std::move(key), std::move(command));
    }

private:
    struct starter {
        explicit starter(sqlite_token_store* s) : self(s) {}
        template <class Handler>
        void operator()(Handler handler, std::string key, store_command command) const
        {
            const auto executor = asio::get_associated_executor(handler);
            self->post({executor, std::move(handler)}, std::move(key), std::move(command));
        }
        sqlite_token_store* self;
    };

    void post(store::completion done, std::string key, store_command command)
    {
        worker_.post(std::make_unique<command_job>(engine_, std::move(done), std::move(key), std::move(command)));
    }

    std::shared_ptr<sqlite_engine> engine_; // also owned by the thread's jobs
    worker worker_;                         // destroyed first: finishes what is queued
};

} // namespace

std::shared_ptr<token_store> make_sqlite_token_store(sqlite_store_options options)
{
    try {
        return std::make_shared<sqlite_token_store>(options);
    } catch (const std::invalid_argument& e) {
        throw boost::system::system_error(make_error_code(errc::invalid_argument), e.what());
    } catch (const std::runtime_error& e) {
        throw boost::system::system_error(make_error_code(errc::store_failed), e.what());
    }
}

} // namespace afresh
