#pragma once
// The hosts that a conninfo names, and their addresses: libpq would look names up with a call that blocks.

#include "store/postgres_connection.hpp"

#include <string>
#include <vector>

namespace afresh::store {

// In the order to be tried. Counts libpq's environment variables in; what a service file says, only libpq knows: then
// the list is one empty address. Throws std::invalid_argument, whose text does not repeat the conninfo.
std::vector<postgres_address> parse_hosts(const std::string& conninfo);

// A name may have several addresses; what has one already, or is the path of a socket, stays as it is. Throws
// postgres_failure when the name is not known.
asio::awaitable<std::vector<postgres_address>> resolve(postgres_address named,
                                                       postgres_connection::clock::time_point until);

} // namespace afresh::store
