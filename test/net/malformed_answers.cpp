// Whatever a server sends: one error for each kind of fault, in whatever pieces it comes, at once and not when the time
// is over; and a connection is used again only when there can be no doubt where the answer ended.
#include "net/malformed_answers.hpp"
#include "http/http1_client.hpp"
#include "net/malformed_bodies.hpp"
#include "net/response_reader.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct verdict {
    error_code ec;
    bool done{}, kept{};
    unsigned status{};
    http_fields fields;
    std::string body;
    bool operator==(const verdict&) const = default;
};

// As a connection presents it: what was not taken comes again, with more behind it.
verdict read(const answer_row& row, std::size_t piece)
{
    net::response_reader reader(row.method == std::string("HEAD"), {http_limits().header, http_limits().body});
    std::string_view rest = row.bytes;
    std::string ahead;
    verdict v;
    while (!rest.empty() && !v.ec && !reader.is_done()) {
        ahead.append(rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
        ahead.erase(0, reader.read(ahead, v.ec));
    }
    if (!v.ec && !reader.is_done() && row.closes) v.ec = reader.end();
    v.done = reader.is_done();
    if (v.ec || !v.done) return v;
    v.kept = reader.keep_alive() && ahead.empty() && rest.empty();
    const http_response response = reader.take();
    v.status = response.status();
    v.fields = response.fields();
    v.body = response.body();
    return v;
}

void check_reader(const answer_row& row, std::size_t piece)
{
    BOOST_TEST_CONTEXT(row.name << ", in pieces of " << piece)
    {
        const verdict v = read(row, piece);
        BOOST_TEST(v.ec == row.ec);
        BOOST_TEST(v.done == !row.ec);
        BOOST_TEST(v.kept == row.kept);
        BOOST_TEST(v.status == row.status);
        BOOST_TEST(v.body == row.body);
    }
}

void check_client(const answer_row& row)
{
    BOOST_TEST_CONTEXT(row.name)
    {
        const raw_server server([&](raw_peer& peer) {
            if (peer.number == 0) {
                peer.read_request();
                peer.write(row.bytes);
                if (row.closes) return;
            }
            while (!peer.read_request().empty()) peer.write(hello);
        });
        asio::io_context context;
        http_limits limits = without_sweep();
        limits.first_byte = limits.body_idle = limits.total = 20s; // longer than anyone waits who knows
        http::http1_client client(context.get_executor(), {}, limits);
        const transport_outcome got = run(context, client.send(http_request(row.method, server.url("/"))));
        BOOST_TEST(got.ec == row.ec);
        BOOST_TEST(got.sent);
        BOOST_TEST(got.response.status() == row.status);
        BOOST_TEST(got.response.body() == row.body);
        const http_request next("POST", server.url("/"));
        const transport_outcome after = run(context, client.send(next));
        BOOST_TEST(!after.ec);
        BOOST_TEST(after.response.body() == "hello");
        BOOST_TEST(server.connections() == (row.kept ? 1u : 2u));
    }
}

// The same row with a few bytes changed to such as have a meaning.
answer_row spoilt(answer_row row, std::minstd_rand& chance)
{
    const std::string_view meaning("\r\n\t ;:=\"\\,0159afx-+HTTP/1.\0\x7f\x80", 29);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(chance()) % n; };
    for (std::size_t n = 1 + below(3); n > 0; --n) {
        const std::size_t at = below(row.bytes.size() + 1);
        row.bytes.replace(at, below(3), below(3), meaning[below(meaning.size())]);
    }
    return row;
}

void check(const std::vector<answer_row>& rows)
{
    for (const answer_row& row : rows) {
        const bool small = row.bytes.size() < 4096;
        for (const std::size_t piece : {std::string::npos, std::size_t(small ? 3 : 1000), std::size_t(small ? 1 : 301)})
            check_reader(row, piece);
        check_client(row);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(every_fault_of_a_status_line_has_its_error) { check(answers::of_the_status_line()); }
BOOST_AUTO_TEST_CASE(every_fault_of_a_field_has_its_error) { check(answers::of_fields()); }
BOOST_AUTO_TEST_CASE(a_length_is_a_number_and_there_is_one) { check(answers::of_lengths()); }
BOOST_AUTO_TEST_CASE(the_only_transfer_coding_is_chunked) { check(answers::of_codings()); }
BOOST_AUTO_TEST_CASE(every_fault_of_a_chunk_has_its_error) { check(answers::of_chunks()); }
BOOST_AUTO_TEST_CASE(a_trailer_is_read_strictly_and_has_no_effect) { check(answers::of_trailers()); }
BOOST_AUTO_TEST_CASE(a_body_where_there_is_none_is_not_read) { check(answers::of_bodies_that_must_not_be()); }
BOOST_AUTO_TEST_CASE(an_answer_is_the_one_that_was_asked_for) { check(answers::of_more_than_one()); }
BOOST_AUTO_TEST_CASE(an_answer_cut_after_any_byte_is_lost) { check(answers::of_ends()); }

// A header that comes in pieces is always the parser's.
BOOST_AUTO_TEST_CASE(the_pieces_an_answer_comes_in_change_nothing_about_it)
{
    std::minstd_rand chance(1);
    const std::vector<answer_row> usual(
        50, answers::kept("usual", "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
                                   "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nhello"));
    for (const auto& rows : {usual, answers::of_the_status_line(), answers::of_fields(), answers::of_lengths(),
                             answers::of_codings(), answers::of_chunks(), answers::of_trailers(),
                             answers::of_bodies_that_must_not_be(), answers::of_more_than_one(), answers::of_ends()})
        for (const answer_row& row : rows)
            for (int i = 0; i < 100 && row.bytes.size() < 4096; ++i) {
                answer_row other = spoilt(row, chance);
                other.closes = true;
                const verdict whole = read(other, std::string::npos);
                for (const std::size_t piece : {1, 2, 3, 17})
                    BOOST_TEST((read(other, piece) == whole), other.bytes << "\nin pieces of " << piece);
            }
}
