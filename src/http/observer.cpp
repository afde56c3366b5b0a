#include "http/observer.hpp"

#include "http/wire_log.hpp"

namespace afresh::http {
namespace {

std::chrono::microseconds rounded(observer::clock::duration time)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

http_activity made(http_activity::kind what, const std::string& origin)
{
    http_activity a;
    a.what = what;
    a.origin = origin;
    return a;
}

} // namespace

// A hook that throws must not end a call that has nothing to do with it.
void observer::tell(http_activity a) const
{
    try {
        hook_(a);
    } catch (...) {
    }
}

void observer::connected(const std::string& origin, clock::duration time)
{
    counted_.at(origin).connected(time);
    if (!hook_) return;
    auto a = made(http_activity::kind::connected, origin);
    a.elapsed = rounded(time);
    tell(std::move(a));
}

void observer::connect_failed(const std::string& origin, clock::duration time, const error_code& ec,
                              const std::string& detail)
{
    ++counted_.at(origin).failed;
    if (!hook_) return;
    auto a = made(http_activity::kind::connect_failed, origin);
    a.error = ec;
    a.detail = detail;
    a.elapsed = rounded(time);
    tell(std::move(a));
}

void observer::exchanged(const std::string& origin, const std::string& method, clock::duration time, bool reused,
                         unsigned status, const error_code& ec)
{
    auto& counted = counted_.at(origin);
    counted.exchanged(method, status, ec, time);
    if (reused) ++counted.reused;
    if (!hook_) return;
    auto a = made(status ? http_activity::kind::answered : http_activity::kind::exchange_failed, origin);
    a.method = method;
    a.status = status;
    a.error = ec;
    a.elapsed = rounded(time);
    a.reused = reused;
    tell(std::move(a));
}

void observer::redirected(const std::string& origin, const std::string& to)
{
    ++counted_.at(origin).redirects;
    if (hook_) tell(made(http_activity::kind::redirected, to));
}

void observer::retried(const std::string& origin, std::chrono::milliseconds pause)
{
    ++counted_.at(origin).retries;
    if (!hook_) return;
    auto a = made(http_activity::kind::retried, origin);
    a.elapsed = pause;
    tell(std::move(a));
}

void observer::replayed(const std::string& origin)
{
    ++counted_.at(origin).replays;
    if (hook_) tell(made(http_activity::kind::replayed, origin));
}

void observer::sends(std::string_view request_text) const
{
    if (!wire_) return;
    try {
        wire_(shown_request(request_text, secret_fields_));
    } catch (...) { // as above
    }
}

void observer::received(unsigned status, const http_fields& fields) const
{
    if (!wire_) return;
    try {
        wire_(shown_answer(status, fields, secret_fields_));
    } catch (...) { // as above
    }
}

} // namespace afresh::http
