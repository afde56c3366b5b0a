#include "cli/gateway/next_turn.hpp"

#include <boost/asio/defer.hpp>

namespace afresh::cli {

void next_turn::add(handler h)
{
    std::shared_ptr<batch> all = open_.lock();
    if (!all) {
        all = std::make_shared<batch>();
        open_ = all;
        asio::defer(executor_, [this, all] {
            open_.reset();
            for (handler& one : *all) std::move(one)();
        });
    }
    all->push_back(std::move(h));
}

} // namespace afresh::cli
