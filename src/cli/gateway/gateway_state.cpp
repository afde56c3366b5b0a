#include "cli/gateway/gateway_state.hpp"

#include "cli/show/state_name.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>

namespace afresh::cli {
namespace {

namespace json = boost::json;

bool is_usable(const source_status& s) { return s.state == source_state::fresh || s.state == source_state::due; }

double seconds_left(const source_status& s)
{
    return std::chrono::duration<double>(*s.expires - std::chrono::system_clock::now()).count();
}

json::object picture_of(const gateway_state& g, const std::string& profile, const source_status& s)
{
    json::object o;
    o["profile"] = profile;
    o["state"] = name_of(s.state);
    if (s.expires && is_usable(s)) {
        const double left = seconds_left(s);
        const auto life = g.lives.find(profile);
        o["expires_in"] = left;
        o["life"] = life == g.lives.end() ? left : std::max(left, life->second.seconds);
    }
    o["generation"] = s.generation;
    o["token_requests"] = s.token_requests;
    o["waiters"] = s.waiters;
    o["failures"] = s.consecutive_failures;
    if (s.last_failure) {
        std::string why = s.last_failure.message();
        if (!s.last_diagnostics.error.empty()) why += " (" + s.last_diagnostics.error + ")";
        o["detail"] = why;
    }
    return o;
}

json::object picture_of(const served_route& r)
{
    const traffic_sum t = r.count();
    json::object o;
    o["target"] = r.settings.target;
    o["listen"] = r.listen;
    o["profile"] = r.settings.profile;
    o["in_flight"] = t.in_flight;
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

void look_at_lives(gateway_state& g)
{
    for (const auto& [profile, tokens] : g.sources) {
        const source_status s = tokens.status();
        seen_life& life = g.lives[profile];
        if (s.expires && s.generation != life.generation) life = {s.generation, seconds_left(s)};
    }
}

totals totals_of(const gateway_state& g)
{
    totals all;
    for (const served_route& r : g.routes) {
        const traffic_sum t = r.count();
        all.requests += t.requests();
        all.failed += t.failed();
        all.recovered += t.replayed;
        for (std::size_t i = 0; i < t.durations.size(); ++i) all.durations[i] += t.durations[i];
    }
    return all;
}

std::string gateway_json(const gateway_state& g)
{
    const totals all = totals_of(g);
    json::object o;
    bool ready = true;
    json::array sources, routes, hour;
    for (const auto& [name, tokens] : g.sources) {
        const source_status s = tokens.status();
        ready = ready && is_usable(s);
        sources.push_back(picture_of(g, name, s));
    }
    for (const served_route& r : g.routes) routes.push_back(picture_of(r));
    for (const history::piece& p : g.lately.hour()) hour.push_back(json::array{p.per_second, p.failed, p.recovered});
    o["ready"] = ready;
    o["per_second"] = g.lately.per_second();
    o["p50"] = g.lately.percentile(0.5);
    o["p99"] = g.lately.percentile(0.99);
    o["failed"] = all.failed;
    o["recovered"] = all.recovered;
    if (!g.refused_reload.empty()) o["refused_reload"] = g.refused_reload;
    o["sources"] = std::move(sources);
    o["routes"] = std::move(routes);
    o["hour"] = std::move(hour);
    return json::serialize(o) + "\n";
}

} // namespace afresh::cli
