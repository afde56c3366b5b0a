// The format of server-sent events (WHATWG HTML 9.2.6), whole and in pieces.
#include "core/event_parser.hpp"

#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace afresh;
using namespace std::chrono_literals;
using core::event_parser;

namespace {

using events = std::vector<http_event>;

void collect(event_parser& parser, events& into)
{
    while (auto e = parser.next()) into.push_back(std::move(*e));
}

events parsed(std::string_view text, std::size_t piece = std::string_view::npos)
{
    event_parser parser(1000);
    events all;
    while (!text.empty()) {
        BOOST_TEST(!parser.read(text.substr(0, piece)));
        collect(parser, all);
        text.remove_prefix(std::min(piece, text.size()));
    }
    return all;
}

http_event message(std::string data, std::string id = {}) { return {"message", std::move(data), std::move(id)}; }

} // namespace

BOOST_AUTO_TEST_SUITE(server_sent_events)

BOOST_AUTO_TEST_CASE(the_examples_of_the_standard)
{
    struct row {
        std::string text;
        events expected;
    };
    const row rows[] = {
        {"data: YHOO\ndata: +2\ndata: 10\n\n", {message("YHOO\n+2\n10")}},
        {": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
         {message("first event", "1"), message("second event")}},
        {"data\n\ndata\ndata\n\ndata:", {message(""), message("\n")}},
        {"data:test\n\ndata: test\n\n", {message("test"), message("test")}},
        {"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
         {{"add", "73857293", ""}, {"remove", "2153", ""}}},
    };
    for (const row& r : rows)
        for (std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) BOOST_TEST((parsed(r.text, piece) == r.expected));
}

BOOST_AUTO_TEST_CASE(every_line_end_counts_and_a_mark_at_the_beginning_does_not)
{
    const events one{message("a\nb")};
    for (const char* text : {"data: a\r\ndata: b\r\n\r\n", "data: a\rdata: b\r\r", "data: a\ndata: b\r\n\n",
                             "\xef\xbb\xbf"
                             "data: a\ndata: b\n\n"})
        for (std::size_t piece : {1u, 4u, 1000u}) BOOST_TEST((parsed(text, piece) == one));
    BOOST_TEST(parsed("data: a\n\xef\xbb\xbf"
                      "data: b\n\n")
                   .front()
                   .data == "a"); // an unknown field
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_passed_over)
{
    BOOST_TEST((parsed("foo: bar\ndata : x\nDATA: y\n:data: z\ndata: a\n\n") == events{message("a")}));
    BOOST_TEST(parsed("event: x\nid: 2\n\n\n\n").empty());                   // no data, no event
    BOOST_TEST((parsed("event: x\n\ndata: a\n\n") == events{message("a")})); // and its type is not the next one's
}

BOOST_AUTO_TEST_CASE(an_id_counts_when_its_event_has_ended_and_never_with_a_nul)
{
    event_parser parser(1000);
    BOOST_TEST(!parser.read("id: 1\ndata: a\n\nid: 2\ndata: b\n"));
    BOOST_TEST(parser.last_id() == "1");
    parser.restart();
    BOOST_TEST(!parser.read("data: c\n\n"));
    events all;
    collect(parser, all);
    BOOST_TEST((all == events{message("a", "1"), message("c", "1")}));
    BOOST_TEST(!parser.read(std::string("id: x\0y\n\nid:\n\n", 15).substr(0, 9)));
    BOOST_TEST(parser.last_id() == "1");
    BOOST_TEST(!parser.read("id:\n\n"));
    BOOST_TEST(parser.last_id().empty());
}

BOOST_AUTO_TEST_CASE(the_server_may_name_a_pause)
{
    event_parser parser(1000);
    BOOST_TEST(!parser.pause());
    for (const char* bad : {"retry: x\n", "retry: -1\n", "retry: 1s\n", "retry:\n", "retry: 99999999999999\n"})
        BOOST_TEST(!parser.read(bad));
    BOOST_TEST(!parser.pause());
    BOOST_TEST(!parser.read("retry: 250\n"));
    BOOST_TEST((*parser.pause() == 250ms));
}

BOOST_AUTO_TEST_CASE(an_endless_line_or_event_is_refused)
{
    event_parser line(100);
    BOOST_TEST(line.read("data: " + std::string(200, 'x')) == errc::body_limit);
    event_parser many(100);
    error_code ec;
    int lines = 0;
    for (; !ec && lines < 100; ++lines) ec = many.read("data: 0123456789\n");
    BOOST_TEST(ec == errc::body_limit);
    BOOST_TEST(lines < 12);
    event_parser comments(100);
    for (int i = 0; i < 100; ++i) BOOST_TEST(!comments.read(":" + std::string(90, 'x') + "\n"));
}

BOOST_AUTO_TEST_SUITE_END()
