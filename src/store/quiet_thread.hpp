#pragma once
// A thread that takes no signals: the program's are for the program's threads.

#include <csignal>
#include <memory>
#include <pthread.h>
#include <thread>
#include <utility>

namespace afresh::store {

template <class Function>
std::unique_ptr<std::thread> quiet_thread(Function run)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    struct restore {
        ~restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
        sigset_t& mask;
    } const at_the_end{before};
    return std::make_unique<std::thread>(std::move(run));
}

// Joined; but not by itself, and not in a forked child, where it is not.
inline void end_thread(std::unique_ptr<std::thread> thread, bool is_forked)
{
    if (is_forked)
        static_cast<void>(thread.release());
    else if (thread->get_id() == std::this_thread::get_id())
        thread->detach();
    else
        thread->join();
}

} // namespace afresh::store
