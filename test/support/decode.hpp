#pragma once
// A whole body through a content decoder, as a client would do it.

#include "http/content_decoder.hpp"

#include <algorithm>
#include <stdexcept>

namespace afresh::test {

struct decoded {
    error_code ec;
    std::string text;
};

inline std::unique_ptr<http::content_decoder> make(std::string_view codings, http::decoding_limits limits = {})
{
    auto choice = http::make_content_decoder(codings, limits);
    if (!choice.decoder) throw std::runtime_error("no decoder for " + std::string(codings));
    return std::move(choice.decoder);
}

// Gives `piece` bytes at a time and has room for `room`.
inline decoded decode(std::string_view codings, std::string_view body, http::decoding_limits limits = {},
                      std::size_t piece = SIZE_MAX, std::size_t room = 64 * 1024)
{
    const auto decoder = make(codings, limits);
    decoded r;
    std::string buffer(room, '\0');
    for (bool more = true; more && !r.ec;) {
        std::string_view next = body.substr(0, piece);
        body.remove_prefix(next.size());
        more = !body.empty();
        for (;;) {
            const auto s = decoder->decode(next, buffer.data(), room);
            if (s.taken > next.size() || s.made > room) throw std::logic_error("more than there is");
            next.remove_prefix(s.taken);
            r.text.append(buffer, 0, s.made);
            r.ec = s.ec;
            if (r.ec || s.made < room) break;
        }
        if (!r.ec && !next.empty()) throw std::logic_error("there was room, and not all was taken");
    }
    if (!r.ec) r.ec = decoder->finish();
    return r;
}

} // namespace afresh::test
