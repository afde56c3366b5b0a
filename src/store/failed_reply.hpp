#pragma once
// How a store says that it failed.

#include <afresh/chain_record.hpp>

#include <string>
#include <utility>

namespace afresh::store {

inline store_reply failed_reply(std::string text) noexcept
{
    store_reply reply;
    reply.outcome = store_reply::status::failed;
    reply.error = errc::store_failed;
    reply.error_text = std::move(text);
    return reply;
}

} // namespace afresh::store
