#pragma once
// What a peer's stapled OCSP response says of its certificate (RFC 6066 8, RFC 6960, RFC 7633). OpenSSL.

#include <string>

struct ssl_st;

namespace afresh::net {

// After a handshake whose certificate was verified: why that certificate must not be trusted all the same, in words.
// Empty: nothing. A certificate that promises a stapled response needs one that is good; one that is "revoked" by a
// response that counts is refused in any case; nobody else is asked.
std::string stapled_fault(ssl_st* handle);

} // namespace afresh::net
