#pragma once
// Which part of a header or a chunk line a parser may see: only whole lines, with nothing in them that another reader
// could take for the end of a line. No I/O.

#include <afresh/error.hpp>

#include <cstddef>
#include <string_view>

namespace afresh::net {

// Lines end in CR LF and hold no other control character than a tab. RFC 9112 2.2 lets a recipient take a bare LF for a
// line end and a bare CR for a space; another one on the way may choose otherwise, and then the two see different
// answers. With whole lines alone, what is wrong is found in the same place whatever pieces the bytes come in; and
// Boost.Beast (1.81), which aborts in a debug build when a last chunk comes byte by byte, never sees one that does.
//
// `front` begins where the parser stands, and grows until something of it was taken: reset() then. Each byte is looked
// at once. Both say how much may be shown, 0 for "wait", or fail with malformed_http.
class line_gate {
public:
    // As many fields as there are, and the byte behind them: the last one does not go on there (RFC 9112 5.2).
    std::size_t header(std::string_view front, error_code& ec);
    // One line; if it is the last chunk's then with all of the trailer. `after_data`: first comes the CR LF that ends
    // the data of a chunk.
    std::size_t chunk(std::string_view front, bool after_data, error_code& ec);
    // A line of a header was continued in the next one.
    bool folded() const noexcept { return folded_; }
    void reset() noexcept { field_ = line_ = checked_ = 0; }

private:
    void begin_line(std::string_view front);
    bool next_line(std::string_view front, error_code& ec);

    std::size_t field_{};   // where the last field begins, whole or not
    std::size_t line_{};    // where the line begins that is not whole yet
    std::size_t checked_{}; // how far it is known to be good
    bool folded_{};
};

} // namespace afresh::net
