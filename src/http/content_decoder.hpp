#pragma once
// What a body was before the server encoded it (RFC 9110 8.4): piece by piece, in bounded memory. No I/O.

#include <afresh/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace afresh::http {

// Passing either is errc::body_limit. SIZE_MAX: no such limit.
struct decoding_limits {
    std::size_t most_output = 8 * 1024 * 1024; // what the whole body may become
    // Bytes made of each byte taken, counted once there is a mebibyte of output. It is for readers without the limit
    // above. Text as servers send it stays below 100 and deflate cannot pass 1032, so that 1000 refuses next to nothing
    // that is honest; zstd makes 30,000 bytes of one, br 600,000.
    std::size_t most_ratio = 1000;
};

// One body, from its first byte to its last. An empty body is valid in any coding: that is how many a server answers
// HEAD, or sends nothing.
//
// Memory: what the coding itself needs to look back (gzip, deflate 32 KiB; br 16 MiB; zstd 8 MiB, RFC 9659), whatever the
// body is. That memory is not wiped: ask for no coding where the answer holds tokens.
class content_decoder {
public:
    struct step {
        std::size_t taken{}; // of the input; the rest must be presented again, at the front of what comes next
        std::size_t made{};
        error_code ec{}; // final: any further call says the same. What was made before is as the server sent it.
    };

    content_decoder() = default;
    virtual ~content_decoder() = default;
    content_decoder(const content_decoder&) = delete;
    content_decoder& operator=(const content_decoder&) = delete;

    // Goes on until there is no room or nothing to make any more. made == room: there may be more, so call again, if only
    // with an empty `in`. made < room: all of `in` was taken, and nothing comes without more of it. `room` is 1 and up.
    // Errors: malformed_encoding, body_limit. Throws std::bad_alloc.
    virtual step decode(std::string_view in, char* out, std::size_t room) = 0;

    // The body has ended, and the last step left room. malformed_encoding, unless it ended where its encoding ends.
    virtual error_code finish() = 0;

    // All that `in` decodes to is appended. While `out` grows there is a second, smaller copy of it for a moment; it is
    // wiped.
    error_code decode(std::string_view in, std::string& out);
};

enum class decoding {
    none,    // the body is what it seems to be
    needed,  // with the decoder
    unknown, // a coding that was not asked for: the caller must know what to do with the body, still encoded
    refused, // more codings than anybody needs: errc::malformed_encoding
};

struct decoder_choice {
    decoding what;
    std::unique_ptr<content_decoder> decoder; // null but for `needed`
};

// The value of Content-Encoding, or the values of several such fields joined by commas. At most two codings: a third has
// no use but to multiply a bomb.
decoder_choice make_content_decoder(std::string_view content_encoding, decoding_limits limits);

// For Accept-Encoding: "gzip, deflate, br, zstd", as far as they were built.
std::string_view accepted_codings() noexcept;

} // namespace afresh::http
