// The system's clocks and one timer. The hot path reads the clocks itself when it learns that they are the system's.

#include "crypto/digest.hpp"

#include <afresh/time_source.hpp>

#include <boost/asio/steady_timer.hpp>

#include <mutex>
#include <utility>

namespace afresh {
namespace {

class system_time final : public time_source {
public:
    explicit system_time(asio::any_io_executor executor) : timer_(std::move(executor)) {}

    instant now() const noexcept override
    {
        return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
    }
    double jitter() noexcept override { return crypto::random_unit(); }
    bool is_system() const noexcept override { return true; }

    void wake_at(std::chrono::steady_clock::time_point at, std::function<void()> wake) override
    {
        std::lock_guard lock(mutex_); // the service may be used from many threads, a timer may not
        if (!wake) {
            timer_.cancel();
            return;
        }
        timer_.expires_at(at);
        timer_.async_wait([wake = std::move(wake)](const boost::system::error_code& ec) {
            if (!ec) wake();
        });
    }

private:
    std::mutex mutex_;
    asio::steady_timer timer_;
};

} // namespace

std::shared_ptr<time_source> make_system_time(asio::any_io_executor executor)
{
    return std::make_shared<system_time>(std::move(executor));
}

} // namespace afresh
