#pragma once
// Memory may be short for a moment. What cannot fail without leaving somebody waiting for ever, or a refresh token that
// nobody knows, is tried again at once; then it is the program that is lost, and its record is as after a crash.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <new>

namespace afresh::detail {

namespace asio = boost::asio;

// `f` may be called again after it has thrown.
template <class F>
decltype(auto) insist(F f)
{
    for (int tries = 0; tries < 3; ++tries) try {
            return f();
        } catch (const std::bad_alloc&) { // again
        }
    return f();
}

// `handler` is copied for each try.
template <class Handler>
void post_surely(const asio::any_io_executor& executor, const Handler& handler)
{
    insist([&] { asio::post(executor, handler); });
}

// `make` makes the coroutine, for each try. `died`, which may be copied, is called if it ends with an exception, or could
// not even begin.
template <class Make, class Died>
void spawn_surely(const asio::any_io_executor& executor, Make make, const Died& died)
{
    insist([&] {
        asio::co_spawn(executor, make(), [died](const std::exception_ptr& e) {
            if (e) died();
        });
    });
}

} // namespace afresh::detail
