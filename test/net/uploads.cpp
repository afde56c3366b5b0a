// Bodies on their way: in pieces, with an eye on the answer, and with leave.
#include "support/client_fixture.hpp"
#include "support/temp_directory.hpp"

#include <afresh/http_body.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct fixture : client_fixture {
    fixture() { options.limits.expect_continue = 10ms; }
    // Gives these pieces, one after another; can be told to fail or to never come to an end.
    std::shared_ptr<body_source> pieces(std::vector<std::string> all)
    {
        left = std::move(all);
        return make_generator_body([this]() -> asio::awaitable<std::string> {
            ++asked;
            if (left.empty()) co_return std::string();
            std::string piece = left.front();
            left.erase(left.begin());
            co_return piece;
        });
    }
    std::shared_ptr<body_source> endless()
    {
        return make_generator_body([this]() -> asio::awaitable<std::string> {
            ++asked;
            co_return std::string(10'000, 'x');
        });
    }
    transport_outcome put(const std::string& url, std::shared_ptr<body_source> body)
    {
        return send(http_request("PUT", url).body(std::move(body)));
    }

    std::vector<std::string> left;
    std::atomic<unsigned> asked{};
    notes seen;
};

class announced : public body_source {
public:
    announced(std::uint64_t said, std::string is) : said_(said), is_(std::move(is)) {}
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        const std::size_t n = asio::buffer_copy(into, asio::buffer(is_));
        is_.erase(0, n);
        co_return n;
    }
    std::optional<std::uint64_t> size() const override { return said_; }

private:
    std::uint64_t said_;
    std::string is_;
};

// Has its bytes in memory, and says where.
class in_memory : public body_source {
public:
    in_memory(std::string text, bool says_size) : text_(std::move(text)), says_size_(says_size) {}
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer) override
    {
        throw std::logic_error("nobody needs a copy");
    }
    asio::awaitable<asio::const_buffer> read_piece(asio::mutable_buffer) override
    {
        co_return asio::buffer(std::exchange(given_, true) ? std::string_view() : std::string_view(text_));
    }
    std::optional<std::uint64_t> size() const override
    {
        return says_size_ ? std::optional<std::uint64_t>(text_.size()) : std::nullopt;
    }

private:
    const std::string text_;
    const bool says_size_;
    bool given_{};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(uploads, fixture)

BOOST_AUTO_TEST_CASE(pieces_of_unknown_number_go_in_chunks)
{
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    BOOST_TEST(put(server.url("/"), pieces({"one", std::string(200'000, 'x'), "three"})).response.body() == "hello");
    const std::string request = seen.at(0);
    BOOST_TEST(request.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos);
    BOOST_TEST(request.find("Content-Length") == std::string::npos);
    BOOST_TEST(request.ends_with("\r\n5\r\nthree\r\n0\r\n\r\n"));
    BOOST_TEST(put(server.url("/"), pieces({})).response.body() == "hello");
    BOOST_TEST(body_of(seen.at(1)) == "0\r\n\r\n");
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(a_file_is_announced_and_sent)
{
    const temp_directory directory;
    const std::string path = directory / "file";
    std::string content;
    for (int i = 0; i < 40'000; ++i) content += std::to_string(i) + '\n';
    std::ofstream(path) << content;
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    BOOST_TEST(put(server.url("/"), make_file_body(path)).response.body() == "hello");
    BOOST_TEST((body_of(seen.at(0)) == content));
    BOOST_TEST(seen.at(0).find("Content-Length: " + std::to_string(content.size())) != std::string::npos);
    std::ofstream(directory / "empty").flush();
    BOOST_TEST(put(server.url("/"), make_file_body(directory / "empty")).response.body() == "hello");
    BOOST_TEST(seen.at(1).find("Content-Length: 0") != std::string::npos);
    BOOST_CHECK_THROW(make_file_body(directory / "none"), boost::system::system_error);
    BOOST_CHECK_THROW(make_file_body(directory.path()), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(what_is_in_memory_is_sent_from_there)
{
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    BOOST_TEST(put(server.url("/"), std::make_shared<in_memory>(text, true)).response.body() == "hello");
    BOOST_TEST((body_of(seen.at(0)) == text));
    // In chunks of 64 KiB, since there must be frames around them.
    BOOST_TEST(put(server.url("/"), std::make_shared<in_memory>(text, false)).response.body() == "hello");
    std::string chunks;
    for (std::string_view left = text; !left.empty(); left.remove_prefix(std::min<std::size_t>(left.size(), 65'536))) {
        const std::string_view chunk = left.substr(0, 65'536);
        std::ostringstream size;
        size << std::hex << chunk.size();
        chunks.append(size.str()).append("\r\n").append(chunk).append("\r\n");
    }
    BOOST_TEST((body_of(seen.at(1)) == chunks + "0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_file_that_shrinks_meanwhile_is_no_body)
{
    const temp_directory directory;
    const std::string path = directory / "file";
    std::ofstream(path) << std::string(100'000, 'x');
    const auto body = make_file_body(path);
    std::filesystem::resize_file(path, 70'000);
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    const auto outcome = put(server.url("/"), body);
    BOOST_TEST(outcome.ec == errc::body_failed);
    BOOST_TEST(outcome.detail == "it gave 70000 bytes, and had announced 100000");
}

BOOST_AUTO_TEST_CASE(what_comes_out_of_a_pipe_is_sent_as_it_comes)
{
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    std::thread writer([&] {
        for (const char* piece : {"slow", "ly"}) {
            BOOST_TEST(::write(ends[1], piece, std::strlen(piece)) > 0);
            std::this_thread::sleep_for(20ms);
        }
        ::close(ends[1]);
    });
    const auto outcome = put(server.url("/"), make_descriptor_body(context.get_executor(), ends[0]));
    writer.join();
    BOOST_TEST(outcome.response.body() == "hello");
    std::string text;
    for (const char c : body_of(seen.at(0))) // without the chunks, whichever they are
        if (c >= 'a' && c <= 'z') text += c;
    BOOST_TEST(text == "slowly");
}

BOOST_AUTO_TEST_CASE(what_gives_more_or_less_than_it_said_ends_the_call)
{
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    BOOST_TEST(put(server.url("/"), std::make_shared<announced>(5, "hello")).response.body() == "hello");
    for (std::uint64_t said : {4u, 6u}) {
        const auto outcome = put(server.url("/"), std::make_shared<announced>(said, "hello"));
        BOOST_TEST(outcome.ec == errc::body_failed);
        BOOST_TEST(outcome.sent);
    }
    BOOST_TEST(get(server.url("/")).response.body() == "hello");
}

BOOST_AUTO_TEST_CASE(a_source_that_throws_ends_the_call_with_its_words)
{
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    const auto body = make_generator_body([this]() -> asio::awaitable<std::string> {
        if (++asked == 3) throw std::runtime_error("the disk is gone");
        co_return "piece";
    });
    const auto outcome = put(server.url("/"), body);
    BOOST_TEST(outcome.ec == errc::body_failed);
    BOOST_TEST(outcome.detail == "the disk is gone");
    BOOST_TEST(get(server.url("/")).response.body() == "hello");
}

BOOST_AUTO_TEST_CASE(a_refusal_stops_the_body_and_its_answer_is_read)
{
    const raw_server server([this](raw_peer& peer) {
        seen.add(peer.read_head());
        if (peer.number > 0) return;
        peer.write("HTTP/1.1 100 Continue\r\n\r\n");
        peer.read_bytes(50'000);
        peer.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!");
        peer.pause(20ms);
        peer.drain();
    });
    const auto outcome = put(server.url("/"), endless());
    BOOST_TEST(!outcome.ec, outcome.ec.message() << outcome.detail);
    BOOST_TEST(outcome.response.status() == 413u);
    BOOST_TEST(outcome.response.body() == "no!");
    BOOST_TEST(get(server.url("/")).ec == errc::connection_lost); // on a new connection
    BOOST_TEST(server.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(a_refusal_by_hanging_up_is_read_if_it_came)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_head();
        peer.write("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
        peer.drain();
    });
    const auto outcome = send(http_request("PUT", server.url("/")).body(std::string(3'000'000, 'x')));
    BOOST_TEST(!outcome.ec);
    BOOST_TEST(outcome.response.status() == 401u);
}

BOOST_AUTO_TEST_CASE(a_success_may_grow_with_what_is_sent)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_head();
        peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (const char* chunk : {"3\r\none\r\n", "3\r\ntwo\r\n"}) peer.write(peer.read_bytes(std::strlen(chunk)));
        peer.write(peer.read_bytes(5));
    });
    BOOST_TEST(put(server.url("/"), pieces({"one", "two"})).response.body() == "onetwo");
}

BOOST_AUTO_TEST_CASE(nothing_is_asked_of_the_source_that_the_server_does_not_take)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_head();
        peer.pause(300ms); // takes nothing
        peer.drain();
    });
    std::optional<error_code> ended;
    asio::co_spawn(context, client().send(http_request("PUT", server.url("/")).body(endless())),
                   [&](std::exception_ptr, transport_outcome o) { ended = o.ec; });
    context.run_for(200ms);
    BOOST_TEST(!ended);
    const unsigned then = asked;
    BOOST_TEST(then < 2000u); // 20 MB: what the buffers of the system hold, at most
    context.run_for(60ms);
    BOOST_TEST(asked == then);
}

BOOST_AUTO_TEST_CASE(a_body_that_cannot_rewind_waits_for_leave)
{
    options.limits.expect_continue = 20s;
    const raw_server server([this](raw_peer& peer) {
        seen.add(peer.read_head());
        if (asked == 0) seen.add("not read yet");
        peer.write("HTTP/1.1 100 Continue\r\n\r\n");
        seen.add(peer.read_bytes(14));
        peer.write(hello);
    });
    BOOST_TEST(put(server.url("/"), pieces({"body"})).response.body() == "hello");
    BOOST_TEST(seen.at(0).find("\r\nExpect: 100-continue\r\n") != std::string::npos);
    BOOST_TEST(seen.at(1) == "not read yet");
    BOOST_TEST(seen.at(2) == "4\r\nbody\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(without_leave_and_without_an_answer_it_goes_after_a_while)
{
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    BOOST_TEST(put(server.url("/"), pieces({"body"})).response.body() == "hello");
}

BOOST_AUTO_TEST_CASE(a_refusal_instead_of_leave_leaves_the_source_alone)
{
    options.limits.expect_continue = 20s;
    const raw_server server([](raw_peer& peer) {
        peer.read_head();
        peer.write(text_answer("403 Forbidden", "no"));
        peer.drain();
    });
    BOOST_TEST(put(server.url("/"), pieces({"body"})).response.status() == 403u);
    BOOST_TEST(asked == 0u);
}

BOOST_AUTO_TEST_CASE(leave_can_be_asked_for_a_text_too)
{
    options.limits.expect_continue = 20s;
    const raw_server server([this](raw_peer& peer) {
        seen.add(peer.read_head());
        peer.write("HTTP/1.1 100 Continue\r\n\r\n");
        seen.add(peer.read_bytes(4));
        peer.write(hello);
    });
    const auto request = http_request("POST", server.url("/")).body("text").expect_continue();
    BOOST_TEST(send(request).response.body() == "hello");
    BOOST_TEST(seen.at(1) == "text");
}

BOOST_AUTO_TEST_CASE(a_source_under_way_is_cancelled_with_the_call)
{
    const raw_server server([](raw_peer& peer) { peer.drain(); });
    bool cancelled = false;
    const auto body = make_generator_body([&]() -> asio::awaitable<std::string> {
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        try {
            co_await never.async_wait(asio::use_awaitable);
        } catch (const boost::system::system_error& e) {
            cancelled = e.code() == asio::error::operation_aborted;
            throw;
        }
        co_return "";
    });
    http_request request("PUT", server.url("/"));
    request.body(body);
    asio::cancellation_signal stop;
    std::optional<error_code> ended;
    asio::co_spawn(
        context, client().send(request),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, transport_outcome o) { ended = o.ec; }));
    context.run_for(50ms);
    BOOST_TEST(!ended);
    stop.emit(asio::cancellation_type::terminal);
    context.run_for(5s);
    BOOST_REQUIRE(ended);
    BOOST_TEST(*ended == asio::error::operation_aborted);
    BOOST_TEST(cancelled);

    request.timeout(50ms);
    cancelled = false;
    BOOST_TEST(send(request).ec == errc::total_timed_out);
    BOOST_TEST(cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
