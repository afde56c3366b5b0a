#pragma once
// What a running gateway consists of.

#include "cli/gateway/history.hpp"
#include "cli/gateway/route.hpp"
#include "cli/gateway/traffic.hpp"

#include <afresh/token_source.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace afresh::cli {

using sources_by_profile = std::map<std::string, token_source>;

// A route, which each thread has for itself.
struct served_route {
    route_settings settings;
    std::string listen; // with the port, if any was to be had
    std::vector<std::shared_ptr<route>> by_thread;
    std::vector<std::shared_ptr<traffic>> counted; // of each thread, since the gateway listens there

    traffic_sum count() const;
};

// Of a token, when it was last looked at.
struct seen_token {
    std::uint64_t generation{};
    std::uint64_t failures{};
    double life{}; // seconds that this generation was good for when it was first seen
};

// Belongs to the first thread. A reload changes it.
struct gateway_state {
    sources_by_profile sources;
    std::map<std::string, std::string> issuers; // by profile
    std::vector<served_route> routes;
    std::map<std::string, seen_token> seen; // by profile
    history lately;
    std::string refused_reload; // why the last one changed nothing; empty: it did
};

// Since the start, of all routes.
traffic_sum count_all(const gateway_state& g);

// The text that Prometheus scrapes.
std::string gateway_metrics(const gateway_state& g);
// What the page shows.
std::string gateway_json(const gateway_state& g);

} // namespace afresh::cli
