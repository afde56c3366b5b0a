#pragma once
// The header of an answer that nobody could understand in another way, read without a parser. Most are so. Pure.

#include <afresh/http_message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace afresh::net {

struct answer_head {
    unsigned status{};
    bool persistent{}; // the peer means to go on, and nothing about the framing was odd
    http_fields fields;
};

struct plain_extent {
    std::size_t head; // with the empty line
    std::uint64_t body;
};

// HTTP/1.1, a body of one given length, a connection that is kept or closed, and no other word about the framing.
// Nothing: it has not come to its end, or is for the parser; then `into` is of no use.
std::optional<plain_extent> read_plain_head(std::string_view bytes, answer_head& into);

} // namespace afresh::net
