// FAULTS B7: what a server staples about revocation, and a certificate that promises a staple (RFC 7633).

#include "support/tls_server.hpp"

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct stapled {
    stapled()
    {
        leaf promise;
        promise.must_staple = true;
        pki.issue("promised", promise);
        pki.issue("plain", {});
    }
    error_code get_from(const std::shared_ptr<SSL_CTX>& context) const
    {
        tls_server s(context);
        const auto outcome = get(s.server.url("/"), trusting(pki));
        why = outcome.detail;
        BOOST_TEST(s.requests == (outcome.ec ? 0u : 1u));
        return outcome.ec;
    }
    error_code promised(const staple& what) const { return get_from(pki.stapling_server("promised", what, pki)); }
    error_code plain(const staple& what) const { return get_from(pki.stapling_server("plain", what, pki)); }

    test_pki pki;
    mutable std::string why;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(ocsp_staple, stapled)

BOOST_AUTO_TEST_CASE(a_promised_staple_must_come)
{
    BOOST_TEST(get_from(pki.server("promised")) == errc::tls_failed);
    BOOST_TEST(why == "OCSP verification needed");
    BOOST_TEST(get_from(pki.server("promised", 0, TLS1_2_VERSION)) == errc::tls_failed);
    BOOST_TEST(!get_from(pki.server("plain")));
}

BOOST_AUTO_TEST_CASE(a_good_staple_is_accepted)
{
    BOOST_TEST(!promised({}));
    BOOST_TEST(!promised({.until = std::nullopt}));
    BOOST_TEST(!plain({}));
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_is_refused_whether_or_not_it_promised)
{
    BOOST_TEST(promised({.revoked = true}) == errc::tls_failed);
    BOOST_TEST(why == "certificate revoked");
    BOOST_TEST(plain({.revoked = true}) == errc::tls_failed);
}

BOOST_AUTO_TEST_CASE(a_staple_that_is_not_current_is_none)
{
    for (const staple& old : {staple{.from = -48h, .until = -24h}, staple{.from = 24h, .until = 48h},
                              staple{.from = -48h, .until = std::nullopt}}) {
        BOOST_TEST(promised(old) == errc::tls_failed);
        BOOST_TEST(why == "OCSP verification failed");
        BOOST_TEST(!plain(old));
    }
}

BOOST_AUTO_TEST_CASE(a_staple_about_another_certificate_is_none)
{
    BOOST_TEST(promised({.signed_for = "plain"}) == errc::tls_failed);
    BOOST_TEST(!plain({.revoked = true, .signed_for = "promised"}));
}

BOOST_AUTO_TEST_CASE(a_staple_that_somebody_else_signed_is_none)
{
    const test_pki stranger;
    BOOST_TEST(get_from(pki.stapling_server("promised", {}, stranger)) == errc::tls_failed);
    BOOST_TEST(!get_from(pki.stapling_server("plain", {.revoked = true}, stranger)));
}

BOOST_AUTO_TEST_CASE(a_staple_that_counts_for_nothing_does_no_harm_in_tls_1_2_either)
{
    // There the handshake goes on after the staple, and would take what OpenSSL said of it for its own failure.
    const test_pki stranger;
    const auto context = pki.stapling_server("plain", {}, stranger);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    BOOST_TEST(!get_from(context), why);
}

BOOST_AUTO_TEST_SUITE_END()
