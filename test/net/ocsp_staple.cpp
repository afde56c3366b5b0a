// FAULTS B7: what a server staples about revocation, and a certificate that promises a staple (RFC 7633).

#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"
#include "support/test_pki.hpp"

#include <afresh/http_transport.hpp>

#include <boost/test/unit_test.hpp>

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
        const raw_server server(
            [](raw_peer& peer) {
                peer.read_request();
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
                peer.say_goodbye();
            },
            context);
        tls_options options;
        options.trust_roots_file = pki.roots_file();
        const auto transport = make_http_transport(options);
        asio::io_context io;
        transport_request request(http_request("GET", server.url("/")));
        return run(io, transport->send(std::move(request))).ec;
    }
    error_code promised(const staple& what) const { return get_from(pki.stapling_server("promised", what, pki)); }
    error_code plain(const staple& what) const { return get_from(pki.stapling_server("plain", what, pki)); }

    test_pki pki;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(ocsp_staple, stapled)

BOOST_AUTO_TEST_CASE(a_promised_staple_must_come)
{
    BOOST_TEST(get_from(pki.server("promised")) == errc::tls_failed);
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
    BOOST_TEST(plain({.revoked = true}) == errc::tls_failed);
}

BOOST_AUTO_TEST_CASE(a_staple_that_is_not_current_is_none)
{
    for (const staple& old : {staple{.from = -48h, .until = -24h}, staple{.from = 24h, .until = 48h},
                              staple{.from = -48h, .until = std::nullopt}}) {
        BOOST_TEST(promised(old) == errc::tls_failed);
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

BOOST_AUTO_TEST_SUITE_END()
