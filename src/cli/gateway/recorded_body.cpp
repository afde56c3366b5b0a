#include "cli/gateway/recorded_body.hpp"

#include <algorithm>

namespace afresh::cli {
namespace {

constexpr std::uint64_t block_of_known = 1024 * 1024; // at most: as much as the system has is read at once
constexpr std::uint64_t block_of_unknown = 256 * 1024;

} // namespace

asio::awaitable<std::size_t> recorded_body::read_some(asio::mutable_buffer into)
{
    const asio::const_buffer piece = co_await next();
    const std::size_t n = asio::buffer_copy(into, piece);
    given_ += n;
    co_return n;
}

asio::awaitable<asio::const_buffer> recorded_body::read_piece(asio::mutable_buffer)
{
    const asio::const_buffer piece = co_await next();
    given_ += piece.size();
    co_return piece;
}

bool recorded_body::rewind()
{
    if (whole_) at_ = given_ = 0;
    return whole_;
}

asio::awaitable<asio::const_buffer> recorded_body::next()
{
    if (!whole_ && given_ == blocks_[at_].used) blocks_[at_].used = given_ = 0; // nobody asks for it again
    if (at_ < blocks_.size() && given_ == blocks_[at_].size) {
        ++at_;
        given_ = 0;
    }
    if (at_ == blocks_.size()) blocks_.emplace_back(block_size());
    if (given_ == blocks_[at_].used) co_await read_on(blocks_[at_]);
    const block& b = blocks_[at_];
    co_return asio::const_buffer(b.bytes.get() + given_, b.used - given_);
}

std::size_t recorded_body::block_size() const
{
    const auto all = size();
    return static_cast<std::size_t>(all ? std::clamp<std::uint64_t>(*all - std::min(*all, came_), 1, block_of_known)
                                        : block_of_unknown);
}

asio::awaitable<void> recorded_body::read_on(block& b)
{
    const asio::mutable_buffer room(b.bytes.get() + b.used, b.size - b.used);
    const std::size_t n = co_await from_->read_some(room);
    b.used += n;
    came_ += n;
    if (!whole_ || came_ <= limit_) co_return;
    whole_ = false;
    blocks_.erase(blocks_.begin(), blocks_.end() - 1);
    at_ = 0;
}

} // namespace afresh::cli
