// The real authorization server of the integration tests: does the harness itself start, steer and end it?

#include "support/authorization_server.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

using afresh::test::authorization_server;
using afresh::test::loopback_exchange;
using afresh::test::loopback_get;

namespace {

bool stops_answering(unsigned short port)
{
    for (int i = 0; i < 200; ++i) {
        try {
            loopback_get(port, "/.well-known/openid-configuration");
        } catch (const std::runtime_error&) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
}

std::string refresh(const authorization_server& server, const std::string& refresh_token)
{
    const std::string body = "grant_type=refresh_token&refresh_token=" + refresh_token;
    return loopback_exchange(server.port(), "POST /token HTTP/1.0\r\nHost: 127.0.0.1\r\n"
                                            "Authorization: Basic YmFzaWM6YmFzaWMtc2VjcmV0\r\n" // basic:basic-secret
                                            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                                                std::to_string(body.size()) + "\r\n\r\n" + body);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_missing_node_is_reported_with_the_remedy)
{
    ::setenv("AFRESH_NODE", "/nonexistent/node", 1);
    BOOST_CHECK_EXCEPTION(authorization_server(), std::runtime_error, [](const std::runtime_error& e) {
        const std::string text = e.what();
        return text.find("/nonexistent/node") != text.npos && text.find("install.sh") != text.npos;
    });
    ::unsetenv("AFRESH_NODE");
}

BOOST_AUTO_TEST_CASE(a_server_that_ends_at_once_is_reported_and_not_waited_for)
{
    ::setenv("AFRESH_NODE", "/bin/true", 1);
    BOOST_CHECK_THROW(authorization_server(), std::runtime_error);
    ::unsetenv("AFRESH_NODE");
}

BOOST_AUTO_TEST_CASE(an_unknown_client_gets_no_grant)
{
    authorization_server server;
    BOOST_CHECK_THROW(server.mint({.client_id = "nobody"}), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(it_publishes_its_endpoints_and_mints_refresh_tokens)
{
    authorization_server server{{"AT_TTL", "5"}};
    const auto metadata =
        boost::json::parse(loopback_get(server.port(), "/.well-known/openid-configuration")).as_object();
    BOOST_TEST(boost::json::value_to<std::string>(metadata.at("issuer")) == server.issuer());
    BOOST_TEST(boost::json::value_to<std::string>(metadata.at("token_endpoint")) == server.token_endpoint());

    const auto one = server.mint();
    const auto other = server.mint({.client_id = "odd:id with/space", .resource = "https://api.opaque.test/"});
    BOOST_TEST(!one.refresh_token.empty());
    BOOST_TEST(one.refresh_token != other.refresh_token);
    BOOST_TEST(one.grant_id != other.grant_id);
    BOOST_TEST(server.token_requests() == 0u);
    BOOST_TEST(server.reuse_events() == 0u);
    server.revoke_grant(one.grant_id);
    server.drop_connections();
    // Control calls are not counted: the numbers are those of the client under test.
    BOOST_TEST(boost::json::value_to<int>(server.stats().at("requests")) == 1);
}

BOOST_AUTO_TEST_CASE(it_rotates_and_counts_each_token_request_and_each_reuse)
{
    authorization_server server;
    const auto grant = server.mint();
    BOOST_TEST(refresh(server, grant.refresh_token).find("\"refresh_token\"") != std::string::npos);
    BOOST_TEST(server.token_requests() == 1u);
    BOOST_TEST(server.reuse_events() == 0u);
    BOOST_TEST(refresh(server, grant.refresh_token).find("invalid_grant") != std::string::npos);
    BOOST_TEST(server.token_requests() == 1u);
    BOOST_TEST(server.reuse_events() == 1u);
}

BOOST_AUTO_TEST_CASE(it_speaks_tls_with_the_certificates_made_for_it)
{
    authorization_server server{{"TLS", "1"}};
    BOOST_TEST(server.issuer().starts_with("https://127.0.0.1:"));
    BOOST_TEST(!server.mint({.client_id = "basic-bound"}).refresh_token.empty());
    for (const char* file : {"ca.pem", "expired.pem", "wrongname.pem", "client-ca.pem"})
        BOOST_TEST(std::filesystem::exists(authorization_server::pki() + "/" + file), file);
}

BOOST_AUTO_TEST_CASE(two_servers_live_side_by_side_and_each_is_killed_alone)
{
    authorization_server first;
    authorization_server second;
    BOOST_TEST(first.port() != second.port());
    first.kill();
    BOOST_TEST(stops_answering(first.port()));
    BOOST_TEST(!second.mint().refresh_token.empty());
}

BOOST_AUTO_TEST_CASE(it_ends_when_the_process_that_started_it_is_killed)
{
    std::array<int, 2> pipe{};
    BOOST_REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        authorization_server server;
        const unsigned short port = server.port();
        const bool written = ::write(pipe[1], &port, sizeof port) == sizeof port;
        ::kill(::getpid(), SIGKILL); // no destructor runs
        ::_exit(written);
    }
    ::close(pipe[1]);
    unsigned short port = 0;
    BOOST_TEST(::read(pipe[0], &port, sizeof port) == static_cast<ssize_t>(sizeof port));
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    BOOST_TEST(stops_answering(port));
}
