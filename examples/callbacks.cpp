// Without coroutines: a callback, a future, a deadline of one's own, and cancellation.

#include "settings.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <iostream>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

int main()
{
    asio::io_context context;
    auto work = asio::make_work_guard(context);
    std::thread thread([&] { context.run(); });
    int result = 0;
    try {
        afresh::token_source tokens(context.get_executor(), example::registration(), example::grant());

        //[callback
        tokens.async_get([](afresh::error_code ec, afresh::access_token token) {
            if (ec == afresh::condition::sign_in)
                std::cout << "somebody must sign in again\n";
            else if (ec)
                std::cout << "not now: " << ec.message() << '\n';
            else
                std::cout << "a token of generation " << token.generation() << '\n';
        });
        //]

        //[future
        std::future<afresh::access_token> future =
            tokens.async_get(afresh::get_options().max_wait(5s), asio::use_future);
        std::cout << future.get().type() << " token for a thread that may block\n";
        //]

        //[cancel
        asio::cancellation_signal signal;
        tokens.async_get(asio::bind_cancellation_slot(signal.slot(), [](afresh::error_code ec, afresh::access_token) {
            std::cout << (ec ? "this caller gave up\n" : "the token was faster\n");
        }));
        asio::post(context, asio::use_future([&] { signal.emit(asio::cancellation_type::total); })).get();
        //]

        tokens.async_shutdown(5s, asio::use_future).get(); // everything is saved; throws if that took longer
    } catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        result = 1;
    }
    work.reset();
    thread.join();
    return result;
}
