#pragma once
// One deflate stream by zlib, with or without a header around it. No I/O.

#include "http/content_decoder.hpp"

#define ZLIB_CONST
#include <zlib.h>

namespace afresh::http {

class inflater {
public:
    // the largest window that a stream may ask for, and what is around it, as inflateInit2 wants to be told
    enum class format { raw = -15, zlib = 15, gzip = 15 + 16 };

    explicit inflater(format f);
    ~inflater();
    inflater(const inflater&) = delete;
    inflater& operator=(const inflater&) = delete;

    // As content_decoder::decode(), but that it takes nothing behind the end of the stream.
    content_decoder::step run(std::string_view in, char* out, std::size_t room);
    bool has_ended() const noexcept { return ended_; }
    // For another stream of the same format.
    void restart();

private:
    z_stream z_{};
    bool ended_{};
};

} // namespace afresh::http
