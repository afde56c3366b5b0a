#include "flow/qr_code.hpp"

#if AFRESH_HAS_QRENCODE
#include <qrencode.h>

#include <memory>
#endif

namespace afresh::detail {

std::string qr_code(const std::string& text)
{
    std::string out;
#if AFRESH_HAS_QRENCODE
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L),
                                                               QRcode_free);
    if (!code) return out;
    constexpr int margin = 2;
    const int width = code->width;
    const auto is_dark = [&](int x, int y) {
        return x >= 0 && y >= 0 && x < width && y < width && (code->data[y * width + x] & 1) != 0;
    };
    // Black on white whatever the terminal's colours: a reader wants it so.
    for (int y = -margin; y < width + margin; y += 2) {
        out += "    \x1b[30;107m";
        for (int x = -margin; x < width + margin; ++x) {
            const bool top = is_dark(x, y), bottom = is_dark(x, y + 1);
            out += top && bottom ? "\u2588" : top ? "\u2580" : bottom ? "\u2584" : " ";
        }
        out += "\x1b[0m\n";
    }
#else
    (void)text;
#endif
    return out;
}

} // namespace afresh::detail
