// Which headers are read without a parser. That it makes no difference to what is read is in malformed_answers.cpp.
#include "net/plain_head.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh::net;

namespace {

const std::string usual = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 29 Nov 2026 10:00:00 GMT\r\n"
                          "Content-Type: application/json\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n";

bool is_plain(const std::string& text)
{
    answer_head head;
    return read_plain_head(text, head).has_value();
}

std::string with(const std::string& field) { return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + field + "\r\n\r\n"; }

} // namespace

BOOST_AUTO_TEST_CASE(a_usual_header_is_read_at_one_go)
{
    answer_head head;
    const auto extent = read_plain_head(usual + "hello", head);
    BOOST_REQUIRE(extent.has_value());
    BOOST_TEST(extent->head == usual.size());
    BOOST_TEST(extent->body == 5u);
    BOOST_TEST(head.status == 200u);
    BOOST_TEST(head.persistent);
    BOOST_TEST(head.fields.size() == 5u);
    BOOST_TEST(head.fields.begin()->name == "Server");
    BOOST_TEST(head.fields.find("date") == "Sun, 29 Nov 2026 10:00:00 GMT");
    BOOST_TEST(head.fields.find("content-length") == "5");
}

BOOST_AUTO_TEST_CASE(blanks_around_a_value_are_no_part_of_it)
{
    answer_head head;
    BOOST_REQUIRE(read_plain_head(with("X: \t a b\t \r\nY:c\r\nZ:"), head).has_value());
    BOOST_TEST(head.fields.find("X") == "a b");
    BOOST_TEST(head.fields.find("Y") == "c");
    BOOST_TEST(head.fields.contains("Z"));
    BOOST_TEST(head.fields.find("Z") == "");
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_is_plain_too)
{
    answer_head head;
    BOOST_REQUIRE(read_plain_head(with("Connection: Close\r\nConnection: keep-alive"), head).has_value());
    BOOST_TEST(!head.persistent);
}

BOOST_AUTO_TEST_CASE(a_header_that_has_not_come_to_its_end_is_none)
{
    for (std::size_t n = 0; n < usual.size(); ++n) BOOST_TEST(!is_plain(usual.substr(0, n)), n);
}

BOOST_AUTO_TEST_CASE(whatever_else_concerns_the_framing_is_for_the_parser)
{
    for (const char* field :
         {"Transfer-Encoding: chunked", "transfer-encoding: identity", "Content-Length: 5", "content-length: 6",
          "Connection: upgrade", "Connection: close, keep-alive", "Connection:", "Upgrade: h2c",
          "Proxy-Connection: close", " folded", "\tfolded", "no colon", ": no name", "A b: c", "A : b", "A: \x01",
          "A: b\nB: c", "A: b\rB: c", "A: \x7f"})
        BOOST_TEST(!is_plain(with(field)), field);
    for (const char* length : {"", "+5", "-5", "5,5", "5 5", "0x5", "5.", "18446744073709551616"})
        BOOST_TEST(!is_plain("HTTP/1.1 200 OK\r\nContent-Length: " + std::string(length) + "\r\n\r\n"), length);
    BOOST_TEST(!is_plain("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(an_unusual_status_line_is_for_the_parser)
{
    const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
    for (const char* line : {"HTTP/1.1 200 ", "HTTP/1.1 404 Not Found", "HTTP/1.1 599 \x80", "HTTP/1.1 401 \t"})
        BOOST_TEST(is_plain(line + rest), line);
    for (const char* line : {"",
                             "HTTP/1.0 200 OK",
                             "HTTP/2 200 OK",
                             "http/1.1 200 OK",
                             " HTTP/1.1 200 OK",
                             "HTTP/1.1  200 OK",
                             "HTTP/1.1 200",
                             "HTTP/1.1 20 OK",
                             "HTTP/1.1 2000 OK",
                             "HTTP/1.1 2x0 OK",
                             "HTTP/1.1 -20 OK",
                             "HTTP/1.1 100 OK",
                             "HTTP/1.1 101 Switching",
                             "HTTP/1.1 199 ",
                             "HTTP/1.1 204 ",
                             "HTTP/1.1 304 ",
                             "HTTP/1.1 408 ",
                             "HTTP/1.1 600 ",
                             "HTTP/1.1 200 \x01",
                             "HTTP/1.1 200 \x7f"})
        BOOST_TEST(!is_plain(line + rest), line);
}
