#include "net/conversation.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace afresh::net {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t read_size = 4 * 1024; // enough for most answers: many connections keep it while they are idle
constexpr std::size_t small_write = 16 * 1024;
constexpr std::size_t wide_read = 64 * 1024; // for those who have much to say

} // namespace

conversation::conversation(connection& link, bool to_head, const exchange_limits& limits, clock::time_point now)
    : link_(link), limits_(limits), reader_(to_head, {limits.header, limits.body}), by_(limits.by), now_(now)
{
    if (limits.total > milliseconds::zero()) by_ = std::min(by_, now + limits.total);
    if (link.inbox().size() < read_size) link.inbox().resize(read_size);
}

conversation::~conversation()
{
    link_.limit().rest();
    explicit_bzero(link_.inbox().data(), dirty_);
}

void conversation::next(milliseconds step, errc late, clock::time_point now)
{
    late_ = late;
    link_.limit().expire_at(step > milliseconds::zero() ? std::min(by_, now + step) : by_);
}

void conversation::hold_limit()
{
    if (by_ == clock::time_point::max())
        link_.limit().stop();
    else
        link_.limit().expire_at(by_);
}

void conversation::wait_for_answer() { next(limits_.first_byte, errc::first_byte_timed_out); }

// Why a read or write failed.
error_code conversation::cause(const error_code& ec) const
{
    if (link_.limit().expired()) return clock::now() >= by_ ? make_error_code(errc::total_timed_out) : late_;
    if (ec == asio::error::operation_aborted) return ec;
    return errc::connection_lost;
}

asio::awaitable<error_code> conversation::send(std::string_view part)
{
    while (!part.empty()) {
        begin_write(clock::now());
        // Not write_now(): whoever listens to the answer of a long body must have a turn, too.
        const auto [failed, n] = co_await link_.write_some(asio::buffer(part));
        if (const error_code ec = end_write(failed, n)) co_return ec;
        part.remove_prefix(n);
    }
    co_return error_code();
}

void conversation::begin_write(clock::time_point now)
{
    next(limits_.first_byte, errc::first_byte_timed_out, now); // anew for each piece the peer takes
    first_write_ = !sent_;
    sent_ = true; // before anything can throw
}

error_code conversation::end_write(const error_code& failed, std::size_t n)
{
    if (!failed) return {};
    // A failed write on a bare socket wrote nothing; TLS may have sent part of a record.
    if (first_write_ && n == 0 && !link_.is_tls()) sent_ = false;
    failed_ = true;
    return cause(failed);
}

bool conversation::has(until what, std::size_t body_before) const noexcept
{
    switch (what) {
    case until::interim_or_head: return reader_.has_head() || reader_.interim() > 0;
    case until::head: return reader_.has_head();
    case until::some_body: return reader_.is_done() || (reader_.has_head() && reader_.body_size() > body_before);
    case until::end: break;
    }
    return reader_.is_done();
}

asio::awaitable<error_code> conversation::receive(until what)
{
    const std::size_t before = reader_.body_size();
    error_code ec;
    while (!ec && !has(what, before)) {
        if (!uploading_ && !any_byte_received_) wait_for_answer();
        if (!uploading_ && any_byte_received_) next(limits_.body_idle, errc::body_timed_out);
        const auto room = begin_read(ec);
        if (ec) break;
        const auto [failed, n] = co_await link_.read_some(room);
        ec = end_read(failed, n, room.size());
    }
    if (ec) failed_ = true;
    co_return ec;
}

asio::mutable_buffer conversation::begin_read(error_code& ec)
{
    const auto room = space();
    if (room.size() == 0) ec = errc::header_limit;
    return room;
}

error_code conversation::end_read(const error_code& failed, std::size_t n, std::size_t room)
{
    // Only a stream that ended in good order may end a body: FIN, or close_notify in TLS; no reset, no truncation.
    if (failed == asio::error::eof && !link_.limit().expired()) return reader_.end();
    if (failed) return cause(failed);
    end_ += n;
    dirty_ = std::max(dirty_, end_);
    any_byte_received_ = true;
    error_code ec;
    begin_ += reader_.read({link_.inbox().data() + begin_, end_ - begin_}, ec);
    if (n == room && reader_.has_head() && link_.inbox().size() < wide_read) grow(wide_read);
    return ec;
}

// What is there already, without waiting.
error_code conversation::read_now()
{
    error_code ec;
    const auto room = begin_read(ec);
    if (ec) return ec;
    const auto [failed, n] = link_.read_now(room);
    const bool nothing = failed == asio::error::would_block;
    link_.early().found(!nothing);
    return nothing ? error_code() : end_read(failed, n, room.size());
}

asio::awaitable<error_code> conversation::converse(std::string_view head, std::string_view body, until what)
{
    const std::string_view parts[] = {head, body};
    error_code unsent;
    unsigned writes = 0;
    for (std::string_view part : parts)
        while (!part.empty() && !unsent) {
            begin_write(writes++ == 0 ? now_ : clock::now());
            auto [failed, n] = link_.write_now(asio::buffer(part));
            if (failed == asio::error::would_block) std::tie(failed, n) = co_await link_.write_some(asio::buffer(part));
            unsent = end_write(failed, n);
            part.remove_prefix(n);
        }
    // A small request goes into the socket's buffer at once: its limit is the answer's as well.
    if (writes > 1 || head.size() > small_write) wait_for_answer();
    // A server may answer before it has read everything, and hang up: what it said still counts.
    if (unsent && (!sent_ || unsent != errc::connection_lost)) co_return unsent;
    error_code ec;
    if (!link_.is_tls() && link_.early().is_due()) {
        co_await asio::defer(asio::use_awaitable); // others have their turn
        ec = read_now();
    }
    while (!ec && !has(what, 0)) {
        if (any_byte_received_) next(limits_.body_idle, errc::body_timed_out);
        const auto room = begin_read(ec);
        if (ec) break;
        const auto [failed, n] = co_await link_.read_some(room);
        ec = end_read(failed, n, room.size());
    }
    if (ec) failed_ = true;
    co_return unsent&& ec ? unsent : ec;
}

// Empty when the peer has sent more than the limit without coming to a point (an endless header or chunk line).
asio::mutable_buffer conversation::space()
{
    auto& inbox = link_.inbox();
    const std::size_t most = std::max(limits_.header + read_size, inbox.size());
    std::memmove(inbox.data(), inbox.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == inbox.size() && end_ < most) grow(std::min(2 * end_, most));
    return asio::buffer(inbox.data() + end_, inbox.size() - end_);
}

void conversation::grow(std::size_t size)
{
    auto& inbox = link_.inbox();
    std::vector<char> larger(size);
    std::memcpy(larger.data(), inbox.data(), end_);
    explicit_bzero(inbox.data(), dirty_);
    inbox.swap(larger);
    dirty_ = end_;
}

bool conversation::reusable() const
{
    return !failed_ && reader_.is_done() && reader_.keep_alive() && begin_ == end_ && !link_.holds_unread() &&
           !link_.limit().expired();
}

} // namespace afresh::net
