#pragma once
// What most commands do: open a profile's token source, work with it, and close it.

#include "cli/config/configuration.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>

namespace afresh::cli {

namespace asio = boost::asio;

struct common_options {
    std::string configuration; // empty: the usual place
    std::string profile;       // empty: the only one
    bool json{};
};

// Runs the work to its end on a context of its own. Returns its exit code; or reports what it throws, and returns that.
int run_command(const common_options& options, const std::function<asio::awaitable<int>()>& work);
// The same with the source of the profile.
int run_with_source(const common_options& options,
                    const std::function<asio::awaitable<int>(token_source, profile)>& work);

} // namespace afresh::cli
