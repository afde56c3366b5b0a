// The response reader: its limits, to the byte, and what it hands on. What it refuses is in malformed_answers.hpp.
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

BOOST_AUTO_TEST_CASE(a_header_may_be_as_large_as_the_limit_and_not_a_byte_larger)
{
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    for (const auto& before : {std::string(), interim, interim + interim})
        for (const std::size_t piece : {std::string::npos, std::size_t(1), std::size_t(1000)}) {
            const std::string text = before + "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\nX: ";
            const std::string x(8192 - 4 - text.size(), 'x');
            const auto largest = read(text + x + "\r\n\r\nhello", piece);
            BOOST_TEST(!largest.ec);
            BOOST_TEST(largest.response.body() == "hello");
            BOOST_TEST(read(text + x + "x\r\n\r\nhello", piece).ec == errc::header_limit);
        }
}

BOOST_AUTO_TEST_CASE(extensions_and_trailers_count_as_header_and_sizes_do_not)
{
    const std::string header = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::size_t left = 8192 - header.size();
    std::string small = header;
    for (int i = 0; i < 5000; ++i) small += "000001;abcdefghi\r\nx\r\n"; // as long as a size may be
    for (const std::size_t piece : {std::string::npos, std::size_t(1), std::size_t(1000)}) {
        BOOST_TEST(read(small + "0\r\n\r\n", piece).response.body().size() == 5000u);
        const std::string extension = header + "1;" + std::string(left + 20 - 4, 'x');
        BOOST_TEST(!read(extension + "\r\nx\r\n0\r\n\r\n", piece).ec);
        BOOST_TEST(read(extension + "x\r\nx\r\n0\r\n\r\n", piece).ec == errc::header_limit);
        const std::string trailer = header + "0\r\nX: " + std::string(left + 20 - 10, 'x');
        BOOST_TEST(!read(trailer + "\r\n\r\n", piece).ec);
        BOOST_TEST(read(trailer + "x\r\n\r\n", piece).ec == errc::header_limit);
    }
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

BOOST_AUTO_TEST_CASE(an_announced_body_gets_room_as_it_comes_and_no_more_than_its_length)
{
    constexpr std::size_t length = 3'000'000;
    response_reader reader(false, {8192, 8'000'000});
    error_code ec;
    reader.read("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n", ec);
    const std::string piece(1000, 'x');
    for (std::size_t come = 0; come < length; come += piece.size()) {
        BOOST_TEST(reader.read(piece, ec) == piece.size());
        BOOST_TEST(reader.body().capacity() <= std::max<std::size_t>(64 * 1024, 16 * (come + piece.size())));
    }
    BOOST_TEST(reader.is_done());
    BOOST_TEST(reader.body().capacity() == length);
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

BOOST_AUTO_TEST_CASE(a_value_in_several_lines_is_one_value)
{
    for (const std::size_t piece : {std::string::npos, std::size_t(1), std::size_t(3)}) {
        const auto r = read("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\t c\r\nY:\r\n d\r\nContent-Length: 0\r\n\r\n", piece);
        BOOST_TEST(r.response.fields().find("X") == "a b c");
        BOOST_TEST(r.response.fields().find("Y") == "d");
    }
}

BOOST_AUTO_TEST_CASE(interim_responses_are_passed_over)
{
    const auto r = read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + with_length, 3);
    BOOST_TEST(!r.ec);
    BOOST_TEST(r.response.status() == 200u);
    BOOST_TEST(r.response.body() == "hello");
    BOOST_TEST(!r.response.fields().contains("Link"));
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
