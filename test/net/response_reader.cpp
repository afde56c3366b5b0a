// The response reader takes only what RFC 9112 allows, and says whether the connection may be used again.
#include "net/response_reader.hpp"
#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using afresh::errc;
using afresh::error_code;
using afresh::net::response_reader;

namespace {

constexpr response_reader::limits roomy{8192, 65536};

struct reading {
    error_code ec;
    bool done{};
    bool keep_alive{};
    std::size_t left{}; // bytes behind the response
    afresh::http_response response;
    bool operator==(const char*) const = delete;
};

// Presents the bytes in pieces, keeping what was not taken, as a connection does; then ends the stream in good order.
reading read(std::string_view bytes, std::size_t piece = std::string::npos, bool to_head = false,
             response_reader::limits limits = roomy)
{
    response_reader reader(to_head, limits);
    reading r;
    std::string ahead;
    while (!bytes.empty() && !r.ec && !reader.is_done()) {
        ahead.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        ahead.erase(0, reader.read(ahead, r.ec));
    }
    r.left = ahead.size() + bytes.size();
    if (!r.ec && !reader.is_done()) r.ec = reader.end();
    r.done = reader.is_done();
    if (!r.ec && r.done) {
        r.keep_alive = reader.keep_alive();
        r.response = reader.take();
    }
    return r;
}

const std::string with_length = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const std::string with_chunks =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n";

} // namespace

BOOST_AUTO_TEST_CASE(a_response_cut_at_any_byte_is_an_error)
{
    for (const auto& whole : {with_length, with_chunks})
        for (std::size_t n = 0; n < whole.size(); ++n)
            for (const std::size_t piece : {std::size_t(1), std::size_t(7), whole.size()}) {
                const auto r = read(std::string_view(whole).substr(0, n), piece);
                BOOST_TEST(r.ec == errc::connection_lost, "cut at " << n << " of " << whole << ": " << r.ec);
            }
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_malformed)
{
    const char* const bad[] = {
        "hello\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 O\x01K\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhelXX0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
    };
    for (const auto* text : bad)
        for (const std::size_t piece : {std::size_t(1), std::string::npos}) {
            const auto r = read(text, piece);
            BOOST_TEST(r.ec == errc::malformed_http, text << ": " << r.ec);
        }
}

BOOST_AUTO_TEST_CASE(lines_end_in_cr_lf)
{
    // either seen to be wrong, or still waiting for the end of the line when the stream ends
    for (const auto* text : {"\r\n", "\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nX: y\n\r\n"})
        for (const std::size_t piece : {std::size_t(1), std::string::npos}) {
            const auto r = read(text, piece);
            BOOST_TEST((r.ec == errc::malformed_http || r.ec == errc::connection_lost), text << ": " << r.ec);
        }
}

BOOST_AUTO_TEST_CASE(ambiguous_framing_is_refused)
{
    const char* const bad[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (const auto* text : bad) {
        const auto r = read(text);
        BOOST_TEST(r.ec == errc::malformed_http, text << ": " << r.ec);
    }
}

BOOST_AUTO_TEST_CASE(a_header_beyond_the_limit_is_refused_wherever_it_grows)
{
    const std::string x(9000, 'x');
    BOOST_TEST(read("HTTP/1.1 200 " + x).ec == errc::header_limit);
    BOOST_TEST(read("HTTP/1.1 200 OK\r\nX: " + x).ec == errc::header_limit);
    BOOST_TEST(read("HTTP/1.1 200 OK\r\nX: " + x + "\r\n\r\n").ec == errc::header_limit);
    BOOST_TEST(read("HTTP/1.1 200 OK\r\nX: " + x + "\r\n\r\n", 100).ec == errc::header_limit);
    std::string many = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 2000; ++i) many += "A: b\r\n";
    BOOST_TEST(read(many, 1).ec == errc::header_limit);
    // interim responses count, too
    std::string hints;
    for (int i = 0; i < 10; ++i) hints += "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(1000, 'x') + "\r\n\r\n";
    BOOST_TEST(read(hints + with_length).ec == errc::header_limit);
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_refused_however_it_is_framed)
{
    constexpr response_reader::limits small{8192, 10};
    const auto all = std::string::npos;
    BOOST_TEST(read("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", all, false, small).ec == errc::body_limit);
    BOOST_TEST(read("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n", all, false, small).ec ==
               errc::body_limit);
    BOOST_TEST(
        read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\n", all, false, small).ec ==
        errc::body_limit);
    BOOST_TEST(
        read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", all, false, small).ec ==
        errc::body_limit);
    BOOST_TEST(read("HTTP/1.1 200 OK\r\n\r\n01234567890", all, false, small).ec == errc::body_limit);
    BOOST_TEST(read("HTTP/1.1 200 OK\r\n\r\n01234567890", 1, false, small).ec == errc::body_limit);
    BOOST_TEST(read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", all, false, small).response.body() ==
               "0123456789");
}

BOOST_AUTO_TEST_CASE(endless_interim_responses_are_malformed)
{
    std::string text;
    for (int i = 0; i < 100; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
    BOOST_TEST(read(text + with_length).ec == errc::malformed_http);
}

BOOST_AUTO_TEST_CASE(bodies_arrive_whole_in_pieces_of_any_size)
{
    for (const auto& whole : {with_length, with_chunks})
        for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
            const auto r = read(whole, piece);
            BOOST_TEST(!r.ec);
            BOOST_TEST(r.response.status() == 200u);
            BOOST_TEST(r.response.body() == "hello");
            BOOST_TEST(r.keep_alive);
            BOOST_TEST(r.left == 0u);
            BOOST_TEST(!r.response.fields().contains("X-Sum")); // a trailer is no header
        }
}

BOOST_AUTO_TEST_CASE(fields_keep_their_order_names_and_values)
{
    const auto r = read("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nwww-authenticate:   Bearer error=\"x\"  "
                        "\r\nContent-Length: 0\r\n\r\n");
    BOOST_TEST(r.response.status() == 401u);
    const auto all = r.response.fields().find_all("WWW-Authenticate");
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_TEST(all[0] == "Basic");
    BOOST_TEST(all[1] == "Bearer error=\"x\"");
}

BOOST_AUTO_TEST_CASE(interim_responses_are_passed_over)
{
    const auto r = read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + with_length, 3);
    BOOST_TEST(!r.ec);
    BOOST_TEST(r.response.status() == 200u);
    BOOST_TEST(r.response.body() == "hello");
    BOOST_TEST(!r.response.fields().contains("Link"));
}

BOOST_AUTO_TEST_CASE(an_answer_to_head_and_204_and_304_have_no_body)
{
    const auto head = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 1, true);
    BOOST_TEST(!head.ec);
    BOOST_TEST(head.keep_alive);
    BOOST_TEST(head.response.body().empty());
    for (const auto* status : {"204 No Content", "304 Not Modified"}) {
        const auto r = read("HTTP/1.1 " + std::string(status) + "\r\nETag: x\r\n\r\n");
        BOOST_TEST(!r.ec);
        BOOST_TEST(r.done);
        BOOST_TEST(r.keep_alive);
    }
    // a body there is a byte of the next response, which nobody asked for
    BOOST_TEST(read("HTTP/1.1 204 No Content\r\n\r\nx").left == 1u);
}

BOOST_AUTO_TEST_CASE(a_body_without_length_ends_with_the_stream_and_so_does_the_connection)
{
    const auto r = read("HTTP/1.1 200 OK\r\n\r\nall there is", 4);
    BOOST_TEST(!r.ec);
    BOOST_TEST(r.response.body() == "all there is");
    BOOST_TEST(!r.keep_alive);
    BOOST_TEST(!read("HTTP/1.1 200 OK\r\n\r\n").ec); // an empty one
}

BOOST_AUTO_TEST_CASE(a_connection_is_kept_only_when_nothing_about_it_is_odd)
{
    const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
    BOOST_TEST(read(ok + "\r\n").keep_alive);
    const char* const odd[] = {
        "Connection: close\r\n",
        "Connection: keep-alive, close\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "Content-Length: 0\r\n",
    };
    for (const auto* field : odd) BOOST_TEST(!read(ok + field + "\r\n").keep_alive, field);
    BOOST_TEST(!read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
    BOOST_TEST(!read("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").keep_alive);
    BOOST_TEST(!read("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").keep_alive);
    BOOST_TEST(!read("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab").keep_alive);
}

BOOST_AUTO_TEST_CASE(the_servers_keep_alive_time_is_read)
{
    const auto hint = [](const std::string& value) {
        response_reader reader(false, roomy);
        error_code ec;
        const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: " + value + "\r\n\r\n";
        reader.read(text, ec);
        BOOST_REQUIRE(reader.is_done());
        const auto t = reader.keep_alive_for();
        return t ? t->count() : -1;
    };
    BOOST_TEST(hint("timeout=5") == 5);
    BOOST_TEST(hint("max=100, Timeout=7") == 7);
    BOOST_TEST(hint("timeout=-5") == -1);
    BOOST_TEST(hint("timeout=99999999999999999999") == -1);
    BOOST_TEST(hint("timeout=") == -1);
    BOOST_TEST(hint("max=100") == -1);
}
