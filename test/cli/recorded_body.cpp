#include "cli/gateway/recorded_body.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <string_view>

using namespace afresh;
using namespace afresh::cli;
using afresh::test::run;

namespace {

std::string text_of(std::size_t size)
{
    std::string text;
    while (text.size() < size) text += std::to_string(text.size()) + ' ';
    text.resize(size);
    return text;
}

// Gives `each` bytes at a time.
class giver final : public body_source {
public:
    giver(std::string text, std::size_t each, bool says_size) : text_(std::move(text)), each_(each), says_(says_size) {}
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        const std::size_t n = asio::buffer_copy(into, asio::buffer(std::string_view(text_).substr(given, each_)));
        given += n;
        co_return n;
    }
    std::optional<std::uint64_t> size() const override
    {
        return says_ ? std::optional<std::uint64_t>(text_.size()) : std::nullopt;
    }
    std::size_t given{};

private:
    const std::string text_;
    const std::size_t each_;
    const bool says_;
};

// Until there is nothing more, or `most` bytes have come.
std::string read(body_source& body, std::size_t most = std::string::npos)
{
    asio::io_context context;
    std::string all;
    while (all.size() < most) {
        const asio::const_buffer piece = run(context, body.read_piece(asio::mutable_buffer()));
        if (piece.size() == 0) break;
        all.append(static_cast<const char*>(piece.data()), piece.size());
    }
    return all;
}

// The same by copies of at most `each` bytes.
std::string copy(body_source& body, std::size_t each)
{
    asio::io_context context;
    std::string all;
    std::string piece(each, '\0');
    while (const std::size_t n = run(context, body.read_some(asio::buffer(piece)))) all.append(piece, 0, n);
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(recorded)

BOOST_AUTO_TEST_CASE(a_body_is_the_same_each_time)
{
    for (const std::size_t size : {1u, 262'144u, 262'145u, 1'048'576u, 3'000'000u})
        for (const std::size_t each : {1'000u, 70'000u, 5'000'000u})
            for (const bool says : {true, false}) {
                const std::string text = text_of(size);
                const auto from = std::make_shared<giver>(text, each, says);
                recorded_body body(from, size);
                BOOST_TEST((body.size() == from->size()));
                BOOST_TEST((read(body) == text), size << " by " << each);
                for (int i = 0; i < 2; ++i) {
                    BOOST_TEST(body.can_rewind());
                    BOOST_TEST(body.rewind());
                    BOOST_TEST((read(body) == text), size << " by " << each << " once more");
                }
                BOOST_TEST(body.rewind());
                BOOST_TEST((copy(body, 1'000) == text));
                BOOST_TEST(from->given == size);
            }
}

BOOST_AUTO_TEST_CASE(what_had_not_come_at_the_rewind_comes_after_what_had)
{
    const std::string text = text_of(300'000);
    for (const std::size_t before : {1u, 100'000u, 299'999u}) {
        const auto from = std::make_shared<giver>(text, 1'000, false);
        recorded_body body(from, text.size());
        read(body, before);
        BOOST_TEST(body.rewind());
        BOOST_TEST((copy(body, 7'000) == text));
        BOOST_TEST(body.rewind());
        BOOST_TEST((read(body) == text));
    }
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_nothing_is_kept)
{
    const std::string text = text_of(2'000'000);
    const auto from = std::make_shared<giver>(text, 1'000, false);
    recorded_body body(from, 1'999'999);
    std::string all = read(body, 1'999'000);
    BOOST_TEST(body.can_rewind());
    BOOST_TEST(body.rewind());
    BOOST_TEST((read(body, 1'999'000) == all));
    all += read(body, 1);
    BOOST_TEST((all == text));
    BOOST_TEST(!body.can_rewind());
    BOOST_TEST(!body.rewind());
    BOOST_TEST(read(body).empty());

    const auto longer = std::make_shared<giver>(text, 1'000, false);
    recorded_body passed(longer, 10);
    BOOST_TEST((copy(passed, 300) == text));
    BOOST_TEST(!passed.can_rewind());
}

BOOST_AUTO_TEST_SUITE_END()
