#include <afresh/http_body.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace afresh {
namespace {

[[noreturn]] void fail(const std::string& what)
{
    throw boost::system::system_error(errno, boost::system::system_category(), what);
}

class file_body final : public body_source {
public:
    explicit file_body(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    {
        struct stat facts {};
        if (file_ < 0) fail("cannot send '" + path + "'");
        ::fstat(file_, &facts); // of an open descriptor: it cannot fail
        if (!S_ISREG(facts.st_mode)) {
            ::close(file_);
            errno = EINVAL;
            fail("cannot send '" + path + "', which is no regular file");
        }
        size_ = static_cast<std::uint64_t>(facts.st_size);
    }
    ~file_body() override { ::close(file_); }
    file_body(const file_body&) = delete;
    file_body& operator=(const file_body&) = delete;

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - at_));
        const ssize_t n = most == 0 ? 0 : ::pread(file_, into.data(), most, static_cast<off_t>(at_));
        if (n < 0) fail("cannot read what is to be sent");
        at_ += static_cast<std::uint64_t>(n);
        co_return static_cast<std::size_t>(n);
    }
    std::optional<std::uint64_t> size() const override { return size_; }
    bool can_rewind() const override { return true; }
    bool rewind() override
    {
        at_ = 0;
        return true;
    }

private:
    const int file_;
    std::uint64_t size_{};
    std::uint64_t at_{};
};

class descriptor_body final : public body_source {
public:
    descriptor_body(asio::any_io_executor executor, int descriptor) : descriptor_(std::move(executor), descriptor) {}

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        boost::system::error_code ec;
        const std::size_t n = co_await descriptor_.async_read_some(into, asio::redirect_error(asio::use_awaitable, ec));
        if (ec && ec != asio::error::eof) throw boost::system::system_error(ec);
        co_return n;
    }

private:
    asio::posix::stream_descriptor descriptor_;
};

class generator_body final : public body_source {
public:
    generator_body(std::function<asio::awaitable<std::string>()> next, std::function<void()> rewind)
        : next_(std::move(next)), rewind_(std::move(rewind))
    {
    }

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        if (at_ == piece_.size()) {
            piece_ = co_await next_();
            at_ = 0;
        }
        const std::size_t n = std::min(into.size(), piece_.size() - at_);
        std::memcpy(into.data(), piece_.data() + at_, n);
        at_ += n;
        co_return n;
    }
    bool can_rewind() const override { return rewind_ != nullptr; }
    bool rewind() override
    {
        if (!rewind_) return false;
        rewind_();
        piece_.clear();
        at_ = 0;
        return true;
    }

private:
    std::function<asio::awaitable<std::string>()> next_;
    std::function<void()> rewind_;
    std::string piece_;
    std::size_t at_{};
};

} // namespace

asio::awaitable<asio::const_buffer> body_source::read_piece(asio::mutable_buffer room)
{
    const std::size_t n = co_await read_some(room);
    co_return asio::const_buffer(room.data(), n);
}

std::shared_ptr<body_source> make_file_body(const std::string& path) { return std::make_shared<file_body>(path); }

std::shared_ptr<body_source> make_descriptor_body(asio::any_io_executor executor, int descriptor)
{
    return std::make_shared<descriptor_body>(std::move(executor), descriptor);
}

std::shared_ptr<body_source> make_generator_body(std::function<asio::awaitable<std::string>()> next,
                                                 std::function<void()> rewind)
{
    return std::make_shared<generator_body>(std::move(next), std::move(rewind));
}

} // namespace afresh
