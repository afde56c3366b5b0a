#include <afresh/http_metrics.hpp>

#include <algorithm>

namespace afresh {
namespace {

void add(http_histogram& to, const http_histogram& from)
{
    for (std::size_t i = 0; i < to.buckets.size(); ++i) to.buckets[i] += from.buckets[i];
    to.count += from.count;
    to.sum += from.sum;
}

void add(http_origin_metrics& to, const http_origin_metrics& from)
{
    for (const http_request_series& r : from.requests) {
        const auto same = std::find_if(to.requests.begin(), to.requests.end(), [&](const http_request_series& t) {
            return t.method == r.method && t.status == r.status && t.error == r.error;
        });
        if (same == to.requests.end())
            to.requests.push_back(r);
        else
            add(same->duration, r.duration);
    }
    add(to.connect, from.connect);
    using counted = std::uint64_t http_origin_metrics::*;
    using gauged = std::size_t http_origin_metrics::*;
    using origin = http_origin_metrics;
    for (const counted n :
         {&origin::opened, &origin::failed, &origin::reused, &origin::redirects, &origin::retries, &origin::replays})
        to.*n += from.*n;
    for (const gauged n : {&origin::active, &origin::idle, &origin::waiting}) to.*n += from.*n;
}

} // namespace

http_metrics& http_metrics::add(const http_metrics& other)
{
    for (const http_origin_metrics& o : other.origins) {
        const auto same = std::find_if(origins.begin(), origins.end(),
                                       [&](const http_origin_metrics& mine) { return mine.origin == o.origin; });
        if (same == origins.end())
            origins.push_back(o);
        else
            afresh::add(*same, o);
    }
    return *this;
}

} // namespace afresh
