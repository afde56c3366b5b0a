// RFC 8705 at oidc-provider over https: clients that prove who they are with a certificate, and tokens bound to one.

#include "support/authorization_server.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"
#include "support/temp_directory.hpp"

#include <afresh/http_transport.hpp>
#include <afresh/introspection.hpp>
#include <afresh/provider.hpp>
#include <afresh/token_source.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <thread>

using namespace afresh;
using namespace afresh::test;

namespace {

tls_options with_certificate(const std::string& name)
{
    tls_options o;
    o.trust_roots_file = authorization_server::pki() + "/ca.pem";
    if (name.empty()) return o;
    o.certificate_chain_file = authorization_server::pki() + "/" + name + ".pem";
    o.private_key_file = authorization_server::pki() + "/" + name + ".key";
    return o;
}

asio::awaitable<error_code> refresh_twice(token_source& tokens)
{
    try {
        const access_token first = co_await tokens.get();
        const access_token second = co_await tokens.renew_if_current(first);
        BOOST_TEST(!(first.value() == second.value()));
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}

error_code live(const client_registration& client, const std::string& certificate, const std::string& refresh_token)
{
    asio::io_context context;
    source_options options;
    options.service.transport = make_http_transport(with_certificate(certificate));
    token_source tokens(context.get_executor(), client, grant::refresh_token(refresh_token), options);
    const error_code ec = finish(context, refresh_twice(tokens));
    tokens.close();
    return ec;
}

} // namespace

BOOST_AUTO_TEST_CASE(B15_a_certificate_proves_who_a_client_is)
{
    authorization_server as({{"TLS", "1"}, {"MTLS_PORT", "0"}, {"AT_TTL", "60"}});
    asio::io_context context;
    const server_metadata plain = run(context, discover(as.issuer(), make_http_transport(with_certificate(""))));
    const server_metadata m = plain.with_mtls_aliases(); // RFC 8705 5: only there a certificate is asked for
    BOOST_TEST(m.token_endpoint != plain.token_endpoint);
    struct row {
        client_registration client;
        const char* certificate;
        const char* another;
    };
    const row table[] = {
        {client_registration(m, "mtls-ca").tls_client_auth(), "client-ca", "client-other"},
        {client_registration(m, "mtls-san").tls_client_auth(), "client-ca", "client-other"},
        {client_registration(m, "mtls-ss").self_signed_tls_client_auth(), "client-ss", "client-ca"},
    };
    for (const row& r : table) {
        BOOST_TEST_CONTEXT(r.client.client_id())
        {
            mint_params p;
            p.client_id = r.client.client_id();
            const std::string refresh_token = as.mint(p).refresh_token;
            // With the wrong certificate, or none, nothing is spent.
            BOOST_TEST((live(r.client, r.another, refresh_token) == errc::misconfigured));
            BOOST_TEST((live(r.client, "", refresh_token) == errc::misconfigured));
            BOOST_TEST(!live(r.client, r.certificate, refresh_token));
        }
    }
}

// RFC 8705 4 and 6.3
BOOST_AUTO_TEST_CASE(B15_a_public_client_that_gets_another_certificate_signs_in_again)
{
    authorization_server as({{"TLS", "1"}, {"AT_TTL", "60"}});
    const temp_directory directory;
    const std::string pki = authorization_server::pki() + "/", mine = directory / "mine";
    const auto use = [&](const std::string& name) {
        for (const char* end : {".key", ".pem"}) {
            std::filesystem::copy_file(pki + name + end, mine + end + ".new");
            std::filesystem::rename(mine + end + ".new", mine + end);
        }
    };
    use("client-ca");
    tls_options tls;
    tls.trust_roots_file = pki + "ca.pem";
    tls.certificate_chain_file = mine + ".pem";
    tls.private_key_file = mine + ".key";
    asio::io_context context;
    source_options options;
    options.service.transport = make_http_transport(tls);
    mint_params p;
    p.client_id = "public-bound";
    p.certificate = "client-ca.pem";
    token_source tokens(context.get_executor(), client_registration(as.token_endpoint(), p.client_id),
                        grant::refresh_token(as.mint(p).refresh_token), options);
    BOOST_TEST(!finish(context, refresh_twice(tokens)));
    use("client-other");
    std::this_thread::sleep_for(std::chrono::milliseconds(1100)); // the files are looked at each second at most
    BOOST_TEST((finish(context, refresh_twice(tokens)) == errc::sign_in_required));
    tokens.close();
}
