#pragma once
// A point in time after which a socket's reads and writes fail. Asio; POSIX sockets.

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>

namespace afresh::net {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

// When the time comes, the socket is shut down: whatever coroutine reads or writes it resumes with an error or EOF and
// asks expired(). Nobody closes the descriptor, and no Asio object is touched, behind the coroutine's back, so this is
// safe also when the coroutine runs on a thread pool without a strand, and no buffer of a suspended coroutine is ever
// left behind.
//
// One timer serves all phases of an exchange: moving the deadline later touches no timer.
class deadline {
public:
    explicit deadline(const asio::any_io_executor& executor);
    ~deadline();
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    void guard(int socket);                 // before the first expire_at(); -1: nothing, before the socket is closed
    void expire_at(clock::time_point when); // time_point::max(): never
    void stop();                            // leaves no work behind on the executor
    void rest();                            // is not due either, but its timer may go on: the cheap way to begin anew
    void expire();                          // now, from any thread
    bool expired() const;                   // the socket was shut down: of no use any more

private:
    struct state;
    std::shared_ptr<state> state_; // shared with the timer's handler, which may be about to run when we go
};

} // namespace afresh::net
