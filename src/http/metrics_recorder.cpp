#include "http/metrics_recorder.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <iterator>

namespace afresh::http {
namespace {

constexpr std::size_t most_origins = 1'000; // whoever follows strange links is not to fill the memory

// So that nobody can make up series (OpenTelemetry: http.request.method).
std::string_view known(std::string_view method)
{
    static constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"};
    const auto found = std::find(std::begin(methods), std::end(methods), method);
    return found == std::end(methods) ? "_OTHER" : *found;
}

std::string name_of(const error_code& ec)
{
    if (ec == boost::asio::error::operation_aborted) return "cancelled";
    if (ec.category() == error_category()) return std::string(to_string(static_cast<errc>(ec.value())));
    return ec.category().name();
}

double in_seconds(metrics_recorder::duration time) { return std::chrono::duration<double>(time).count(); }

} // namespace

void metrics_recorder::of_origin::connected(duration time)
{
    const std::lock_guard lock(mutex_);
    connect_.record(in_seconds(time));
}

void metrics_recorder::of_origin::exchanged(std::string_view method, unsigned status, const error_code& ec,
                                            duration time)
{
    method = known(method);
    const std::lock_guard lock(mutex_);
    auto it = std::find_if(requests_.begin(), requests_.end(), [&](const series& s) {
        return s.status == status && s.method.data() == method.data() && s.ec == ec;
    });
    if (it == requests_.end()) it = requests_.insert(it, series{method, status, ec, {}});
    it->duration.record(in_seconds(time));
}

metrics_recorder::of_origin& metrics_recorder::at(const std::string& origin)
{
    auto* one = last_.load(std::memory_order_acquire);
    if (!one || one->first != origin) {
        one = &find(origin);
        last_.store(one, std::memory_order_release);
    }
    return one->second;
}

metrics_recorder::origins::value_type& metrics_recorder::find(const std::string& origin)
{
    {
        const std::shared_lock lock(mutex_);
        if (const auto known = origins_.find(origin); known != origins_.end()) return *known;
    }
    const std::lock_guard lock(mutex_);
    return *origins_.try_emplace(origins_.size() < most_origins ? origin : "other").first;
}

http_metrics metrics_recorder::snapshot() const
{
    http_metrics all;
    const std::shared_lock lock(mutex_);
    for (const auto& [origin, counted] : origins_) {
        http_origin_metrics o;
        o.origin = origin;
        o.failed = counted.failed;
        o.reused = counted.reused;
        o.redirects = counted.redirects;
        o.retries = counted.retries;
        o.replays = counted.replays;
        const std::lock_guard one(counted.mutex_);
        o.connect = counted.connect_;
        o.opened = o.connect.count;
        for (const auto& s : counted.requests_)
            o.requests.push_back({std::string(s.method), s.status, s.status == 0 ? name_of(s.ec) : "", s.duration});
        all.origins.push_back(std::move(o));
    }
    return all;
}

} // namespace afresh::http
