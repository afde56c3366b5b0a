// A body that is broken, cut short or made to explode ends in an error, at a bounded cost.
#include "http/content_decoder.hpp"
#include "support/decode.hpp"
#include "support/encoders.hpp"
#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

using namespace afresh;
using namespace afresh::http;
using namespace afresh::test;
using namespace std::literals;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
const std::string text = sample(700);

std::size_t most_memory_so_far()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

struct bomb {
    std::string_view codings;
    std::string body;
};

// Ten gibibytes each.
std::vector<bomb> bombs()
{
    const auto once = gzip_bomb(10);
    std::vector<bomb> all{
        {"gzip", once}, {"deflate", raw_deflate_bomb(10)}, {"gzip, gzip", gzip(once)}, {"gzip, deflate", zlib(once)}};
    for (const auto& e : encodings()) {
        if (e.name == "br") all.push_back({"gzip, br", e.encode(once)});
        if (e.name == "zstd") all.push_back({"zstd", zstd_bomb(10)});
        if (e.name == "zstd") all.push_back({"zstd, zstd", e.encode(all.back().body)});
    }
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_body_cut_short_at_any_byte_is_malformed)
{
    for (const auto& e : encodings()) {
        const auto body = e.encode(text);
        for (std::size_t size = 1; size < body.size(); ++size)
            for (const std::size_t piece : {std::size_t(1), body.size()}) {
                const auto r = decode(e.name, std::string_view(body).substr(0, size), {}, piece);
                BOOST_TEST(r.ec == errc::malformed_encoding, e.name << " cut at " << size << ": " << r.ec);
                BOOST_TEST(text.starts_with(r.text), e.name);
            }
    }
}

BOOST_AUTO_TEST_CASE(a_chain_that_ends_too_early_on_either_stage_is_malformed)
{
    const auto inner = gzip(text);
    const auto outer = zlib(inner);
    BOOST_TEST(decode("gzip, deflate", outer.substr(0, outer.size() - 1)).ec == errc::malformed_encoding);
    BOOST_TEST(decode("gzip, deflate", zlib(inner.substr(0, inner.size() - 1))).ec == errc::malformed_encoding);
    BOOST_TEST(decode("gzip, deflate", zlib(inner + "x")).ec == errc::malformed_encoding);
}

BOOST_AUTO_TEST_CASE(a_changed_byte_is_found_by_the_checksum_or_costs_no_more_than_the_limit)
{
    constexpr decoding_limits limits{4096, 1000};
    for (const auto& e : encodings()) {
        const auto body = e.encode(text);
        for (std::size_t at = 0; at < body.size(); ++at)
            for (const int change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff})
                for (const std::size_t piece : {std::size_t(1), body.size()}) {
                    auto changed = body;
                    changed[at] = static_cast<char>(changed[at] ^ change);
                    const auto r = decode(e.name, changed, limits, piece);
                    BOOST_TEST((!r.ec || r.ec == errc::malformed_encoding || r.ec == errc::body_limit));
                    BOOST_TEST(r.text.size() <= limits.most_output);
                    // what is left over are bytes of a header that say nothing about the text
                    if (e.has_checksum && !r.ec) BOOST_TEST((r.text == text), e.name << " changed at " << at);
                }
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_checksum_is_malformed)
{
    for (const auto& e : encodings()) {
        if (!e.has_checksum) continue;
        const auto body = e.encode(text);
        const std::size_t trailer = e.name == "gzip" ? 8 : 4;
        for (std::size_t n = 1; n <= trailer; ++n) {
            auto changed = body;
            changed[body.size() - n] = static_cast<char>(changed[body.size() - n] ^ 1);
            const auto r = decode(e.name, changed);
            BOOST_TEST(r.ec == errc::malformed_encoding, e.name << " byte " << n << " from the end: " << r.ec);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_was_never_encoded_is_malformed)
{
    for (const auto& e : encodings())
        for (const auto& plain :
             {"{\"error\":\"invalid_token\"}"s, "<!DOCTYPE html>"s, std::string(5000, '\xff'), "\n"s})
            BOOST_TEST(decode(e.name, plain).ec == errc::malformed_encoding, e.name << " " << plain.substr(0, 30));
}

BOOST_AUTO_TEST_CASE(the_first_error_is_the_last)
{
    auto body = gzip(text);
    body.back() ^= 1;
    const auto decoder = make("gzip");
    std::string out;
    BOOST_TEST(decoder->decode(body, out) == errc::malformed_encoding);
    const auto size = out.size();
    BOOST_TEST(decoder->decode(gzip(text), out) == errc::malformed_encoding);
    BOOST_TEST(decoder->decode({}, out) == errc::malformed_encoding);
    BOOST_TEST(decoder->finish() == errc::malformed_encoding);
    BOOST_TEST(out.size() == size);

    const auto limited = make("gzip", {10, 1000});
    BOOST_TEST(limited->decode(gzip(text), out) == errc::body_limit);
    BOOST_TEST(limited->decode({}, out) == errc::body_limit);
    BOOST_TEST(limited->finish() == errc::body_limit);
}

BOOST_AUTO_TEST_CASE(a_body_of_just_the_limit_is_accepted)
{
    for (const auto& e : encodings()) {
        const auto body = e.encode(text);
        for (const std::size_t room : {std::size_t(1), std::size_t(100), text.size(), 2 * text.size()}) {
            const auto just = decode(e.name, body, {text.size(), 1000}, SIZE_MAX, room);
            BOOST_TEST((!just.ec && just.text == text), e.name << " " << just.ec);
            for (const std::size_t less : {text.size() - 1, std::size_t(1), std::size_t(0)}) {
                const auto over = decode(e.name, body, {less, 1000}, SIZE_MAX, room);
                BOOST_TEST(over.ec == errc::body_limit, e.name << " limit " << less << ": " << over.ec);
                BOOST_TEST((over.text == text.substr(0, less)), e.name);
            }
        }
        BOOST_TEST(!decode(e.name, e.encode(""), {0, 1000}).ec, e.name);
    }
}

BOOST_AUTO_TEST_CASE(a_bomb_is_stopped_at_the_limit_of_output)
{
    for (const auto& [codings, body] : bombs()) {
        const auto before = most_memory_so_far();
        std::string out;
        const auto decoder = make(codings, {8 * mebibyte, SIZE_MAX});
        BOOST_TEST(decoder->decode(body, out) == errc::body_limit, codings);
        BOOST_TEST(out.size() == 8 * mebibyte);
        BOOST_TEST(most_memory_so_far() - before < 64 * mebibyte, codings);
    }
}

BOOST_AUTO_TEST_CASE(a_bomb_is_stopped_by_its_ratio_where_output_has_no_limit)
{
    for (const auto& [codings, body] : bombs()) {
        const auto decoder = make(codings, {SIZE_MAX, 1000});
        std::string_view rest = body;
        std::string buffer(16 * 1024, '\0');
        std::size_t made = 0;
        content_decoder::step s;
        do {
            s = decoder->decode(rest.substr(0, 1000), buffer.data(), buffer.size());
            rest.remove_prefix(s.taken);
            made += s.made;
        } while (!s.ec && made < 64 * mebibyte);
        BOOST_TEST(s.ec == errc::body_limit, codings);
        BOOST_TEST(made < 3 * mebibyte, codings << " after " << made);
    }
}

BOOST_AUTO_TEST_CASE(a_bomb_that_collapses_again_on_the_second_stage_is_stopped)
{
    // padding behind gzip: no output, only work
    const auto padding = gzip(gzip(text) + std::string(64 * mebibyte, '\0'));
    const auto decoder = make("gzip, gzip", {SIZE_MAX, 500});
    std::string out;
    BOOST_TEST(decoder->decode(padding, out) == errc::body_limit);
    BOOST_TEST((out == text));
}

BOOST_AUTO_TEST_CASE(a_short_body_of_one_pattern_is_no_bomb)
{
    const std::string zeros(mebibyte, '0');
    for (const auto& e : encodings()) BOOST_TEST((decode(e.name, e.encode(zeros)).text == zeros), e.name);
    const auto text_of_a_service = sample(3 * mebibyte);
    for (const auto& e : encodings())
        BOOST_TEST((decode(e.name, e.encode(text_of_a_service), {SIZE_MAX, 100}).text == text_of_a_service), e.name);
}

#if AFRESH_HAS_ZSTD
BOOST_AUTO_TEST_CASE(zstd_frames_follow_each_other_and_some_are_skipped)
{
    const auto skipped = "\x5e\x2a\x4d\x18\x03\0\0\0abc"s;
    for (const std::size_t piece : {std::size_t(1), std::size_t(3), std::size_t(100'000)})
        for (const std::size_t room : {std::size_t(1), std::size_t(100'000)}) {
            const auto r =
                decode("zstd", skipped + zstd(text) + skipped + zstd("") + zstd("end") + skipped, {}, piece, room);
            BOOST_TEST((!r.ec && r.text == text + "end"), r.ec);
        }
    BOOST_TEST(decode("zstd", zstd(text) + skipped.substr(0, 9)).ec == errc::malformed_encoding);
}

BOOST_AUTO_TEST_CASE(zstd_may_look_back_8_mebibytes_and_not_more)
{
    // RFC 8878 3.1.1.1.2: the exponent is in the upper five bits, from 1 KiB on
    const auto frame = [](int exponent) {
        const auto window = static_cast<char>(exponent << 3);
        return "\x28\xb5\x2f\xfd\x00"s + window + "\x19\x00\x00"s + "abc"; // one raw block
    };
    BOOST_TEST(decode("zstd", frame(13)).text == "abc");
    BOOST_TEST(decode("zstd", frame(14)).ec == errc::malformed_encoding);
    BOOST_TEST(decode("zstd", frame(21)).ec == errc::malformed_encoding);
}

BOOST_AUTO_TEST_CASE(zstd_from_before_its_rfc_is_malformed)
{
    // a frame of version 0.7 with one block, which libzstd decodes where it was built to
    BOOST_TEST(decode("zstd", "\x27\xb5\x2f\xfd\x00\x38\x40\x00\x03"
                              "abc\xc0\x00\x00"s)
                   .text.empty());
    for (char version = 0x22; version <= 0x27; ++version)
        BOOST_TEST(decode("zstd", version + "\xb5\x2f\xfd"s + std::string(20, '\0')).ec == errc::malformed_encoding);
}
#endif

#if AFRESH_HAS_BROTLI
BOOST_AUTO_TEST_CASE(brotli_may_not_look_back_farther_than_its_rfc_says)
{
    // the header of a "large window" stream, which RFC 7932 reserves
    BOOST_TEST(decode("br", "\x11\x3e\x03"s).ec == errc::malformed_encoding);
}
#endif
