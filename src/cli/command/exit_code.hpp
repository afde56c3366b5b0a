#pragma once
// How a command ended, for scripts: the codes of sysexits(3).

#include <afresh/error.hpp>

#include <exception>
#include <string>

namespace afresh::cli {

enum exit_code : int {
    exit_ok = 0,
    exit_usage = 64,       // the command line
    exit_data = 65,        // what was given to it
    exit_unavailable = 69, // something that is not there
    exit_io = 74,          // the store or a file
    exit_later = 75,       // trying again may help
    exit_sign_in = 77,     // a human is needed
    exit_config = 78,      // the configuration, or the registration at the server
};

struct failure {
    int code = exit_unavailable;
    std::string text;   // what happened
    std::string remedy; // what to do; empty: nothing in particular
};
// Of a command on this profile.
failure explain(const std::exception_ptr& e, const std::string& profile);
// To standard error; as JSON if asked for. Returns the code.
int report(const failure& f, bool json);

} // namespace afresh::cli
