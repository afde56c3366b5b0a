// WebSocket (RFC 6455): the handshake with its token, messages both ways, and every way in which it ends.
#include "support/client_fixture.hpp"
#include "support/stage.hpp"
#include "support/test_pki.hpp"
#include "support/websocket_peer.hpp"

#include <afresh/beast.hpp>
#include <afresh/http_client.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using frame = websocket_frame;

namespace {

raw_server::script echoing(notes& seen)
{
    return [&seen](raw_peer& peer) {
        websocket_peer w(peer);
        seen.add(w.accept());
        w.echo();
    };
}

// The exception's own code; success when there is none.
asio::awaitable<error_code> code_of_read(afresh::websocket& w)
{
    try {
        const auto message = co_await w.read();
        BOOST_TEST(!message); // else it should have been an error
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}
asio::awaitable<error_code> code_of_write(afresh::websocket& w, std::string text)
{
    try {
        co_await w.write(std::move(text));
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}
asio::awaitable<error_code> code_of_open(http_client& api, http_request r, websocket_options options)
{
    try {
        co_await api.websocket(std::move(r), std::move(options));
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}

struct fixture {
    fixture() { options.limits = without_sweep(); }

    http_client& api()
    {
        if (!made) made.emplace(real.context.get_executor(), options);
        return *made;
    }
    void with_tokens_for(const raw_server& server)
    {
        source_options own;
        own.allowed_origins = {server.url("").substr(0, server.url("").find('/', 8))};
        made.emplace(real.source(std::move(own)), options);
    }
    // What the client says when a server answers `hello` by these means.
    error_code opened(const raw_server::script& script, http_request r = {"GET", ""}, websocket_options with = {})
    {
        const raw_server server(script);
        http_request to("GET", server.url("/"));
        for (const http_field& f : r.fields()) to.field(f.name, f.value);
        error_code ec;
        real.run([](http_client& c, http_request q, websocket_options o, error_code& out) -> asio::awaitable<void> {
            out = co_await code_of_open(c, std::move(q), std::move(o));
        }(api(), std::move(to), std::move(with), ec));
        return ec;
    }
    // How read() ends after a good handshake.
    error_code read_from(const raw_server::script& after, websocket_options with = {})
    {
        const raw_server server([&](raw_peer& peer) {
            websocket_peer(peer).accept();
            after(peer);
        });
        error_code ec;
        real.run([](http_client& c, std::string url, websocket_options o, error_code& out,
                    fixture& self) -> asio::awaitable<void> {
            auto w = co_await c.websocket(http_request("GET", url), std::move(o));
            out = co_await code_of_read(w);
            self.code = w.close_code();
            self.reason = w.close_reason();
            BOOST_TEST((co_await code_of_read(w)) == out); // and so it stays
            BOOST_TEST((co_await code_of_write(w, "x")) == (out ? out : error_code(errc::closed)));
        }(api(), server.url("/"), std::move(with), ec, *this));
        return ec;
    }

    stage real{system_clocks()};
    http_client_options options;
    std::optional<http_client> made;
    notes seen;
    std::uint16_t code{};
    std::string reason;
};

// Sends messages of all sizes at which the frame's form changes, and expects them back.
asio::awaitable<void> talk(http_client& api, std::string url)
{
    auto w = co_await api.websocket(std::move(url));
    for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 1'000'000u}) {
        const std::string text(size, 'x');
        co_await w.write(text);
        auto back = co_await w.read();
        BOOST_REQUIRE(back);
        BOOST_TEST(back->data == text);
        BOOST_TEST(!back->binary);
    }
    const std::string bytes("\xff\0\xfe", 3);
    co_await w.write_binary(bytes);
    const auto back = co_await w.read();
    BOOST_REQUIRE(back);
    BOOST_TEST((*back == websocket_message(bytes, true)));
    co_await w.close(1001, "going");
    BOOST_TEST(w.close_code() == 1001u);
    BOOST_TEST(w.close_reason() == "going");
    co_await w.close(); // once more does no harm
    BOOST_TEST(!(co_await w.read()));
    BOOST_TEST((co_await code_of_write(w, "late")) == errc::closed);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(websockets, fixture)

BOOST_AUTO_TEST_CASE(messages_of_any_size_go_both_ways)
{
    const raw_server server(echoing(seen));
    real.run(talk(api(), server.url("/chat?room=1")));
    const std::string request = seen.at(0);
    BOOST_TEST(line_of(request) == "GET /chat?room=1 HTTP/1.1");
    BOOST_TEST(field_of(request, "Host") == "127.0.0.1:" + std::to_string(server.port()));
    BOOST_TEST(field_of(request, "Upgrade") == "websocket");
    BOOST_TEST(field_of(request, "Sec-WebSocket-Version") == "13");
    BOOST_TEST(field_of(request, "Sec-WebSocket-Extensions").empty());
    BOOST_TEST(field_of(request, "User-Agent").starts_with("afresh/"));
    BOOST_TEST(field_of(request, "Authorization").empty());
}

BOOST_AUTO_TEST_CASE(the_same_over_tls_by_any_scheme)
{
    test_pki pki;
    pki.issue("server", {});
    options.tls.trust_roots_file = pki.roots_file();
    const raw_server server(echoing(seen), pki.server("server"));
    real.run(talk(api(), server.url("/")));
    real.run(talk(api(), "wss" + server.url("/").substr(5)));
    made.reset();
    options.tls.trust_roots_file.clear();
    const auto stranger = [](http_client& c, std::string url) -> asio::awaitable<void> {
        BOOST_TEST((co_await code_of_open(c, http_request("GET", std::move(url)), websocket_options())) ==
                   errc::tls_failed);
    };
    real.run(stranger(api(), server.url("/")));
}

BOOST_AUTO_TEST_CASE(a_proxy_only_carries_bytes)
{
    const raw_server server(echoing(seen));
    const raw_server proxy([&](raw_peer& peer) {
        seen.add(peer.read_head());
        peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
        peer.tunnel_to(server.port());
    });
    options.proxy = proxy_options::through("http://127.0.0.1:" + std::to_string(proxy.port()));
    real.run(talk(api(), "ws://chat.example/room"));
    BOOST_TEST(line_of(seen.at(0)) == "CONNECT chat.example:80 HTTP/1.1");
    BOOST_TEST(line_of(seen.at(1)) == "GET /room HTTP/1.1");
}

BOOST_AUTO_TEST_CASE(frames_are_masked_and_fragments_put_together)
{
    std::atomic<bool> all_masked{true};
    raw_server server([&](raw_peer& peer) {
        websocket_peer w(peer);
        w.accept();
        const frame first = w.read();
        all_masked = first.masked && first.final && !first.reserved_bits && first.opcode == frame::text;
        w.send(frame::text, "one ", false);
        w.send(frame::ping, "are you there?"); // in between, as RFC 6455 5.4 allows
        w.send(frame::continuation, "", false);
        w.send(frame::continuation, "two");
        const frame answer = w.read();
        seen.add(std::to_string(answer.opcode) + answer.payload);
        w.say_goodbye(1000);
        seen.add(std::to_string(w.read().opcode));
    });
    real.run([](http_client& c, std::string url) -> asio::awaitable<void> {
        auto w = co_await c.websocket(std::move(url));
        co_await w.write("hello");
        const auto message = co_await w.read();
        BOOST_REQUIRE(message);
        BOOST_TEST(message->data == "one two");
        BOOST_TEST(!(co_await w.read()));
        BOOST_TEST(w.close_code() == 1000u);
    }(api(), server.url("/")));
    server.wait_until_all_closed();
    BOOST_TEST(all_masked);
    BOOST_TEST(seen.at(0) == "10are you there?"); // a pong
    BOOST_TEST(seen.at(1) == "8");
}

BOOST_AUTO_TEST_CASE(the_token_goes_with_the_handshake_and_once_more_after_a_401)
{
    const raw_server server([&](raw_peer& peer) {
        websocket_peer w(peer);
        if (peer.number > 0) {
            seen.add(w.accept());
            return w.echo();
        }
        seen.add(peer.read_head());
        peer.write("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"
                   "Content-Length: 0\r\n\r\n");
    });
    with_tokens_for(server);
    real.run(talk(api(), server.url("/")));
    const std::string before = field_of(seen.at(0), "Authorization");
    const std::string after = field_of(seen.at(1), "Authorization");
    BOOST_TEST(before.starts_with("Bearer "));
    BOOST_TEST(after.starts_with("Bearer "));
    BOOST_TEST(before != after);
    BOOST_TEST(real.server->requests() == 2u);
    BOOST_TEST(server.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(a_second_401_is_the_callers_and_so_is_any_other_answer)
{
    std::string status = "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"";
    const raw_server server([&](raw_peer& peer) {
        seen.add(peer.read_head());
        peer.write("HTTP/1.1 " + status + "\r\nContent-Length: 3\r\nX-Why: because\r\n\r\nno.");
    });
    with_tokens_for(server);
    const auto ask = [](http_client& c, std::string url, unsigned& out) -> asio::awaitable<void> {
        try {
            co_await c.websocket(std::move(url));
        } catch (const http_status_error& e) {
            out = e.response().status();
            BOOST_TEST(e.response().body() == "no.");
            BOOST_TEST(e.response().fields().find("X-Why") == "because");
            BOOST_TEST(e.code() == errc::bad_status);
        }
    };
    unsigned code_seen = 0;
    real.run(ask(api(), server.url("/"), code_seen));
    BOOST_TEST(code_seen == 401u);
    BOOST_TEST(seen.size() == 2u);
    for (const std::string other : {"200 OK", "302 Found\r\nLocation: /elsewhere", "403 Forbidden",
                                    "426 Upgrade Required", "503 Service Unavailable"}) {
        status = other;
        real.run(ask(api(), server.url("/"), code_seen));
        BOOST_TEST(std::to_string(code_seen) == other.substr(0, 3));
    }
    BOOST_TEST(seen.size() == 7u); // nothing was followed or repeated
}

BOOST_AUTO_TEST_CASE(no_token_leaves_for_another_origin)
{
    const raw_server server(echoing(seen));
    const raw_server other(echoing(seen));
    with_tokens_for(other);
    const auto to = [](http_client& c, std::string url) -> asio::awaitable<void> {
        BOOST_TEST((co_await code_of_open(c, http_request("GET", std::move(url)), websocket_options())) ==
                   errc::origin_not_allowed);
    };
    real.run(to(api(), server.url("/")));
    BOOST_TEST(server.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_no_handshake_is_refused)
{
    const auto answering_with = [](std::string fields) {
        return [fields = std::move(fields)](raw_peer& peer) {
            const std::string accept = websocket_peer::accept_field(peer.read_head());
            std::string text = "HTTP/1.1 101 Switching Protocols\r\n" + fields + "\r\n";
            if (const auto at = text.find("GOOD"); at != std::string::npos) text.replace(at, 4, accept);
            peer.write(text);
            peer.drain();
        };
    };
    const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    const std::string accept = "Sec-WebSocket-Accept: GOOD\r\n";
    BOOST_TEST(opened(answering_with(upgrade + accept)) == error_code());
    BOOST_TEST(opened(answering_with(upgrade)) == errc::malformed_http);
    BOOST_TEST(opened(answering_with(upgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")) ==
               errc::malformed_http);
    BOOST_TEST(opened(answering_with("Upgrade: h2c\r\nConnection: Upgrade\r\n" + accept)) == errc::malformed_http);
    BOOST_TEST(opened(answering_with("Upgrade: websocket\r\n" + accept)) == errc::malformed_http);
    BOOST_TEST(opened(answering_with(upgrade + accept + "Sec-WebSocket-Protocol: mqtt\r\n")) == errc::malformed_http);
    BOOST_TEST(opened(answering_with(upgrade + accept + "X: " + std::string(100'000, 'x') + "\r\n")) ==
               errc::header_limit);
    BOOST_TEST(opened([](raw_peer& peer) {
                   peer.read_head();
                   peer.write("SSH-2.0-OpenSSH_9.2\r\n");
               }) == errc::malformed_http);
    BOOST_TEST(opened([](raw_peer& peer) { peer.read_head(); }) == errc::connection_lost);
    BOOST_TEST(opened([](raw_peer& peer) {
                   peer.read_head();
                   peer.write("HTTP/1.1 101 Switching");
               }) == errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(what_the_caller_may_not_ask_for_is_refused_before_a_byte_is_sent)
{
    std::atomic<int> sent{};
    const auto script = [&](raw_peer& peer) { sent += !peer.read_head().empty(); };
    const auto with = [](std::string name, std::string value) {
        http_request r("GET", "");
        r.field(std::move(name), std::move(value));
        return r;
    };
    for (const char* ours : {"Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Content-Length"})
        BOOST_TEST(opened(script, with(ours, "x")) == errc::invalid_argument);
    BOOST_TEST(opened(script, with("X", "a\r\nB: c")) == errc::invalid_argument);
    BOOST_TEST(opened(script, with("X Y", "a")) == errc::invalid_argument);
    websocket_options bad;
    bad.subprotocols = "chat\r\nX: y";
    BOOST_TEST(opened(script, {"GET", ""}, bad) == errc::invalid_argument);
    const auto plainly = [](http_client& c, http_request r) -> asio::awaitable<void> {
        BOOST_TEST((co_await code_of_open(c, std::move(r), websocket_options())) == errc::invalid_argument);
    };
    real.run(plainly(api(), http_request("POST", "ws://127.0.0.1/")));
    real.run(plainly(api(), http_request("GET", "ftp://127.0.0.1/")));
    real.run(plainly(api(), http_request("GET", "ws://127.0.0.1/\r\nX: y")));
    BOOST_TEST(sent == 0);
}

BOOST_AUTO_TEST_CASE(a_subprotocol_is_agreed_on)
{
    raw_server server([&](raw_peer& peer) {
        websocket_peer w(peer);
        seen.add(w.accept("Sec-WebSocket-Protocol: superchat\r\nX-Node: 7\r\n"));
        w.echo();
    });
    real.run([](http_client& c, std::string url) -> asio::awaitable<void> {
        websocket_options o;
        o.subprotocols = "chat, superchat";
        auto w = co_await c.websocket(http_request("GET", std::move(url)), std::move(o));
        BOOST_TEST(w.subprotocol() == "superchat");
        BOOST_TEST(w.fields().find("X-Node") == "7");
    }(api(), server.url("/")));
    server.wait_until_all_closed();
    BOOST_TEST(field_of(seen.at(0), "Sec-WebSocket-Protocol") == "chat, superchat");
}

BOOST_AUTO_TEST_CASE(a_peer_that_breaks_the_protocol_is_left)
{
    const auto bytes = [this](std::string what) {
        return read_from([what = std::move(what)](raw_peer& peer) {
            peer.write(what);
            peer.drain();
        });
    };
    BOOST_TEST(bytes("\x81\x02\xc3\x28") == errc::malformed_http);                  // text that is no UTF-8
    BOOST_TEST(bytes("\xc1\x01x") == errc::malformed_http);                         // a reserved bit
    BOOST_TEST(bytes("\x83\x01x") == errc::malformed_http);                         // a reserved opcode
    BOOST_TEST(bytes(std::string("\x81\x81\0\0\0\0x", 7)) == errc::malformed_http); // a mask from a server
    BOOST_TEST(bytes("\x80\x01x") == errc::malformed_http);                         // continues nothing
    BOOST_TEST(bytes("\x01\x01x\x81\x01y") == errc::malformed_http);                // another message within one
    BOOST_TEST(bytes("\x09\x01x") == errc::malformed_http);                         // a ping in fragments
    BOOST_TEST(bytes(std::string("\x89\x7e\0\x7e", 4) + std::string(126, 'x')) == errc::malformed_http); // too long
    BOOST_TEST(bytes(std::string("\x81\x7e\0\x05hello", 9)) == errc::malformed_http); // a size in too long a form
    BOOST_TEST(bytes("\x88\x01x") == errc::malformed_http);                           // half a close code
    BOOST_TEST(bytes("\x88\x02\x03\xec") == errc::malformed_http);                    // 1004
    BOOST_TEST(bytes("\x81\x05he") == errc::connection_lost);
    BOOST_TEST(bytes("") == errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(a_message_over_the_limit_is_not_kept)
{
    websocket_options small;
    small.message_limit = 1000;
    BOOST_TEST(read_from(
                   [](raw_peer& peer) {
                       websocket_peer(peer).send(frame::text, std::string(1001, 'x'));
                       peer.drain();
                   },
                   small) == errc::body_limit);
    BOOST_TEST(read_from(
                   [](raw_peer& peer) {
                       websocket_peer w(peer);
                       w.send(frame::text, std::string(600, 'x'), false);
                       w.send(frame::continuation, std::string(600, 'x'));
                       peer.drain();
                   },
                   small) == errc::body_limit);
    BOOST_TEST(read_from(
                   [](raw_peer& peer) {
                       peer.write(std::string("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10)); // announced, not sent
                       peer.drain();
                   },
                   small) == errc::body_limit);
}

BOOST_AUTO_TEST_CASE(a_peer_that_says_goodbye_is_answered)
{
    std::string answer;
    BOOST_TEST(!read_from([&](raw_peer& peer) {
        websocket_peer w(peer);
        w.say_goodbye(4000, "done");
        const frame f = w.read();
        answer = std::to_string(f.opcode) + f.payload;
    }));
    BOOST_TEST(code == 4000u);
    BOOST_TEST(reason == "done");
    BOOST_TEST(answer == "8\x0f\xa0");
    BOOST_TEST(!read_from([&](raw_peer& peer) { websocket_peer(peer).send(frame::close, ""); }));
    BOOST_TEST(code == 0u); // none was said
}

BOOST_AUTO_TEST_CASE(silence_is_asked_about_and_then_ends_the_connection)
{
    websocket_options impatient;
    impatient.idle = 200ms;
    BOOST_TEST(read_from(
                   [&](raw_peer& peer) {
                       const frame f = websocket_peer(peer).read(); // and no pong
                       seen.add(std::to_string(f.opcode));
                       peer.drain();
                   },
                   impatient) == errc::body_timed_out);
    BOOST_TEST(seen.at(0) == "9");
    // one who answers is kept for as long as it likes
    BOOST_TEST(!read_from(
        [&](raw_peer& peer) {
            websocket_peer w(peer);
            for (int i = 0; i < 5; ++i) w.send(frame::pong, w.read().payload);
            w.say_goodbye(1000);
            w.read();
        },
        impatient));
}

BOOST_AUTO_TEST_CASE(a_handshake_has_its_limits)
{
    const auto silent = [](raw_peer& peer) { peer.drain(); };
    options.limits.first_byte = 50ms;
    BOOST_TEST(opened(silent) == errc::first_byte_timed_out);
    made.reset();
    options.limits.first_byte = 10s;
    options.limits.total = 50ms;
    BOOST_TEST(opened(silent) == errc::total_timed_out);
}

BOOST_AUTO_TEST_CASE(a_peer_that_hears_no_goodbye_is_left)
{
    const raw_server server([](raw_peer& peer) {
        websocket_peer(peer).accept();
        peer.drain();
    });
    real.run([](http_client& c, std::string url) -> asio::awaitable<void> {
        websocket_options o;
        o.close = 50ms;
        auto w = co_await c.websocket(http_request("GET", std::move(url)), std::move(o));
        error_code ec;
        try {
            co_await w.close();
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::body_timed_out);
    }(api(), server.url("/")));
}

BOOST_AUTO_TEST_CASE(goodbye_while_somebody_reads_and_many_write)
{
    const raw_server server(echoing(seen));
    int ended = 0;
    std::size_t came = 0;
    const auto reader = [](afresh::websocket& w, std::size_t& n, int& out) -> asio::awaitable<void> {
        while (const auto message = co_await w.read()) n += message->data.size();
        ++out;
    };
    const auto writer = [](afresh::websocket& w, int& out) -> asio::awaitable<void> {
        for (int i = 0; i < 10; ++i) co_await w.write(std::string(1000, 'x')); // whole, and one after the other
        ++out;
    };
    real.run(
        [](fixture& self, std::string url, auto& read, auto& write, std::size_t& n, int& out) -> asio::awaitable<void> {
            auto w = co_await self.api().websocket(std::move(url));
            asio::co_spawn(self.real.context, read(w, n, out), asio::detached);
            for (int i = 0; i < 10; ++i) asio::co_spawn(self.real.context, write(w, out), asio::detached);
            asio::steady_timer pause(self.real.context);
            while (n < 100'000) {
                pause.expires_after(1ms);
                co_await pause.async_wait(asio::use_awaitable);
            }
            co_await w.close();
            while (out < 11) {
                pause.expires_after(1ms);
                co_await pause.async_wait(asio::use_awaitable);
            }
        }(*this, server.url("/"), reader, writer, came, ended));
    BOOST_TEST(came == 100'000u);
    BOOST_TEST(ended == 11);
}

BOOST_AUTO_TEST_CASE(the_raw_stream_offers_what_beast_does)
{
    const raw_server server([&](raw_peer& peer) {
        websocket_peer w(peer);
        w.accept();
        seen.add(w.read().payload);
        w.echo();
    });
    real.run([](http_client& c, std::string url) -> asio::awaitable<void> {
        auto w = co_await c.websocket(std::move(url));
        auto& stream = beast_stream(w);
        co_await asio::co_spawn(stream.get_executor(), stream.async_ping("by hand", asio::use_awaitable),
                                asio::use_awaitable);
        co_await w.close();
    }(api(), server.url("/")));
    BOOST_TEST(seen.at(0) == "by hand");
}

BOOST_AUTO_TEST_CASE(compression_is_offered_on_request)
{
    const raw_server server([&](raw_peer& peer) {
        websocket_peer w(peer);
        seen.add(w.accept()); // and declined
        w.echo();
    });
    real.run([](http_client& c, std::string url) -> asio::awaitable<void> {
        websocket_options o;
        o.compress = true;
        auto w = co_await c.websocket(http_request("GET", std::move(url)), std::move(o));
        co_await w.write("plain");
        const auto back = co_await w.read();
        BOOST_REQUIRE(back);
        BOOST_TEST(back->data == "plain");
    }(api(), server.url("/")));
    BOOST_TEST(field_of(seen.at(0), "Sec-WebSocket-Extensions").starts_with("permessage-deflate"));
}

BOOST_AUTO_TEST_SUITE_END()
