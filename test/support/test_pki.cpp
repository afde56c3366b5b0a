#include "support/test_pki.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace afresh::test {

namespace {

void require(bool ok, const char* what)
{
    if (!ok) throw std::runtime_error(std::string("test_pki: ") + what);
}

std::shared_ptr<EVP_PKEY> make_key()
{
    std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    require(key != nullptr, "key");
    return key;
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> e(
        X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()), X509_EXTENSION_free);
    require(e && X509_add_ext(certificate, e.get(), -1) == 1, "extension");
}

std::shared_ptr<X509> make_certificate(EVP_PKEY* key, const leaf& what)
{
    static long serial = 1;
    std::shared_ptr<X509> c(X509_new(), X509_free);
    require(c && X509_set_version(c.get(), 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(c.get()), serial++) == 1,
            "new");
    X509_gmtime_adj(X509_getm_notBefore(c.get()), what.valid_from_days * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(c.get()), what.valid_for_days * 86400L);
    X509_set_pubkey(c.get(), key);
    const auto* name = reinterpret_cast<const unsigned char*>(what.common_name.c_str());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c.get()), "CN", MBSTRING_UTF8, name, -1, -1, 0);
    return c;
}

std::unique_ptr<FILE, int (*)(FILE*)> opened(const std::string& path, const char* mode)
{
    std::unique_ptr<FILE, int (*)(FILE*)> f(std::fopen(path.c_str(), mode), std::fclose);
    require(f != nullptr, "file");
    return f;
}

void write(const std::string& path, X509* certificate)
{
    require(PEM_write_X509(opened(path, "w").get(), certificate) == 1, "write certificate");
}

} // namespace

test_pki::test_pki() : key_(make_key())
{
    leaf ca;
    ca.common_name = "Afresh test authority";
    certificate_ = make_certificate(key_.get(), ca);
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
    add_extension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(certificate_.get(), certificate_.get(), NID_subject_key_identifier, "hash");
    require(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0, "sign");
    write(roots_file(), certificate_.get());
}

void test_pki::issue(const std::string& name, const leaf& what)
{
    const auto key = make_key();
    const auto certificate = make_certificate(key.get(), what);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
    add_extension(certificate.get(), certificate_.get(), NID_basic_constraints, "CA:FALSE");
    if (!what.subject_alt_name.empty())
        add_extension(certificate.get(), certificate_.get(), NID_subject_alt_name, what.subject_alt_name);
    if (what.must_staple) add_extension(certificate.get(), certificate_.get(), NID_tlsfeature, "status_request");
    require(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0, "sign");
    write(certificate_file(name), certificate.get());
    require(PEM_write_PrivateKey(opened(key_file(name), "w").get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
                1,
            "write key");
}

std::shared_ptr<SSL_CTX> test_pki::server(const std::string& name, int min_version, int max_version) const
{
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    require(context && SSL_CTX_use_certificate_chain_file(context.get(), certificate_file(name).c_str()) == 1 &&
                SSL_CTX_use_PrivateKey_file(context.get(), key_file(name).c_str(), SSL_FILETYPE_PEM) == 1,
            "server context");
    SSL_CTX_set_min_proto_version(context.get(), min_version);
    SSL_CTX_set_max_proto_version(context.get(), max_version);
    // OpenSSL refuses TLS 1.1 at its default level of security: this server is meant to be that bad
    if (max_version != 0 && max_version < TLS1_2_VERSION) SSL_CTX_set_security_level(context.get(), 0);
    return context;
}

std::shared_ptr<X509> test_pki::certificate(const std::string& name) const
{
    return {PEM_read_X509(opened(certificate_file(name), "r").get(), nullptr, nullptr, nullptr), X509_free};
}

std::shared_ptr<SSL_CTX> test_pki::stapling_server(const std::string& name, const staple& what,
                                                   const test_pki& signer) const
{
    const auto about = certificate(what.signed_for.empty() ? name : what.signed_for);
    const std::shared_ptr<OCSP_BASICRESP> basic(OCSP_BASICRESP_new(), OCSP_BASICRESP_free);
    const std::shared_ptr<OCSP_CERTID> id(OCSP_cert_to_id(EVP_sha256(), about.get(), certificate_.get()),
                                          OCSP_CERTID_free);
    const auto at = [](std::chrono::seconds from_now) {
        return std::shared_ptr<ASN1_TIME>(X509_gmtime_adj(nullptr, from_now.count()), ASN1_TIME_free);
    };
    const auto from = at(what.from), revoked = at(what.from), until = at(what.until.value_or(std::chrono::seconds(0)));
    OCSP_basic_add1_status(basic.get(), id.get(), what.revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
                           OCSP_REVOKED_STATUS_KEYCOMPROMISE, what.revoked ? revoked.get() : nullptr, from.get(),
                           what.until ? until.get() : nullptr);
    require(OCSP_basic_sign(basic.get(), signer.certificate_.get(), signer.key_.get(), EVP_sha256(), nullptr, 0) == 1,
            "sign staple");
    const std::shared_ptr<OCSP_RESPONSE> response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()),
                                                  OCSP_RESPONSE_free);
    unsigned char* der = nullptr;
    const int size = i2d_OCSP_RESPONSE(response.get(), &der);
    require(size > 0, "staple");
    const auto bytes = new std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);

    const auto context = server(name);
    SSL_CTX_set_tlsext_status_cb(
        context.get(), +[](SSL* ssl, void* argument) {
            const auto& text = *static_cast<const std::string*>(argument);
            void* const copy = OPENSSL_memdup(text.data(), text.size());
            SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(text.size())); // takes it over
            return SSL_TLSEXT_ERR_OK;
        });
    SSL_CTX_set_tlsext_status_arg(context.get(), bytes);
    return {context.get(), [context, bytes](SSL_CTX*) { delete bytes; }};
}

} // namespace afresh::test
