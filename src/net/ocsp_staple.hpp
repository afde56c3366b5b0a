#pragma once
// What a server staples to its certificate about revocation (RFC 6066 8), and what its certificate promises of that
// (RFC 7633). OpenSSL only.

struct ssl_ctx_st;

namespace afresh::net {

// Handshakes of `context` ask for a staple, and fail when a valid one says "revoked", or when a certificate that
// promises one ("must-staple") comes without one that is signed for its issuer, current and good.
void honour_staples(ssl_ctx_st* context);

} // namespace afresh::net
