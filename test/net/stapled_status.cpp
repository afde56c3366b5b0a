// A certificate that promises a stapled OCSP response is worth nothing without one (RFC 7633; FAULTS B7).
#include "support/tls_server.hpp"

using namespace afresh;
using namespace afresh::test;

namespace {

struct stapling {
    stapling()
    {
        leaf promising;
        promising.must_staple = true;
        pki.issue("promising", promising);
        pki.issue("plain", {});
    }
    std::string refusal(const std::string& name, std::string staple)
    {
        return check_refused(pki.stapling_server(name, std::move(staple)), trusting(pki));
    }
    void check_accepted(const std::shared_ptr<SSL_CTX>& context)
    {
        tls_server s(context);
        const auto outcome = get(s.server.url("/"), trusting(pki));
        BOOST_TEST(!outcome.ec, outcome.detail);
        BOOST_TEST(outcome.response.body() == "hello");
    }
    static bool says(const std::string& text, const char* word) { return text.find(word) != std::string::npos; }

    test_pki pki;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(stapled_status, stapling)

BOOST_AUTO_TEST_CASE(a_promised_staple_that_is_missing_is_refused)
{
    BOOST_TEST(says(check_refused(pki.server("promising"), trusting(pki)), "is missing"));
    BOOST_TEST(says(check_refused(pki.server("promising", TLS1_2_VERSION, TLS1_2_VERSION), trusting(pki)), "missing"));
}

BOOST_AUTO_TEST_CASE(a_promised_staple_that_is_not_good_is_refused)
{
    ocsp_answer revoked, unknown, expired, early, old;
    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    unknown.status = V_OCSP_CERTSTATUS_UNKNOWN;
    expired.hours_old = 48;
    expired.valid_for_hours = -24;
    early.hours_old = -1;
    old.hours_old = 25;
    old.valid_for_hours = 0;
    BOOST_TEST(says(refusal("promising", pki.ocsp("promising", revoked)), "revoked"));
    BOOST_TEST(says(refusal("promising", pki.ocsp("promising", unknown)), "does not know"));
    for (const auto& answer : {expired, early, old})
        BOOST_TEST(says(refusal("promising", pki.ocsp("promising", answer)), "out of its time"));
}

BOOST_AUTO_TEST_CASE(a_promised_staple_that_anybody_could_have_made_is_refused)
{
    BOOST_TEST(says(refusal("promising", pki.ocsp("plain", {})), "another certificate"));
    std::string forged = pki.ocsp("promising", {});
    BOOST_TEST(says(refusal("promising", forged.substr(0, forged.size() / 2)), "no answer"));
    forged.back() = static_cast<char>(forged.back() ^ 1); // of the signature
    BOOST_TEST(says(refusal("promising", forged), "not signed"));
    test_pki other;
    leaf promising;
    promising.must_staple = true;
    other.issue("promising", promising);
    BOOST_TEST(says(refusal("promising", other.ocsp("promising", {})), "not signed"));
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_is_refused_also_when_it_promised_nothing)
{
    ocsp_answer revoked;
    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    BOOST_TEST(says(refusal("plain", pki.ocsp("plain", revoked)), "revoked"));
    check_accepted(pki.stapling_server("plain", pki.ocsp("promising", revoked))); // says nothing of this one
    check_accepted(pki.stapling_server("plain", "nonsense"));
}

BOOST_AUTO_TEST_CASE(a_good_staple_is_accepted)
{
    ocsp_answer endless;
    endless.valid_for_hours = 0;
    check_accepted(pki.stapling_server("promising", pki.ocsp("promising", {})));
    check_accepted(pki.stapling_server("promising", pki.ocsp("promising", endless)));
    check_accepted(pki.stapling_server("plain", pki.ocsp("plain", {})));
}

BOOST_AUTO_TEST_SUITE_END()
