#include "source/context_hook.hpp"

#include "source/service.hpp"

#include <utility>

namespace afresh::detail {

asio::execution_context::id context_hook::id;

void context_hook::add(const std::shared_ptr<afresh::detail::service>& s)
{
    std::lock_guard lock(mutex_);
    std::erase_if(services_, [](const auto& weak) { return weak.expired(); });
    services_.push_back(s);
}

void context_hook::shutdown()
{
    decltype(services_) all;
    {
        std::lock_guard lock(mutex_);
        all.swap(services_);
    }
    for (auto& weak : all)
        if (auto s = weak.lock()) s->abandon();
}

} // namespace afresh::detail
