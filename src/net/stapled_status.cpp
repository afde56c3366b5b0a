#include "net/stapled_status.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace afresh::net {

namespace {

constexpr long clock_skew = 300;                // seconds
constexpr long longest_without_end = 24 * 3600; // for a response that does not say when the next one comes

template <auto Free>
struct freed {
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

struct finding {
    bool revoked;
    const char* fault; // null: good
};

// RFC 7633 4: the feature is the number of the TLS extension. What cannot be read promises as much.
bool promises_staple(X509* leaf)
{
    int critical{};
    const std::unique_ptr<TLS_FEATURE, freed<TLS_FEATURE_free>> features(
        static_cast<TLS_FEATURE*>(X509_get_ext_d2i(leaf, NID_tlsfeature, &critical, nullptr)));
    if (!features) return critical != -1;
    for (int i = 0; i < sk_ASN1_INTEGER_num(features.get()); ++i)
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == TLSEXT_TYPE_status_request) return true;
    return false;
}

finding read_status(OCSP_BASICRESP* response, X509* leaf, X509* issuer)
{
    for (const EVP_MD* hash : {EVP_sha1(), EVP_sha256()}) { // the responder's choice
        const std::unique_ptr<OCSP_CERTID, freed<OCSP_CERTID_free>> id(OCSP_cert_to_id(hash, leaf, issuer));
        int status{}, reason{};
        ASN1_GENERALIZEDTIME *revoked_at{}, *this_update{}, *next_update{};
        if (!id ||
            OCSP_resp_find_status(response, id.get(), &status, &reason, &revoked_at, &this_update, &next_update) != 1)
            continue;
        if (OCSP_check_validity(this_update, next_update, clock_skew, next_update ? -1 : longest_without_end) != 1)
            return {false, "is out of its time"};
        if (status == V_OCSP_CERTSTATUS_REVOKED) return {true, "says that it is revoked"};
        return {false, status == V_OCSP_CERTSTATUS_GOOD ? nullptr : "does not know the certificate"};
    }
    return {false, "is about another certificate"};
}

finding read_staple(SSL* handle, STACK_OF(X509) * chain)
{
    const unsigned char* bytes{};
    const long size = SSL_get_tlsext_status_ocsp_resp(handle, &bytes);
    if (!bytes || size <= 0) return {false, "is missing"};
    const std::unique_ptr<OCSP_RESPONSE, freed<OCSP_RESPONSE_free>> response(d2i_OCSP_RESPONSE(nullptr, &bytes, size));
    if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return {false, "is no answer"};
    const std::unique_ptr<OCSP_BASICRESP, freed<OCSP_BASICRESP_free>> basic(OCSP_response_get1_basic(response.get()));
    X509_STORE* const roots = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(handle));
    if (!basic || OCSP_basic_verify(basic.get(), chain, roots, 0) != 1) return {false, "is not signed by its issuer"};
    X509* const leaf = sk_X509_value(chain, 0);
    return read_status(basic.get(), leaf, sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : leaf);
}

} // namespace

std::string stapled_fault(ssl_st* handle)
{
    STACK_OF(X509)* const chain = SSL_get0_verified_chain(handle);
    if (!chain || sk_X509_num(chain) == 0) return "the certificate was not verified";
    const finding found = read_staple(handle, chain);
    const bool matters = found.revoked || (found.fault && promises_staple(sk_X509_value(chain, 0)));
    ERR_clear_error(); // else Asio takes what was found here for an error of its next read
    return matters ? std::string("the certificate's stapled OCSP response ") + found.fault : std::string();
}

} // namespace afresh::net
