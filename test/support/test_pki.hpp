#pragma once
// Certificates for tests, made when needed and written to a directory of their own.

#include "support/temp_directory.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace afresh::test {

struct leaf {
    std::string subject_alt_name = "IP:127.0.0.1,DNS:localhost"; // as OpenSSL's configuration has it; empty: none
    std::string common_name = "server";
    int valid_from_days = -1;
    int valid_for_days = 1; // from now
    bool must_staple = false;
};

// What an authority says of a certificate (OCSP), and when.
struct staple {
    bool revoked = false;
    std::chrono::seconds from{-60}; // from now
    std::optional<std::chrono::seconds> until = std::chrono::hours(1);
    std::string signed_for = {}; // the name of the certificate that it is about; empty: the right one
};

// An authority (EC P-256) and what it signs. The files go when it goes.
class test_pki {
public:
    test_pki();

    std::string roots_file() const { return file("ca.pem"); }
    // Writes NAME.pem and NAME.key.
    void issue(const std::string& name, const leaf& what);
    std::string certificate_file(const std::string& name) const { return file(name + ".pem"); }
    std::string key_file(const std::string& name) const { return file(name + ".key"); }
    // A server's context with that certificate. Both versions in the form of TLS1_2_VERSION; 0: any.
    std::shared_ptr<SSL_CTX> server(const std::string& name, int min_version = 0, int max_version = 0) const;

    // The same, and each handshake carries what `signer` says of the certificate.
    std::shared_ptr<SSL_CTX> stapling_server(const std::string& name, const staple& what, const test_pki& signer) const;

private:
    std::shared_ptr<X509> certificate(const std::string& name) const;
    std::string file(const std::string& name) const { return directory_ / name; }

    const temp_directory directory_;
    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
};

} // namespace afresh::test
