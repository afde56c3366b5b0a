#pragma once
// The connection under a raw_stream. Asio.

#include "net/connection.hpp"

#include <afresh/raw_stream.hpp>

#include <memory>
#include <utility>

namespace afresh {

class connection_link final : public raw_stream::link {
public:
    connection_link(std::unique_ptr<net::connection> c, asio::any_io_executor strand)
        : connection_(std::move(c)), strand_(std::move(strand))
    {
    }
    raw_stream::executor_type get_executor() override { return strand_; }
    void read_some(asio::mutable_buffer into, raw_stream::handler_type h) override
    {
        connection_->read_some(into, std::move(h));
    }
    void write_some(asio::const_buffer from, raw_stream::handler_type h) override
    {
        connection_->write_some(from, std::move(h));
    }
    void close() override { connection_->limit().expire(); } // from any thread; whoever reads or writes is told
    net::deadline& limit() noexcept { return connection_->limit(); }

private:
    const std::unique_ptr<net::connection> connection_;
    const asio::any_io_executor strand_;
};

} // namespace afresh
