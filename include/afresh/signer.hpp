#pragma once
/// @file
/// The seam to keys that never leave where they are.

#include <afresh/export.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace afresh {

namespace asio = boost::asio;

/// Signs with a key that is not in this process: PKCS #11, an agent, a cloud's key management. Give it to a
/// `signing_key`.
///
/// @par Thread safety Called concurrently from several strands.
/// @par Cancellation  Never cancelled by Afresh.
class AFRESH_EXPORT signer {
public:
    virtual ~signer() = default;
    /// The signature of `text` in the form of RFC 7518 3: for ECDSA the two numbers in full size one after the other, not
    /// ASN.1. Runs on the awaiting coroutine's executor; what blocks belongs on a thread of its own. An exception means
    /// that nothing is sent, and that it is tried again under backoff.
    virtual asio::awaitable<std::string> sign(std::string text) = 0;
};

} // namespace afresh
