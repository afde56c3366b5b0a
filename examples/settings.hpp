#pragma once
// Where the examples find their authorization server and API: in the environment. `sh examples/run.sh AFRESH PROGRAM`
// starts a small one of both on this machine and sets these.

#include <afresh/client_registration.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace example {

inline std::string setting(const char* name)
{
    const char* value = std::getenv(name);
    if (!value || !*value) throw std::runtime_error(std::string("set ") + name + ", or use examples/run.sh");
    return value;
}

//[registration
inline afresh::client_registration registration()
{
    return afresh::client_registration(setting("AFRESH_TOKEN_ENDPOINT"), setting("AFRESH_CLIENT_ID"))
        .client_secret_basic(setting("AFRESH_CLIENT_SECRET"));
}
//]

inline afresh::grant grant() { return afresh::grant::refresh_token(setting("AFRESH_REFRESH_TOKEN")); }

inline std::string api() { return setting("AFRESH_API"); } // a URL that wants a bearer token
// Another one beside it.
inline std::string api(const std::string& name)
{
    const std::string url = api();
    return url.substr(0, url.rfind('/') + 1) + name;
}

} // namespace example
