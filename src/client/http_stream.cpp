#include "client/http_stream.hpp"

#include <boost/system/system_error.hpp>

namespace afresh {

http_stream::http_stream(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
http_stream::http_stream(http_stream&&) noexcept = default;
http_stream& http_stream::operator=(http_stream&&) noexcept = default;
http_stream::~http_stream() = default;

unsigned http_stream::status() const noexcept { return state_->result.got.status(); }
const http_fields& http_stream::fields() const noexcept { return state_->result.got.fields(); }
const std::string& http_stream::url() const noexcept { return state_->result.url; }

asio::awaitable<std::string> http_stream::read()
{
    std::string piece;
    const error_code ec = co_await state_->result.got.read_some(piece);
    if (ec) throw boost::system::system_error(ec);
    co_return piece;
}

std::optional<std::string> http_stream::try_read()
{
    std::optional<std::string> piece(std::in_place);
    if (!state_->result.got.try_read(*piece)) piece.reset();
    return piece;
}

bool http_stream::at_end() const noexcept { return state_->result.got.at_end(); }

asio::awaitable<std::string> http_stream::read_all(std::size_t most)
{
    std::string body;
    const error_code ec = co_await state_->result.got.read_all(body, most);
    if (ec) throw boost::system::system_error(ec);
    co_return body;
}

} // namespace afresh
