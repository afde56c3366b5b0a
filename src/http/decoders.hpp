#pragma once
// The decoders that a content decoder is put together from. No I/O.

#include "http/content_decoder.hpp"

namespace afresh::http {

// RFC 1952: members one after another, and zeros behind the last, as from a tape or a padded block; nothing else.
std::unique_ptr<content_decoder> make_gzip_decoder();
// RFC 9110 8.4.1.2: the zlib format (RFC 1950); some servers send raw deflate (RFC 1951) instead.
std::unique_ptr<content_decoder> make_deflate_decoder();
// RFC 7932
std::unique_ptr<content_decoder> make_brotli_decoder();
// RFC 8878: frames one after another, some of which may be there to be skipped.
std::unique_ptr<content_decoder> make_zstd_decoder();

// What `first` makes is what `then` takes.
std::unique_ptr<content_decoder> chain(std::unique_ptr<content_decoder> first, std::unique_ptr<content_decoder> then);
// Keeps the limits, and stays with the first error.
std::unique_ptr<content_decoder> bound(std::unique_ptr<content_decoder> inner, decoding_limits limits);

} // namespace afresh::http
