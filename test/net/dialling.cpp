// From a name to a connection: lookups, addresses that do not answer, UNIX sockets.
#include "net/address_book.hpp"
#include "net/race.hpp"
#include "support/client_fixture.hpp"
#include "support/temp_directory.hpp"
#include "support/test_pki.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <netinet/in.h>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using asio::ip::make_address;
using asio::ip::tcp;

namespace {

tcp::endpoint at(const char* address, std::uint16_t port) { return {make_address(address), port}; }

// A result, as its error and what it is without.
template <class T>
asio::awaitable<error_code> split(asio::awaitable<result<T>> work, std::optional<T>& value)
{
    result<T> r = co_await std::move(work);
    if (!r.has_value()) co_return r.error();
    value.emplace(std::move(*r));
    co_return error_code();
}

struct fixture : client_fixture {
    asio::awaitable<error_code> connect(net::endpoints to, net::clock::duration stagger, net::clock::duration limit)
    {
        return split(net::connect_any(context.get_executor(), std::move(to), stagger, net::clock::now() + limit),
                     socket);
    }
    asio::awaitable<error_code> find(const char* host, net::clock::duration limit)
    {
        return split(book->find(host, 80, net::clock::now() + limit), found);
    }
    std::shared_ptr<net::address_book> book = std::make_shared<net::address_book>(60s);
    std::optional<net::endpoints> found;
    std::optional<net::stream_socket> socket;
};

// Listens, but takes no connection up: the system answers for as many as the queue holds, then nobody does.
struct silent_listener {
    silent_listener()
    {
        listener.open(tcp::v4());
        listener.bind(at("127.0.0.1", 0));
        listener.listen(0);
        for (auto& s : crowd) s.async_connect(listener.local_endpoint(), [](error_code) {});
        context.run_for(20ms);
    }
    std::uint16_t port() const { return listener.local_endpoint().port(); }

    asio::io_context context;
    tcp::acceptor listener{context};
    std::vector<tcp::socket> crowd = [this] {
        std::vector<tcp::socket> all;
        for (int i = 0; i < 4; ++i) all.emplace_back(context);
        return all;
    }();
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(dialling, fixture)

BOOST_AUTO_TEST_CASE(the_families_take_turns_and_the_systems_preference_is_kept)
{
    const auto a6 = at("2001:db8::1", 1), b6 = at("2001:db8::2", 1), c6 = at("2001:db8::3", 1);
    const auto a4 = at("192.0.2.1", 1), b4 = at("192.0.2.2", 1);
    BOOST_TEST((net::interleaved({a6, b6, c6, a4, b4}) == net::endpoints{a6, a4, b6, b4, c6}));
    BOOST_TEST((net::interleaved({a4, b4, a6}) == net::endpoints{a4, a6, b4}));
    BOOST_TEST((net::interleaved({a4}) == net::endpoints{a4}));
    BOOST_TEST(net::interleaved({}).empty());
}

BOOST_AUTO_TEST_CASE(an_address_that_refuses_is_followed_by_the_next_at_once)
{
    const raw_server server(keep_answering());
    const net::endpoints to{at("127.0.0.1", unused_port()), at("127.0.0.1", unused_port()),
                            at("127.0.0.1", server.port())};
    const auto begin = net::clock::now();
    BOOST_TEST(!run(context, connect(to, 20s, 25s)));
    BOOST_TEST((net::clock::now() - begin < 10s)); // not after the stagger
}

BOOST_AUTO_TEST_CASE(an_address_that_says_nothing_is_overtaken)
{
    const silent_listener silent;
    const raw_server server(keep_answering());
    const net::endpoints to{at("127.0.0.1", silent.port()), at("127.0.0.1", server.port())};
    BOOST_REQUIRE(!run(context, connect(to, 30ms, 20s)));
    const auto peer = socket->remote_endpoint();
    BOOST_TEST(ntohs(reinterpret_cast<const sockaddr_in*>(peer.data())->sin_port) == server.port());
}

BOOST_AUTO_TEST_CASE(all_of_them_together_keep_the_limit)
{
    const silent_listener silent;
    const net::endpoints to(3, at("127.0.0.1", silent.port()));
    BOOST_TEST(run(context, connect(to, 10ms, 80ms)) == errc::connect_timed_out);
    const net::endpoints refused(3, at("127.0.0.1", unused_port()));
    BOOST_TEST(run(context, connect(refused, 10ms, 5s)) == errc::connect_failed);
}

BOOST_AUTO_TEST_CASE(a_race_can_be_cancelled)
{
    const silent_listener silent;
    asio::cancellation_signal stop;
    std::optional<error_code> ended;
    asio::co_spawn(context, connect(net::endpoints(2, at("127.0.0.1", silent.port())), 10ms, 20s),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, error_code ec) { ended = ec; }));
    context.run_for(50ms);
    BOOST_TEST(!ended);
    stop.emit(asio::cancellation_type::terminal);
    context.run_for(5s);
    BOOST_REQUIRE(ended);
    BOOST_TEST(*ended == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up_once_however_many_want_it)
{
    int failed = 0;
    for (int i = 0; i < 50; ++i)
        asio::co_spawn(context, find("ip4.invalid", 20s),
                       [&](std::exception_ptr, error_code ec) { failed += ec == errc::resolve_failed; });
    context.run_for(20s);
    BOOST_TEST(failed == 50); // none of them hangs, and none was found: .invalid never exists (RFC 6761 6.4)
    BOOST_TEST(!run(context, find("192.0.2.1", 1s)));
    BOOST_TEST((*found == net::endpoints{at("192.0.2.1", 80)}));
    BOOST_TEST(!run(context, find("localhost", 1s)));
    BOOST_TEST((*found == net::endpoints{at("::1", 80), at("127.0.0.1", 80)}));
}

BOOST_AUTO_TEST_CASE(a_lookup_keeps_the_limit)
{
    BOOST_TEST(run(context, find("ip4.invalid", -1s)) == errc::connect_timed_out);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_used_for_every_host)
{
    const temp_directory directory;
    const std::string path = directory / "api.sock";
    notes seen;
    const raw_server server(answering(seen, [](const std::string&) { return hello; }), {}, path.c_str());
    options.unix_socket = path;
    BOOST_TEST(get("http://docker.example/info").response.body() == "hello");
    BOOST_TEST(seen.at(0).find("\r\nHost: docker.example\r\n") != std::string::npos);
    BOOST_TEST(get("http://docker.example/info").response.body() == "hello");
    BOOST_TEST(server.connections() == 1u);

    made.reset();
    options.unix_socket = directory / "nobody.sock";
    const auto outcome = get("http://docker.example/info");
    BOOST_TEST(outcome.ec == errc::connect_failed);
    BOOST_TEST(!outcome.sent);
    made.reset();
    options.unix_socket = std::string(200, 'x');
    BOOST_CHECK_THROW(client(), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(tls_over_a_unix_socket_verifies_the_name_of_the_url)
{
    const temp_directory directory;
    const std::string path = directory / "api.sock";
    test_pki pki;
    pki.issue("server", {.subject_alt_name = "DNS:api.example"});
    const raw_server server(keep_answering(), pki.server("server"), path.c_str());
    options.unix_socket = path;
    options.tls.trust_roots_file = pki.roots_file();
    BOOST_TEST(get("https://api.example/").response.body() == "hello");
    BOOST_TEST(get("https://other.example/").ec == errc::tls_failed);
}

BOOST_AUTO_TEST_SUITE_END()
