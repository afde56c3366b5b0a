#pragma once
// A body that is in memory, as a source.

#include <afresh/http_body.hpp>

#include <string_view>
#include <utility>

namespace afresh::http {

class text_body final : public body_source {
public:
    explicit text_body(std::string text) : text_(std::move(text)) {}
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        const std::size_t n = asio::buffer_copy(into, asio::buffer(std::string_view(text_).substr(at_)));
        at_ += n;
        co_return n;
    }
    std::optional<std::uint64_t> size() const override { return text_.size(); }
    bool can_rewind() const override { return true; }
    bool rewind() override
    {
        at_ = 0;
        return true;
    }

private:
    const std::string text_;
    std::size_t at_{};
};

} // namespace afresh::http
