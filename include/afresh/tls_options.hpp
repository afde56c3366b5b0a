#pragma once
/// @file
/// Whom to trust, and who to be, in TLS.

#include <string>

namespace afresh {

/// TLS settings of a transport or client; goes to constructors only. Always verified: the chain, the host name (RFC
/// 9525) and TLS 1.2 or newer; a certificate that promises a stapled OCSP response (RFC 7633) needs a good one. Nothing
/// is asked of others about revocation. There is no switch to turn verification off.
struct tls_options {
    /// PEM file with the authorities to trust. Empty: the system's.
    std::string trust_roots_file{};
    /// PEM files with a client certificate chain and its key (RFC 8705). Both or none.
    std::string certificate_chain_file{};
    std::string private_key_file{};
};

} // namespace afresh
