#include "cli/gateway/connections.hpp"

#include "cli/gateway/forwarding.hpp"
#include "cli/gateway/refusal.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace afresh::cli {
namespace {

refusal strange_host()
{
    return {421, "the request's Host is none of this gateway's names; if it is one, name it in the gateway's hosts"};
}

} // namespace

void connections::serve(inbound_socket socket)
{
    const auto connection = std::make_shared<inbound>(std::move(socket), turn_);
    if (draining_) connection->drain();
    open_.insert(connection);
    count_.store(open_.size(), std::memory_order_relaxed);
    const auto self = shared_from_this();
    asio::co_spawn(executor_, answer_all(self, connection), [self, connection](const std::exception_ptr&) {
        connection->close(); // it may have broken off
        self->open_.erase(connection);
        self->count_.store(self->open_.size(), std::memory_order_relaxed);
    });
}

asio::awaitable<void> connections::answer_all(std::shared_ptr<connections> self, std::shared_ptr<inbound> in)
{
    if (self->greeting_) {
        const bool answered = co_await self->greeting_(in);
        if (answered) co_return;
    }
    while (co_await in->read_header()) {
        const auto handler = self->handler_; // the next request's may be another
        if (self->hosts_ && is_strange_host(find_field(in->fields(), "Host"), *self->hosts_))
            co_await answer_refusal(*in, strange_host());
        else
            co_await (*handler)(in);
        if (in->may_go_on()) continue;
        if (in->has_body()) co_await in->linger();
        co_return;
    }
}

void connections::sweep()
{
    for (const auto& c : open_) c->look_at_the_time();
}

void connections::drain()
{
    draining_ = true;
    for (const auto& c : open_) c->drain();
}

} // namespace afresh::cli
