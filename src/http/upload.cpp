#include "http/upload.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

namespace afresh::http {
namespace {

using net::conversation;

constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t largest_piece = 256 * 1024; // of a body that is known to be large
constexpr std::size_t memory_piece = 256 * 1024;  // after which it is seen whether the rest is still wanted
constexpr std::size_t head_room = 18;             // for a chunk's size
constexpr std::size_t tail_room = 2;

// For pieces of a source that does not have them in memory, and for one byte more than there should be, with room around
// them for the frame of a chunk. Wiped in the end.
struct room {
    explicit room(std::optional<std::uint64_t> body_size)
        : size(body_size ? static_cast<std::size_t>(std::min<std::uint64_t>(*body_size, largest_piece)) + 1
                         : piece_size),
          bytes(std::make_unique_for_overwrite<char[]>(head_room + size + tail_room))
    {
    }
    ~room() { OPENSSL_cleanse(bytes.get() + head_room, used); }
    room(const room&) = delete;
    room& operator=(const room&) = delete;

    asio::mutable_buffer body() const { return {bytes.get() + head_room, size}; }

    // RFC 9112 7.1. The last one is empty.
    std::string_view as_chunk(std::string_view piece)
    {
        char* const at = bytes.get() + head_room;
        if (!piece.empty() && piece.data() != at) std::memcpy(at, piece.data(), piece.size());
        used = std::max(used, piece.size());
        char digits[16];
        const auto end = std::to_chars(digits, digits + sizeof digits, piece.size(), 16).ptr;
        const auto length = static_cast<std::size_t>(end - digits);
        char* const begin = at - length - 2;
        std::copy(digits, end, begin);
        constexpr std::string_view crlf = "\r\n";
        crlf.copy(begin + length, crlf.size());
        crlf.copy(at + piece.size(), crlf.size());
        return {begin, length + crlf.size() + piece.size() + crlf.size()};
    }

    const std::size_t size;
    const std::unique_ptr<char[]> bytes;
    std::size_t used{};
};

// Two coroutines on one strand; the operation is over when both are. Each is held by its own frame, and neither by the
// coroutine that waits: an execution context that is destroyed in between leaves no circle.
class operation : public std::enable_shared_from_this<operation> {
public:
    using handler_type = asio::any_completion_handler<void(upload_result)>;

    operation(handler_type handler, asio::any_io_executor waits_on, conversation& talk, net::connection& link,
              upload_body body, std::optional<std::chrono::milliseconds> leave)
        : strand_(asio::make_strand(link.socket().get_executor())),
          handler_(std::move(handler)),
          work_(std::move(waits_on)),
          talk_(talk),
          body_(body),
          leave_(leave),
          go_(strand_)
    {
    }

    void start()
    {
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
            slot.assign([weak = weak_from_this()](asio::cancellation_type) {
                const auto self = weak.lock();
                if (self) asio::post(self->strand_, [self] { self->cancel(); });
            });
        const auto self = shared_from_this();
        // Posted: both begin after this function, and after each other.
        asio::post(strand_, [self] {
            asio::co_spawn(self->strand_, listen(self),
                           asio::bind_cancellation_slot(self->stop_listening_.slot(),
                                                        [self](std::exception_ptr e) { self->ended(e); }));
            asio::co_spawn(self->strand_, send(self),
                           asio::bind_cancellation_slot(self->stop_sending_.slot(),
                                                        [self](std::exception_ptr e) { self->ended(e); }));
        });
    }

private:
    static asio::awaitable<void> listen(std::shared_ptr<operation> self)
    {
        conversation& talk = self->talk_;
        error_code ec;
        if (self->leave_) {
            ec = co_await talk.receive(conversation::until::interim_or_head);
            self->go_.cancel();
            self->may_send_ = true;
        }
        if (!ec) ec = co_await talk.receive(conversation::until::head);
        self->heard_ = true;
        if (ec) self->fail(ec, {});
        if (self->sent_all_) co_return;
        const bool without_leave = self->leave_ && self->untouched_ && talk.answer().interim() == 0;
        // A success may be an answer that grows with what is sent.
        if (ec || talk.answer().status() >= 300 || without_leave) {
            self->stop_ = true;
            talk.spoil();
            self->stop_sending_.emit(asio::cancellation_type::terminal);
        }
    }

    static asio::awaitable<void> send(std::shared_ptr<operation> self)
    {
        if (self->leave_ && !self->may_send_) {
            self->go_.expires_after(*self->leave_);
            co_await self->go_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        if (!self->stop_) co_await self->send_body();
        if (self->stop_) co_return;
        self->sent_all_ = true;
        if (!self->heard_) self->talk_.wait_for_answer();
    }

    asio::awaitable<void> send_body()
    {
        const auto* const memory = std::get_if<std::string_view>(&body_);
        return memory ? send_memory(*memory) : send_source(*std::get<body_source*>(body_));
    }

    asio::awaitable<void> send_memory(std::string_view left)
    {
        untouched_ = false;
        while (!stop_ && !left.empty()) {
            const std::string_view piece = left.substr(0, memory_piece);
            took(co_await talk_.send(piece));
            left.remove_prefix(piece.size());
        }
    }

    asio::awaitable<void> send_source(body_source& body)
    {
        const std::optional<std::uint64_t> size = body.size();
        room space(size);
        std::uint64_t total = 0;
        while (!stop_) {
            talk_.hold_limit(); // the source may take its time
            untouched_ = false;
            const asio::mutable_buffer into = space.body();
            const std::size_t used = std::exchange(space.used, space.size); // whatever becomes of it
            const asio::const_buffer got = co_await body.read_piece(into);
            if (got.data() != into.data()) space.used = used;
            if (stop_) co_return;
            const std::size_t n = got.size();
            total += n;
            if (size && (total > *size || (n == 0 && total < *size))) {
                fail(errc::body_failed,
                     "it gave " + std::to_string(total) + " bytes, and had announced " + std::to_string(*size));
                co_return;
            }
            std::string_view left(static_cast<const char*>(got.data()), n);
            do {
                std::string_view piece = size ? left : left.substr(0, space.size);
                left.remove_prefix(piece.size());
                if (!size) piece = space.as_chunk(piece);
                took(co_await talk_.send(piece));
            } while (!stop_ && !left.empty());
            if (n == 0 || (size && total == *size)) co_return;
        }
    }

    // What became of a piece. One that the listener has stopped did not fail.
    void took(const error_code& ec)
    {
        if (!ec || stop_) return;
        if (ec != errc::connection_lost) fail(ec, {}); // else the listener may hear why
        lost_ = ec;
        stop_ = true;
    }

    void fail(error_code ec, std::string detail)
    {
        if (result_.ec) return;
        result_.ec = ec;
        result_.detail = std::move(detail);
        stop_ = true;
        talk_.spoil();
        stop_listening_.emit(asio::cancellation_type::terminal);
        stop_sending_.emit(asio::cancellation_type::terminal);
    }

    void cancel()
    {
        if (ended_ < 2) fail(asio::error::operation_aborted, {});
    }

    void ended(const std::exception_ptr& thrown)
    {
        if (thrown && !stop_) {
            try {
                std::rethrow_exception(thrown);
            } catch (const std::exception& e) {
                fail(errc::body_failed, e.what());
            } catch (...) {
                fail(errc::body_failed, {});
            }
        }
        if (++ended_ < 2) return;
        if (lost_ && !heard_ && !result_.ec) result_.ec = lost_;
        result_.untouched = untouched_;
        asio::post(work_.get_executor(), [self = shared_from_this()] {
            asio::get_associated_cancellation_slot(self->handler_).clear();
            auto handler = std::move(self->handler_);
            self->work_.reset();
            std::move(handler)(std::move(self->result_));
        });
    }

    const asio::any_io_executor strand_;
    handler_type handler_;
    asio::executor_work_guard<asio::any_io_executor> work_;
    conversation& talk_;
    const upload_body body_;
    const std::optional<std::chrono::milliseconds> leave_;
    asio::steady_timer go_;
    asio::cancellation_signal stop_sending_;
    asio::cancellation_signal stop_listening_;
    upload_result result_;
    error_code lost_;
    bool may_send_{};
    bool untouched_ = true;
    bool sent_all_{};
    bool heard_{};
    bool stop_{};
    int ended_{};
};

} // namespace

asio::awaitable<upload_result> upload(net::conversation& talk, net::connection& link, upload_body body,
                                      std::optional<std::chrono::milliseconds> leave)
{
    auto executor = co_await asio::this_coro::executor;
    talk.upload_begins();
    auto result = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(upload_result)>(
        [&talk, &link, body, leave](auto handler, asio::any_io_executor ex) {
            operation::handler_type erased(std::move(handler));
            std::make_shared<operation>(std::move(erased), std::move(ex), talk, link, body, leave)->start();
        },
        asio::use_awaitable, executor);
    talk.upload_ends();
    co_return result;
}

} // namespace afresh::http
