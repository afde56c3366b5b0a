#include "http/content_decoder.hpp"

#include "core/text.hpp"
#include "http/decoders.hpp"

#include <afresh/secret_string.hpp>

#include <algorithm>

namespace afresh::http {

namespace {

constexpr std::size_t most_codings = 2;

struct coding {
    std::string_view name;
    std::unique_ptr<content_decoder> (*make)();
};

constexpr coding codings[] = {
    {"gzip", make_gzip_decoder},       {"x-gzip", make_gzip_decoder}, // RFC 9110 8.4.1.3: the same
    {"deflate", make_deflate_decoder},
#if AFRESH_HAS_BROTLI
    {"br", make_brotli_decoder},
#endif
#if AFRESH_HAS_ZSTD
    {"zstd", make_zstd_decoder},
#endif
};

const coding* find(std::string_view name)
{
    const auto* found =
        std::find_if(std::begin(codings), std::end(codings), [&](auto& c) { return core::iequals(c.name, name); });
    return found == std::end(codings) ? nullptr : found;
}

// What decoders make goes through here, so it is large enough not to be felt and small enough for any thread's stack.
constexpr std::size_t piece = 16 * 1024;

// As append() would, but leaving no copy behind in freed memory: a body may hold secrets.
void append(std::string& out, std::string_view text)
{
    if (text.size() > out.capacity() - out.size()) {
        std::string larger;
        larger.reserve(std::max(out.size() + text.size(), 2 * out.capacity()));
        larger.append(out);
        wipe(out);
        out.swap(larger);
    }
    out.append(text);
}

} // namespace

error_code content_decoder::decode(std::string_view in, std::string& out)
{
    std::string buffer(piece, '\0');
    step s;
    do {
        s = decode(in, buffer.data(), buffer.size());
        in.remove_prefix(s.taken);
        append(out, std::string_view(buffer).substr(0, s.made));
    } while (!s.ec && s.made == buffer.size());
    wipe(buffer);
    return s.ec;
}

decoder_choice make_content_decoder(std::string_view content_encoding, decoding_limits limits)
{
    const coding* applied[most_codings] = {};
    std::size_t count = 0;
    while (!content_encoding.empty()) {
        const auto name = core::take_element(content_encoding);
        // RFC 9110 5.6.1.2 allows empty elements; `identity` has no place in this field (12.5.3), and is sent
        if (name.empty() || core::iequals(name, "identity")) continue;
        const auto* known = find(name);
        if (!known) return {decoding::unknown, nullptr};
        if (count < most_codings) applied[count] = known;
        ++count;
    }
    if (count == 0) return {decoding::none, nullptr};
    if (count > most_codings) return {decoding::refused, nullptr};

    // listed in the order in which they were applied (RFC 9110 8.4)
    auto decoder = applied[count - 1]->make();
    if (count == 2) {
        // of its own, since a bomb that collapses again on the next stage would cost time for no output at all
        decoder = chain(bound(std::move(decoder), {SIZE_MAX, limits.most_ratio}), applied[0]->make());
    }
    return {decoding::needed, bound(std::move(decoder), limits)};
}

std::string_view accepted_codings() noexcept
{
    return "gzip, deflate"
#if AFRESH_HAS_BROTLI
           ", br"
#endif
#if AFRESH_HAS_ZSTD
           ", zstd"
#endif
        ;
}

} // namespace afresh::http
