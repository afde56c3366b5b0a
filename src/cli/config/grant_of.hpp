#pragma once
#include "cli/config/configuration.hpp"

#include <afresh/grant.hpp>
#include <afresh/token_source.hpp>

#include <optional>
#include <string>

namespace afresh::cli {

// As RFC 6749 names it, and servers in their metadata.
std::string grant_type_of(const profile& p);
// What a profile gets its tokens for. `subject`: the source of the profile whose token it exchanges, if it does that.
grant grant_of(const profile& p, const std::optional<token_source>& subject);

} // namespace afresh::cli
