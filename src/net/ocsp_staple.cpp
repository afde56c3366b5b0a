#include "net/ocsp_staple.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace afresh::net {
namespace {

template <auto free>
struct freed_by {
    template <class T>
    void operator()(T* p) const
    {
        free(p);
    }
};

constexpr long clock_skew = 300;           // seconds
constexpr long oldest_without_end = 86400; // of an answer that does not say until when it holds

bool promises_staple(const X509* leaf)
{
    int critical{};
    const std::unique_ptr<TLS_FEATURE, freed_by<TLS_FEATURE_free>> features(
        static_cast<TLS_FEATURE*>(X509_get_ext_d2i(leaf, NID_tlsfeature, &critical, nullptr)));
    if (!features) return critical != -1; // there is none; or it cannot be read, and may promise anything
    for (int i = 0; i < sk_ASN1_INTEGER_num(features.get()); ++i)
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == TLSEXT_TYPE_status_request) return true;
    return false;
}

// A responder may name the certificate by any digest; by that same digest we name it too.
bool is_about(const OCSP_CERTID* id, const X509* leaf, const X509* issuer)
{
    ASN1_OBJECT* algorithm = nullptr;
    if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(id)) != 1) return false;
    const EVP_MD* const digest = EVP_get_digestbyobj(algorithm);
    if (!digest) return false;
    const std::unique_ptr<OCSP_CERTID, freed_by<OCSP_CERTID_free>> mine(OCSP_cert_to_id(digest, leaf, issuer));
    return mine && OCSP_id_cmp(id, mine.get()) == 0;
}

// V_OCSP_CERTSTATUS_GOOD, _REVOKED, or _UNKNOWN when the staple says nothing that counts.
int status_of(SSL* ssl, const unsigned char* der, long size, X509* leaf, STACK_OF(X509) * chain)
{
    const std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>> response(d2i_OCSP_RESPONSE(nullptr, &der, size));
    if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return V_OCSP_CERTSTATUS_UNKNOWN;
    const std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>> basic(
        OCSP_response_get1_basic(response.get()));
    X509_STORE* const roots = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    if (!basic || OCSP_basic_verify(basic.get(), chain, roots, 0) != 1) return V_OCSP_CERTSTATUS_UNKNOWN;
    const X509* const issuer = sk_X509_value(chain, sk_X509_num(chain) > 1 ? 1 : 0);
    for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
        OCSP_SINGLERESP* const one = OCSP_resp_get0(basic.get(), i);
        if (!is_about(OCSP_SINGLERESP_get0_id(one), leaf, issuer)) continue;
        ASN1_GENERALIZEDTIME* from = nullptr;
        ASN1_GENERALIZEDTIME* until = nullptr;
        const int status = OCSP_single_get0_status(one, nullptr, nullptr, &from, &until);
        return OCSP_check_validity(from, until, clock_skew, until ? -1 : oldest_without_end) == 1
                   ? status
                   : V_OCSP_CERTSTATUS_UNKNOWN;
    }
    return V_OCSP_CERTSTATUS_UNKNOWN;
}

// X509_V_OK: nothing speaks against the certificate.
int verdict_on(SSL* ssl)
{
    STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl);
    if (!chain || sk_X509_num(chain) == 0) return X509_V_ERR_UNSPECIFIED;
    X509* const leaf = sk_X509_value(chain, 0);
    const unsigned char* der = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
    const int status = size > 0 ? status_of(ssl, der, size, leaf, chain) : V_OCSP_CERTSTATUS_UNKNOWN;
    if (status == V_OCSP_CERTSTATUS_REVOKED) return X509_V_ERR_CERT_REVOKED;
    if (status == V_OCSP_CERTSTATUS_GOOD || !promises_staple(leaf)) return X509_V_OK;
    return size > 0 ? X509_V_ERR_OCSP_VERIFY_FAILED : X509_V_ERR_OCSP_VERIFY_NEEDED;
}

// Called in each handshake, after the chain was verified; 0 refuses.
int judge(SSL* ssl, void*)
{
    if (SSL_session_reused(ssl)) return 1; // judged when it was made; there is no certificate now
    const int verdict = verdict_on(ssl);
    ERR_clear_error(); // a staple that counts for nothing must not look like the handshake's failure
    if (verdict == X509_V_OK) return 1;
    SSL_set_verify_result(ssl, verdict); // says why
    return 0;
}

} // namespace

void honour_staples(SSL_CTX* context)
{
    SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(context, judge);
}

} // namespace afresh::net
