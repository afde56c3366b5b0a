#pragma once
// A profile becomes what the library wants to know.

#include "cli/config/configuration.hpp"

#include <afresh/client_registration.hpp>
#include <afresh/http_transport.hpp>
#include <afresh/server_metadata.hpp>
#include <afresh/tls_options.hpp>
#include <afresh/token_source.hpp>
#include <afresh/token_store.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace afresh::cli {

namespace asio = boost::asio;

tls_options tls_of(const profile& p);
// What the profile says, or its server; from the cache if that is of today, or if the server cannot be asked.
asio::awaitable<server_metadata> metadata_of(profile p);
// Throws what is wrong with the profile, or keeps its secrets from being read.
client_registration registration_of(const profile& p, const server_metadata& server);
// Sealed with a key that is made with the file, and stands beside it.
std::shared_ptr<token_store> open_store(const asio::any_io_executor& executor, const configuration& all);
// The profile's chain in that store, shared with all who use both. `all` has the profiles that it builds on.
asio::awaitable<token_source> open_source(configuration all, profile p, std::shared_ptr<token_store> store);

} // namespace afresh::cli
