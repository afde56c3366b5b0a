#include "net/exchange.hpp"

#include "net/response_reader.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

namespace afresh::net {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t read_size = 16 * 1024; // a TLS record; also enough for any sane chunk header

// The time limits of one exchange, over the connection's one deadline.
class pace {
public:
    pace(connection& link, const exchange_limits& limits) : link_(link), limits_(limits)
    {
        by_ = limits.by;
        if (limits.total > milliseconds::zero()) by_ = std::min(by_, clock::now() + limits.total);
    }
    ~pace() { link_.limit().stop(); }
    pace(const pace&) = delete;
    pace& operator=(const pace&) = delete;

    void wait_for_answer() { next(limits_.first_byte, errc::first_byte_timed_out); }
    void wait_for_more() { next(limits_.body_idle, errc::body_timed_out); }

    // Why a read or write failed.
    error_code cause(const error_code& ec) const
    {
        if (link_.limit().expired()) return clock::now() >= by_ ? make_error_code(errc::total_timed_out) : late_;
        if (ec == asio::error::operation_aborted) return ec;
        return errc::connection_lost;
    }

private:
    void next(milliseconds step, errc late)
    {
        late_ = late;
        link_.limit().expire_at(step > milliseconds::zero() ? std::min(by_, clock::now() + step) : by_);
    }

    connection& link_;
    const exchange_limits& limits_;
    clock::time_point by_;
    error_code late_;
};

// Bytes read and not yet understood, in the connection's buffer. Wiped in the end: there are tokens in answers.
class unread {
public:
    unread(std::vector<char>& memory, std::size_t most) : memory_(memory), most_(std::max(most, read_size))
    {
        if (memory_.size() < read_size) memory_.resize(read_size);
    }
    ~unread() { OPENSSL_cleanse(memory_.data(), dirty_); }
    unread(const unread&) = delete;
    unread& operator=(const unread&) = delete;

    std::string_view bytes() const { return {memory_.data() + begin_, end_ - begin_}; }
    void drop(std::size_t n) { begin_ += n; }
    void add(std::size_t n)
    {
        end_ += n;
        dirty_ = std::max(dirty_, end_);
    }
    // Empty when the peer has sent more than `most` without coming to a point (an endless header or chunk line).
    asio::mutable_buffer space()
    {
        std::memmove(memory_.data(), memory_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        if (end_ == memory_.size() && end_ < most_) grow(std::min(2 * end_, most_));
        return asio::buffer(memory_.data() + end_, memory_.size() - end_);
    }

private:
    void grow(std::size_t size)
    {
        std::vector<char> larger(size);
        std::memcpy(larger.data(), memory_.data(), end_);
        OPENSSL_cleanse(memory_.data(), dirty_);
        memory_.swap(larger);
        dirty_ = end_;
    }

    std::vector<char>& memory_;
    const std::size_t most_;
    std::size_t begin_{}, end_{}, dirty_{};
};

asio::awaitable<void> send(connection& link, std::string_view part, pace& limits, exchange_result& r)
{
    while (!part.empty() && !r.ec) {
        limits.wait_for_answer(); // anew for each piece the peer takes
        const asio::const_buffer piece(part.data(), part.size());
        const bool first = !r.sent;
        r.sent = true; // before anything can throw
        auto [ec, n] = co_await link.write_some(piece);
        // A failed write on a bare socket wrote nothing; TLS may have sent part of a record.
        if (ec && first && n == 0 && !link.is_tls()) r.sent = false;
        if (ec) r.ec = limits.cause(ec);
        part.remove_prefix(n);
    }
}

asio::awaitable<void> receive(connection& link, response_reader& reader, unread& input, pace& limits,
                              exchange_result& r)
{
    limits.wait_for_answer();
    while (!reader.is_done() && !r.ec) {
        const auto space = input.space();
        if (space.size() == 0) {
            r.ec = errc::header_limit;
            break;
        }
        auto [ec, n] = co_await link.read_some(space);
        if (ec) {
            // Only a stream that ended in good order may end a body: FIN, or close_notify in TLS; no reset, no
            // truncation.
            const bool clean = ec == asio::error::eof && !link.limit().expired();
            r.ec = clean ? reader.end() : limits.cause(ec);
            break;
        }
        input.add(n);
        r.any_byte_received = true;
        limits.wait_for_more();
        input.drop(reader.read(input.bytes(), r.ec));
    }
}

asio::awaitable<void> converse(connection& link, const request_text& request, response_reader& reader, unread& input,
                               pace& limits, exchange_result& r)
{
    co_await send(link, request.text(), limits, r);
    if (!r.ec) co_await send(link, request.body(), limits, r);
    // A server may answer before it has read everything, and hang up: what it said still counts.
    const error_code unsent = r.ec;
    if (unsent && (!r.sent || unsent != errc::connection_lost)) co_return;
    r.ec = {};
    co_await receive(link, reader, input, limits, r);
    if (unsent && r.ec) r.ec = unsent;
    r.reusable = !unsent && !r.ec && reader.keep_alive() && input.bytes().empty() && !link.holds_unread();
}

} // namespace

asio::awaitable<exchange_result> exchange(connection& link, const request_text& request, bool to_head,
                                          const exchange_limits& limits,
                                          const std::function<error_code()>& before_first_byte)
{
    exchange_result r;
    if (before_first_byte) r.ec = before_first_byte();
    if (r.ec) co_return r;
    try {
        const response_reader::limits sizes{limits.header, limits.body};
        response_reader reader(to_head, sizes);
        unread input(link.inbox(), limits.header + read_size);
        pace timing(link, limits);
        co_await converse(link, request, reader, input, timing, r);
        if (!r.ec) {
            r.keep_alive_for = reader.keep_alive_for();
            r.response = reader.take();
        }
    } catch (const boost::system::system_error& e) {
        r.ec = e.code(); // the awaiting coroutine was cancelled between two operations
        r.reusable = false;
    }
    link.limit().stop();
    if (link.limit().expired()) r.reusable = false;
    co_return r;
}

} // namespace afresh::net
