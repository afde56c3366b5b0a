#include <afresh/sqlite_token_store.hpp>

#include "store/completion.hpp"
#include "store/failed_reply.hpp"
#include "store/file_watch.hpp"
#include "store/sqlite_engine.hpp"
#include "store/watchers.hpp"
#include "store/worker.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace afresh {
namespace {

using store::sqlite_engine;
using store::worker;

// Commands on their way to the thread. What gathers while a transaction is committed becomes the next one, so that many
// chains share the cost of making it durable.
class command_queue {
public:
    void push(std::string key, store_command command, store::completion done)
    {
        std::lock_guard lock(mutex_);
        entries_.push_back({{std::move(key), std::move(command)}, std::move(done)});
    }
    void run(sqlite_engine& engine) noexcept
    {
        std::list<entry> batch = take();
        std::array<store::store_task*, most> tasks{};
        std::size_t count = 0;
        for (entry& e : batch) tasks[count++] = &e.task;
        engine.run({tasks.data(), count});
        for (entry& e : batch) e.done(std::move(e.task.reply));
    }

private:
    static constexpr std::size_t most = 128;
    struct entry {
        store::store_task task;
        store::completion done;
    };

    // From the front, in order, until a key comes for the second time.
    std::list<entry> take() noexcept
    {
        std::list<entry> batch;
        std::lock_guard lock(mutex_);
        while (!entries_.empty() && batch.size() < most) {
            const std::string& key = entries_.front().task.key;
            if (std::any_of(batch.begin(), batch.end(), [&](const entry& e) { return e.task.key == key; })) break;
            batch.splice(batch.end(), entries_, entries_.begin());
        }
        return batch;
    }

    std::mutex mutex_;
    std::list<entry> entries_;
};

// One for each command: the thread's queue never runs dry before the commands' does.
struct batch_job final : worker::job {
    batch_job(std::shared_ptr<sqlite_engine> e, std::shared_ptr<command_queue> q)
        : engine(std::move(e)), queue(std::move(q))
    {
    }
    void run() noexcept override { queue->run(*engine); }

    std::shared_ptr<sqlite_engine> engine;
    std::shared_ptr<command_queue> queue;
};

// Others have written to the file, or we have.
struct news_job final : worker::job {
    news_job(std::shared_ptr<sqlite_engine> e, std::shared_ptr<store::watchers> w)
        : engine(std::move(e)), watchers(std::move(w))
    {
    }
    void run() noexcept override
    try {
        for (const std::string& key : engine->changes()) watchers->tell(key);
    } catch (const std::exception&) { // commands meet it too, and say so
        return;
    }

    std::shared_ptr<sqlite_engine> engine;
    std::shared_ptr<store::watchers> watchers;
};

class sqlite_token_store final : public token_store {
public:
    explicit sqlite_token_store(const sqlite_store_options& options)
        : engine_(std::make_shared<sqlite_engine>(options)),
          worker_([e = engine_] { return e->upkeep(); }),
          path_(options.path)
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
            start, token, std::move(key), std::move(command));
    }

    std::shared_ptr<void> watch(change_handler on_change) override
    {
        auto handle = watchers_->add(std::move(on_change));
        const std::lock_guard lock(mutex_);
        if (!watch_)
            watch_.emplace(path_ + ".lock", [this] {
                if (!watchers_->empty()) worker_.post(std::make_unique<news_job>(engine_, watchers_));
            });
        return handle;
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
        queue_->push(std::move(key), std::move(command), std::move(done));
        worker_.post(std::make_unique<batch_job>(engine_, queue_));
    }

    std::shared_ptr<sqlite_engine> engine_; // also owned by the thread's jobs
    std::shared_ptr<command_queue> queue_ = std::make_shared<command_queue>();
    std::shared_ptr<store::watchers> watchers_ = std::make_shared<store::watchers>([] {});
    worker worker_; // destroyed before those above: finishes what is queued
    const std::string path_;
    std::mutex mutex_;
    std::optional<store::file_watch> watch_; // from the first watcher on
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
