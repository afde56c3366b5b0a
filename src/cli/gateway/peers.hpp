#pragma once
// Whose programs may use the gateway's UNIX sockets, besides its own user's.

#include <string>
#include <vector>

#include <sys/types.h>

namespace afresh::cli {

class allowed_users {
public:
    allowed_users() = default; // nobody else
    // By name or number. Throws std::runtime_error for a name that is not known here.
    explicit allowed_users(const std::vector<std::string>& names);

    bool empty() const noexcept { return users_.empty(); }
    bool contains(::uid_t user) const noexcept;

private:
    std::vector<::uid_t> users_;
};

// Of the program at the other end of a UNIX socket (SO_PEERCRED). Throws boost::system::system_error.
::uid_t user_at(int socket);

} // namespace afresh::cli
