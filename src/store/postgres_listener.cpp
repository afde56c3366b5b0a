#include "store/postgres_listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace afresh::store {

std::shared_ptr<postgres_listener> postgres_listener::make(std::shared_ptr<postgres_engine> engine)
{
    const std::shared_ptr<postgres_listener> made(new postgres_listener(std::move(engine)));
    made->watchers_ = std::make_shared<watchers>([weak = made->weak_from_this()] {
        if (const auto self = weak.lock()) asio::post(self->engine_->strand, [self] { self->look(); });
    });
    return made;
}

std::shared_ptr<void> postgres_listener::watch(token_store::change_handler on_change)
{
    auto handle = watchers_->add(std::move(on_change));
    asio::post(engine_->strand, [self = shared_from_this()] { self->look(); });
    return handle;
}

void postgres_listener::look()
{
    if (watchers_->empty()) {
        if (stop_) stop_();
    } else if (!std::exchange(running_, true)) {
        asio::co_spawn(engine_->strand, run(shared_from_this()), asio::detached);
    }
}

asio::awaitable<void> postgres_listener::run(std::shared_ptr<postgres_listener> self)
{
    while (!self->watchers_->empty()) {
        try {
            co_await self->listen();
        } catch (const std::exception&) { // commands meet it too, and say so
            self->stop_ = nullptr;
        }
        if (!self->watchers_->empty()) co_await self->pause();
        self->stop_ = nullptr;
    }
    self->running_ = false;
}

asio::awaitable<void> postgres_listener::listen()
{
    const postgres_store_options& options = engine_->options;
    const postgres_engine::connection c =
        co_await engine_->connect(options.listen_conninfo.empty() ? options.conninfo : options.listen_conninfo);
    postgres_batch listen;
    listen.push_back(postgres_statement("LISTEN \"" + engine_->table().channel() + '"'));
    co_await c->run(listen, postgres_engine::clock::now() + options.statement_timeout);
    failures_ = 0;
    watchers_->tell({}); // until now nobody listened
    for (;;) {
        const std::vector<std::string> heard = co_await c->notifications(stop_);
        for (const std::string& payload : heard)
            if (const std::string key = engine_->key_of(payload); !key.empty()) watchers_->tell(key);
    }
}

asio::awaitable<void> postgres_listener::pause()
{
    const auto timer = std::make_shared<asio::steady_timer>(engine_->strand);
    timer->expires_after(std::chrono::milliseconds(100 << std::min(failures_++, 6u)));
    stop_ = [weak = std::weak_ptr(timer)] {
        if (const auto t = weak.lock()) t->cancel();
    };
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
}

} // namespace afresh::store
