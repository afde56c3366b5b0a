#include "cli/config/places.hpp"

#include <cstdlib>
#include <stdexcept>

namespace afresh::cli {
namespace {

std::string variable(const char* name)
{
    const char* const value = std::getenv(name);
    return value ? value : "";
}

// systemd names several, separated by colons.
std::string first(const std::string& directories) { return directories.substr(0, directories.find(':')); }

std::string place(const char* systemd, const char* xdg, const char* below_home)
{
    if (const std::string d = first(variable(systemd)); !d.empty()) return d;
    if (const std::string d = variable(xdg); d.starts_with('/')) return d + "/afresh";
    const std::string home = variable("HOME");
    if (home.empty()) throw std::runtime_error("HOME is not set; name the configuration with --config");
    return home + below_home + "/afresh";
}

} // namespace

std::string default_configuration()
{
    if (const std::string path = variable("AFRESH_CONFIG"); !path.empty()) return path;
    return place("CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME", "/.config") + "/config.json";
}

std::string state_directory() { return place("STATE_DIRECTORY", "XDG_STATE_HOME", "/.local/state"); }

std::string default_store() { return state_directory() + "/tokens.db"; }

} // namespace afresh::cli
