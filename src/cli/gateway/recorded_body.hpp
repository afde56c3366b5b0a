#pragma once
// A body that goes on as it comes, and is kept up to a limit, so that it can be sent again. Asio.

#include <afresh/http_body.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace afresh::cli {

namespace asio = boost::asio;

class recorded_body final : public body_source {
public:
    // `limit`: more than nothing.
    recorded_body(std::shared_ptr<body_source> from, std::uint64_t limit) : from_(std::move(from)), limit_(limit) {}

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override;
    asio::awaitable<asio::const_buffer> read_piece(asio::mutable_buffer) override;
    std::optional<std::uint64_t> size() const override { return from_->size(); }
    bool can_rewind() const override { return whole_; }
    bool rewind() override;

private:
    // Its bytes are not set to zero first: that would take as long as reading them.
    struct block {
        explicit block(std::size_t n) : bytes(std::make_unique_for_overwrite<char[]>(n)), size(n) {}
        std::unique_ptr<char[]> bytes;
        std::size_t size;
        std::size_t used{};
    };

    asio::awaitable<asio::const_buffer> next(); // what is to be given
    asio::awaitable<void> read_on(block& b);
    std::size_t block_size() const;

    const std::shared_ptr<body_source> from_;
    const std::uint64_t limit_;
    std::uint64_t came_{};
    bool whole_ = true;         // all that came is in the blocks; else only the last of it
    std::vector<block> blocks_; // full, but for the last
    std::size_t at_{};          // the block that the next piece is in
    std::size_t given_{};       // of that block
};

} // namespace afresh::cli
