// What TLS keeps from one connection to the next: sessions, and the files it was told to use.
#include "support/client_fixture.hpp"
#include "support/temp_directory.hpp"
#include "support/test_pki.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct fixture : client_fixture {
    fixture()
    {
        pki.issue("server", {});
        options.tls.trust_roots_file = pki.roots_file();
    }
    // One answer per connection.
    raw_server::script once()
    {
        return [this](raw_peer& peer) {
            peer.read_request();
            seen.add(peer.resumed() ? "resumed" : "full");
            peer.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
            peer.say_goodbye();
        };
    }
    notes seen;
    test_pki pki;
};

// As a deployment does it: whole, in one step, and later than before.
void replace_by(const std::string& file, const std::string& by)
{
    std::filesystem::copy_file(by, file + ".new");
    std::filesystem::last_write_time(file + ".new", std::filesystem::file_time_type::clock::now() + 5s);
    std::filesystem::rename(file + ".new", file);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(tls_over_time, fixture)

BOOST_AUTO_TEST_CASE(a_session_is_resumed_with_each_version)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        seen.clear();
        const raw_server server(once(), pki.server("server", version, version));
        for (int i = 0; i < 3; ++i) BOOST_TEST(get(server.url("/")).response.body() == "hello");
        BOOST_TEST(seen.at(0) == "full");
        BOOST_TEST(seen.at(1) == "resumed");
        BOOST_TEST(seen.at(2) == "resumed");
    }
}

BOOST_AUTO_TEST_CASE(sessions_are_not_mixed_up_between_names_and_ports)
{
    const raw_server one(once(), pki.server("server"));
    const raw_server other(once(), pki.server("server"));
    BOOST_TEST(!get(one.url("/")).ec);
    BOOST_TEST(!get(other.url("/")).ec);
    BOOST_TEST(!get(one.url("/", "localhost")).ec);
    for (const std::string& how : seen.all()) BOOST_TEST(how == "full");
}

BOOST_AUTO_TEST_CASE(a_client_has_its_own_sessions)
{
    const raw_server server(once(), pki.server("server"));
    BOOST_TEST(!get(server.url("/")).ec);
    made.reset();
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(seen.at(1) == "full");
}

BOOST_AUTO_TEST_CASE(a_server_that_knows_the_session_no_more_gets_a_full_handshake)
{
    const raw_server first(once(), pki.server("server"));
    BOOST_TEST(!get(first.url("/")).ec);
    // another one with other keys answers at the same origin, behind a UNIX socket's path that is made anew
    const temp_directory directory;
    const std::string path = directory / "s";
    made.reset();
    options.unix_socket = path;
    for (int i = 0; i < 2; ++i) {
        const raw_server server(once(), pki.server("server"), path.c_str());
        BOOST_TEST(get("https://localhost/").response.body() == "hello");
        std::filesystem::remove(path);
    }
    BOOST_TEST(seen.at(2) == "full");
}

BOOST_AUTO_TEST_CASE(roots_that_were_replaced_count_for_the_next_connection)
{
    test_pki other;
    other.issue("server", {});
    const raw_server server(once(), other.server("server"));
    const temp_directory directory;
    const std::string roots = directory / "roots.pem";
    std::filesystem::copy_file(pki.roots_file(), roots);
    options.tls.trust_roots_file = roots;
    BOOST_TEST(get(server.url("/")).ec == errc::tls_failed);
    replace_by(roots, other.roots_file());
    std::this_thread::sleep_for(1100ms); // the files are looked at each second at most
    BOOST_TEST(get(server.url("/")).response.body() == "hello");
}

BOOST_AUTO_TEST_CASE(roots_that_cannot_be_read_leave_the_old_ones_in_use)
{
    const raw_server server(once(), pki.server("server"));
    const temp_directory directory;
    const std::string roots = directory / "roots.pem";
    std::filesystem::copy_file(pki.roots_file(), roots);
    options.tls.trust_roots_file = roots;
    BOOST_TEST(!get(server.url("/")).ec);
    const std::string nonsense = directory / "nonsense";
    std::ofstream(nonsense) << "no certificate";
    replace_by(roots, nonsense);
    std::this_thread::sleep_for(1100ms);
    BOOST_TEST(!get(server.url("/")).ec);
    std::filesystem::remove(roots);
    std::this_thread::sleep_for(1100ms);
    BOOST_TEST(!get(server.url("/")).ec);
}

// FAULTS B15: also where a connection was kept, since tokens may be bound to the new one (RFC 8705 3).
BOOST_DATA_TEST_CASE(a_client_certificate_that_was_renewed_is_used, boost::unit_test::data::make({false, true}), kept)
{
    leaf first;
    first.common_name = "first";
    leaf second;
    second.common_name = "second";
    pki.issue("client", first);
    const auto context_of_server = pki.server("server");
    SSL_CTX_load_verify_locations(context_of_server.get(), pki.roots_file().c_str(), nullptr);
    SSL_CTX_set_verify(context_of_server.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    static constexpr unsigned char id[] = "test";
    SSL_CTX_set_session_id_context(context_of_server.get(), id, sizeof id); // or it refuses to resume
    const raw_server server(
        [this, kept](raw_peer& peer) {
            do {
                if (peer.read_request().empty()) return;
                seen.add(peer.certificate_name());
                peer.write(std::string("HTTP/1.1 200 OK\r\n") + (kept ? "" : "Connection: close\r\n") +
                           "Content-Length: 5\r\n\r\nhello");
            } while (kept);
            peer.say_goodbye();
        },
        context_of_server);
    options.tls.certificate_chain_file = pki.certificate_file("client");
    options.tls.private_key_file = pki.key_file("client");
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(!get(server.url("/")).ec);
    pki.issue("next", second);
    replace_by(pki.key_file("client"), pki.key_file("next"));
    replace_by(pki.certificate_file("client"), pki.certificate_file("next"));
    std::this_thread::sleep_for(1100ms);
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(seen.at(0) == "first");
    BOOST_TEST(seen.at(1) == "first");
    BOOST_TEST(seen.at(2) == "second");
}

BOOST_AUTO_TEST_SUITE_END()
