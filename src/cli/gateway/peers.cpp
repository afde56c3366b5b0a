#include "cli/gateway/peers.hpp"

#include <boost/system/system_error.hpp>

#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>

namespace afresh::cli {

allowed_users::allowed_users(const std::vector<std::string>& names)
{
    for (const std::string& name : names) {
        ::uid_t user = 0;
        const char* const end = name.data() + name.size();
        if (std::from_chars(name.data(), end, user).ptr != end) {
            const ::passwd* const entry = ::getpwnam(name.c_str());
            if (!entry) throw std::runtime_error("allow_users: this system has no user \"" + name + "\"");
            user = entry->pw_uid;
        }
        users_.push_back(user);
    }
}

bool allowed_users::contains(::uid_t user) const noexcept
{
    return user == ::geteuid() || user == 0 || std::find(users_.begin(), users_.end(), user) != users_.end();
}

::uid_t user_at(int socket)
{
    ::ucred peer{};
    ::socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "SO_PEERCRED");
    return peer.uid;
}

} // namespace afresh::cli
