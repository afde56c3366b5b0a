#pragma once
// What a running gateway consists of.

#include "cli/gateway/history.hpp"
#include "cli/gateway/route.hpp"

#include <afresh/token_source.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace afresh::cli {

using sources_by_profile = std::map<std::string, token_source>;

struct gateway_state {
    sources_by_profile sources;
    std::vector<std::shared_ptr<route>> routes;
    history lately;
};

// Since the start, of all routes.
totals totals_of(const gateway_state& g);
std::uint64_t failed_of(const route& r);    // 5xx, and broken off
std::uint64_t recovered_of(const route& r); // sent again after a 401

// The text that Prometheus scrapes.
std::string gateway_metrics(const gateway_state& g);
// What the page shows.
std::string gateway_json(const gateway_state& g);

} // namespace afresh::cli
