#include "cli/gateway/gateway_state.hpp"

#include "cli/show/status_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace afresh::cli {
namespace {

namespace json = boost::json;

bool is_usable(const source_status& s) { return s.state == source_state::fresh || s.state == source_state::due; }

json::object picture_of(const gateway_state& g, const std::string& profile, const source_status& s)
{
    json::object o;
    o["profile"] = profile;
    o["state"] = name_of(s.state);
    if (s.expires && is_usable(s)) {
        const double left = seconds_left(s);
        const auto seen = g.seen.find(profile);
        o["expires_in"] = left;
        o["life"] = seen == g.seen.end() ? left : std::max(left, seen->second.life);
    }
    o["generation"] = s.generation;
    o["token_requests"] = s.token_requests;
    o["waiters"] = s.waiters;
    o["failures"] = s.consecutive_failures;
    if (s.last_failure) o["detail"] = failure_text(s);
    return o;
}

json::object picture_of(const served_route& r, const traffic_sum& t)
{
    json::object o;
    o["target"] = r.settings.target;
    o["listen"] = r.listen;
    o["profile"] = r.settings.profile;
    o["in_flight"] = t.in_flight();
    o["requests"] = t.requests();
    o["failed"] = t.failed();
    o["recovered"] = t.replayed;
    return o;
}

} // namespace

traffic_sum served_route::count() const
{
    traffic_sum sum;
    for (const auto& t : counted) sum.add(*t);
    for (const auto& r : by_thread) sum.replayed += r->replayed();
    return sum;
}

traffic_sum count_all(const gateway_state& g)
{
    traffic_sum all;
    for (const served_route& r : g.routes) all.add(r.count());
    return all;
}

std::string gateway_json(const gateway_state& g)
{
    traffic_sum all;
    json::object o;
    bool ready = true;
    json::array sources, routes, hour;
    for (const auto& [name, tokens] : g.sources) {
        const source_status s = tokens.status();
        ready = ready && is_usable(s);
        sources.push_back(picture_of(g, name, s));
    }
    for (const served_route& r : g.routes) {
        const traffic_sum t = r.count();
        all.add(t);
        routes.push_back(picture_of(r, t));
    }
    for (const history::piece& p : g.lately.hour()) hour.push_back(json::array{p.per_second, p.failed, p.recovered});
    o["ready"] = ready;
    o["per_second"] = g.lately.per_second();
    o["p50"] = g.lately.percentile(0.5);
    o["p99"] = g.lately.percentile(0.99);
    o["failed"] = all.failed();
    o["recovered"] = all.replayed;
    if (!g.refused_reload.empty()) o["refused_reload"] = g.refused_reload;
    o["sources"] = std::move(sources);
    o["routes"] = std::move(routes);
    o["hour"] = std::move(hour);
    return json::serialize(o) + "\n";
}

} // namespace afresh::cli
