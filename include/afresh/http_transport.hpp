#pragma once
/// @file
/// The transport that Afresh brings: a fresh, verified connection for each token request.

#include <afresh/tls_options.hpp>
#include <afresh/transport.hpp>

#include <memory>

namespace afresh {

/// HTTP/1.1 over a new TCP or TLS connection for each request. Follows no redirect, resends nothing, uses no proxy and
/// no TLS early data. Plain http is spoken only where the URL says so; `client_registration` decides whether it may.
///
/// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument` when a file of `options` cannot be
///                    read.
AFRESH_EXPORT std::shared_ptr<transport> make_http_transport(const tls_options& options = {});

} // namespace afresh
