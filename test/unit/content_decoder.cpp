// Every coding gives back what the real encoder was given, however the bytes come and wherever they go.
#include "http/content_decoder.hpp"
#include "support/decode.hpp"
#include "support/encoders.hpp"
#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::http;
using namespace afresh::test;
using namespace std::literals;

namespace {

const std::string text = sample(700);
const std::string long_text = sample(300'000);

constexpr std::size_t whole = 100'000'000;
struct sizes {
    std::size_t piece;
    std::size_t room;
};
constexpr sizes small_and_large[] = {{whole, 100'000}, {1, 100'000}, {whole, 1}};
constexpr sizes small[] = {{1, 1}, {1, 7}, {7, 1}, {1, 100'000}, {whole, 1}, {3, 5}};

} // namespace

BOOST_AUTO_TEST_CASE(what_was_encoded_is_decoded)
{
    for (const auto& e : encodings())
        for (const auto& plain : {text, long_text, "a"s, std::string(200'000, 'a')}) {
            const auto r = decode(e.name, e.encode(plain));
            BOOST_TEST(!r.ec, e.name << ": " << r.ec);
            BOOST_TEST((r.text == plain), e.name << " of " << plain.size());
        }
}

BOOST_AUTO_TEST_CASE(input_may_be_cut_at_any_byte)
{
    for (const auto& e : encodings()) {
        const auto body = e.encode(text);
        for (std::size_t cut = 0; cut <= body.size(); ++cut) {
            const auto decoder = make(e.name);
            std::string out;
            const auto first = decoder->decode(std::string_view(body).substr(0, cut), out);
            const auto second = decoder->decode(std::string_view(body).substr(cut), out);
            BOOST_TEST((!first && !second && !decoder->finish() && out == text), e.name << " cut at " << cut);
        }
    }
}

BOOST_AUTO_TEST_CASE(input_and_output_may_be_a_byte_at_a_time)
{
    for (const auto& e : encodings())
        for (const auto& plain : {text, sample(20'000)}) {
            const auto body = e.encode(plain);
            for (const auto& [piece, room] : small) {
                const auto r = decode(e.name, body, {}, piece, room);
                BOOST_TEST((!r.ec && r.text == plain), e.name << " by " << piece << " and " << room << ": " << r.ec);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_reader_stops_after_some_bytes_and_goes_on_without_more_input)
{
    for (const auto& e : encodings()) {
        const auto body = e.encode(long_text);
        const auto decoder = make(e.name);
        std::string_view rest = body;
        std::string out(long_text.size() + 1, '\0');
        std::size_t made = 0;
        for (const std::size_t room :
             {std::size_t(10), std::size_t(1), std::size_t(4'000), std::size_t(100'000), out.size()}) {
            const auto s = decoder->decode(rest, out.data() + made, std::min(room, out.size() - made));
            rest.remove_prefix(s.taken);
            made += s.made;
            BOOST_TEST(!s.ec);
            if (made < long_text.size()) BOOST_TEST(s.made == room);
        }
        out.resize(made);
        BOOST_TEST(rest.empty(), e.name);
        BOOST_TEST((out == long_text), e.name);
        BOOST_TEST(!decoder->finish(), e.name);
    }
}

BOOST_AUTO_TEST_CASE(what_the_server_has_sent_can_be_read_before_it_sends_more)
{
    for (const auto& e : encodings())
        for (const auto& plain : {text, long_text})
            for (const auto& [piece, room] : small_and_large) {
                const auto r = decode(e.name, e.begin(plain), {}, piece, room);
                BOOST_TEST((r.text == plain), e.name << " by " << piece << " and " << room << ": " << r.text.size());
                BOOST_TEST(r.ec == errc::malformed_encoding, e.name); // since it was not the end
            }
}

BOOST_AUTO_TEST_CASE(being_asked_when_there_is_nothing_to_do_changes_nothing)
{
    for (const auto& e : encodings()) {
        const auto body = e.encode(text);
        const auto decoder = make(e.name);
        std::string out;
        const auto idle = [&] {
            for (int i = 0; i < 40; ++i) BOOST_TEST(!decoder->decode({}, out), e.name);
        };
        idle();
        for (const char c : body) {
            BOOST_TEST(!decoder->decode(std::string_view(&c, 1), out), e.name);
            idle();
        }
        BOOST_TEST((out == text && !decoder->finish()), e.name);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_empty_in_any_coding)
{
    for (const auto& e : encodings()) {
        const auto nothing = decode(e.name, "");
        BOOST_TEST((!nothing.ec && nothing.text.empty()), e.name);
        const auto encoded_nothing = decode(e.name, e.encode(""), {}, 1, 1);
        BOOST_TEST((!encoded_nothing.ec && encoded_nothing.text.empty()), e.name);
    }
    const auto both = decode("gzip, deflate", "");
    BOOST_TEST((!both.ec && both.text.empty()));
}

BOOST_AUTO_TEST_CASE(gzip_members_are_read_one_after_another)
{
    const auto body = gzip(text) + gzip("") + gzip(long_text) + gzip("end");
    for (const auto& [piece, room] : small) {
        const auto r = decode("gzip", body, {}, piece, room);
        BOOST_TEST((!r.ec && r.text == text + long_text + "end"), piece << " and " << room << ": " << r.ec);
    }
}

BOOST_AUTO_TEST_CASE(zeros_behind_gzip_are_padding_and_anything_else_is_not)
{
    for (const std::size_t piece : {std::size_t(1), std::size_t(100'000)}) {
        for (const std::size_t zeros : {std::size_t(1), std::size_t(7), std::size_t(512), std::size_t(70'000)})
            BOOST_TEST((decode("gzip", gzip(text) + std::string(zeros, '\0'), {}, piece).text == text));
        for (const auto& behind :
             {"x"s, "\x1f"s, "\x1f\x8b"s, "\0\0x"s, "\0"s + gzip("more"), gzip("more").substr(0, 12)})
            BOOST_TEST(decode("gzip", gzip(text) + behind, {}, piece).ec == errc::malformed_encoding);
        BOOST_TEST(decode("gzip", "\0"s + gzip(text), {}, piece).ec == errc::malformed_encoding);
        BOOST_TEST(decode("gzip", "\0\0\0"s, {}, piece).ec == errc::malformed_encoding);
    }
}

BOOST_AUTO_TEST_CASE(nothing_may_stand_behind_a_body_of_another_coding)
{
    for (const auto& e : encodings()) {
        if (e.name == "gzip") continue;
        for (const auto& behind : {"x"s, "\0"s, "xxxxxxxx"s})
            for (const std::size_t piece : {std::size_t(1), std::size_t(100'000)})
                for (const std::size_t room : {std::size_t(1), std::size_t(100'000)}) {
                    const auto r = decode(e.name, e.encode(text) + behind, {}, piece, room);
                    BOOST_TEST(r.ec == errc::malformed_encoding, e.name << " by " << piece << ": " << r.ec);
                    BOOST_TEST((r.text == text), e.name);
                }
    }
}

BOOST_AUTO_TEST_CASE(raw_deflate_is_told_from_zlib_by_its_first_bytes)
{
    // stored, fixed and dynamic blocks, and every size at which one turns into the other
    for (std::size_t size = 1; size < 600; ++size) {
        const auto plain = sample(size);
        BOOST_TEST((decode("deflate", raw_deflate(plain)).text == plain));
        BOOST_TEST((decode("deflate", zlib(plain)).text == plain));
    }
    const auto stored = "\x01\x03\x00\xfc\xff"
                        "abc"s;
    BOOST_TEST(decode("deflate", stored, {}, 1, 1).text == "abc");
    // a bit in the padding, which makes half of a zlib header
    BOOST_TEST(decode("deflate", "\x08\x03\x00\xfc\xff"
                                 "abc\x03\x00"s)
                   .text == "abc");
    BOOST_TEST(decode("deflate", "x"s).ec == errc::malformed_encoding);
    BOOST_TEST(decode("deflate", "\x78\xbb"s).ec == errc::malformed_encoding); // a preset dictionary is announced
}

BOOST_AUTO_TEST_CASE(codings_are_undone_in_reverse)
{
    for (const auto& inner : encodings())
        for (const auto& outer : encodings()) {
            const auto body = outer.encode(inner.encode(long_text));
            const auto names = std::string(inner.name) + ", " + std::string(outer.name);
            for (const auto& [piece, room] : small_and_large) {
                const auto r = decode(names, body, {}, piece, room);
                BOOST_TEST((!r.ec && r.text == long_text), names << " by " << piece << " and " << room << ": " << r.ec);
            }
        }
    BOOST_TEST(decode("deflate, gzip", zlib(gzip(text))).ec == errc::malformed_encoding);
}

BOOST_AUTO_TEST_CASE(names_are_read_as_rfc_9110_says)
{
    const auto what = [](std::string_view field) {
        const auto choice = make_content_decoder(field, {});
        BOOST_TEST((choice.decoder != nullptr) == (choice.what == decoding::needed), field);
        return choice.what;
    };
    for (const auto none : {"", " ", ",", ", ,", "identity", "IDENTITY", "identity, identity,identity"})
        BOOST_TEST((what(none) == decoding::none), none);
    for (const auto needed : {"gzip", "GZip", "x-gzip", "X-GZIP", "deflate", " gzip ", ",gzip,", "\tgzip\t,",
                              "identity, gzip", "gzip,identity,deflate", "gzip, gzip"})
        BOOST_TEST((what(needed) == decoding::needed), needed);
    for (const auto unknown : {"compress", "x-deflate", "gzi", "gzip2", "gzip;q=1", "gzip deflate", "gzip, exi",
                               "exi, gzip", "gzip, gzip, gzip, exi", "\"gzip\"", "aes128gcm", "dcb", "dcz"})
        BOOST_TEST((what(unknown) == decoding::unknown), unknown);
    for (const auto refused : {"gzip, gzip, gzip", "gzip,deflate,x-gzip", "gzip,identity,gzip,,gzip"})
        BOOST_TEST((what(refused) == decoding::refused), refused);
}

BOOST_AUTO_TEST_CASE(what_is_offered_can_be_decoded)
{
    std::string expected = "gzip, deflate";
    for (const auto& e : encodings())
        if (e.name == "br" || e.name == "zstd") expected.append(", ").append(e.name);
    BOOST_TEST(accepted_codings() == expected);
    for (const auto& e : encodings()) BOOST_TEST((make_content_decoder(e.name, {}).what == decoding::needed), e.name);
}
