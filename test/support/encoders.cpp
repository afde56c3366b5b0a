#include "support/encoders.hpp"

#include "http/content_decoder.hpp"

#include <stdexcept>

#define ZLIB_CONST
#include <zlib.h>
#if AFRESH_HAS_BROTLI
#include <brotli/encode.h>
#endif
#if AFRESH_HAS_ZSTD
#include <zstd.h>
#endif

namespace afresh::test {

namespace {

void require(bool ok)
{
    if (!ok) throw std::runtime_error("the encoder failed");
}

std::string deflate_with(std::string_view text, int window_bits, int flush = Z_FINISH)
{
    z_stream z{};
    require(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&z, text.size()) + 64, '\0');
    z.next_in = reinterpret_cast<const Bytef*>(text.data());
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&z, flush);
    require(result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) && z.avail_in == 0);
    out.resize(out.size() - z.avail_out);
    deflateEnd(&z);
    return out;
}

std::string repeated(const std::string& text, std::size_t times)
{
    std::string out;
    out.reserve(text.size() * times);
    while (times-- > 0) out += text;
    return out;
}

} // namespace

std::string gzip(std::string_view text) { return deflate_with(text, 15 + 16); }
std::string zlib(std::string_view text) { return deflate_with(text, 15); }
std::string raw_deflate(std::string_view text) { return deflate_with(text, -15); }

std::string begin_gzip(std::string_view text) { return deflate_with(text, 15 + 16, Z_SYNC_FLUSH); }
std::string begin_zlib(std::string_view text) { return deflate_with(text, 15, Z_SYNC_FLUSH); }
std::string begin_raw_deflate(std::string_view text) { return deflate_with(text, -15, Z_SYNC_FLUSH); }

#if AFRESH_HAS_BROTLI
std::string begin_brotli(std::string_view text)
{
    auto* state = BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
    std::string out(BrotliEncoderMaxCompressedSize(text.size()) + 64, '\0');
    auto* next_in = reinterpret_cast<const std::uint8_t*>(text.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
    std::size_t given = text.size();
    std::size_t left = out.size();
    const auto ok =
        BrotliEncoderCompressStream(state, BROTLI_OPERATION_FLUSH, &given, &next_in, &left, &next_out, nullptr);
    require(ok && given == 0 && !BrotliEncoderHasMoreOutput(state));
    BrotliEncoderDestroyInstance(state);
    out.resize(out.size() - left);
    return out;
}

std::string brotli(std::string_view text)
{
    std::string out(BrotliEncoderMaxCompressedSize(text.size()) + 64, '\0');
    std::size_t size = out.size();
    require(BrotliEncoderCompress(9, 22, BROTLI_MODE_GENERIC, text.size(),
                                  reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                                  reinterpret_cast<std::uint8_t*>(out.data())));
    out.resize(size);
    return out;
}
#else
std::string brotli(std::string_view) { return {}; }
#endif

#if AFRESH_HAS_ZSTD
std::string begin_zstd(std::string_view text)
{
    auto* context = ZSTD_createCCtx();
    std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
    ZSTD_inBuffer from{text.data(), text.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    require(ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush) == 0 && from.pos == text.size());
    ZSTD_freeCCtx(context);
    out.resize(to.pos);
    return out;
}

std::string zstd(std::string_view text)
{
    auto* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    std::string out(ZSTD_compressBound(text.size()), '\0');
    const auto size = ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
    ZSTD_freeCCtx(context);
    require(!ZSTD_isError(size));
    out.resize(size);
    return out;
}
#else
std::string zstd(std::string_view) { return {}; }
#endif

std::vector<encoding> encodings()
{
    return
    {
        {"gzip", gzip, begin_gzip, true}, {"deflate", zlib, begin_zlib, true},
            {"deflate", raw_deflate, begin_raw_deflate, false},
#if AFRESH_HAS_BROTLI
            {"br", brotli, begin_brotli, false},
#endif
#if AFRESH_HAS_ZSTD
            {"zstd", zstd, begin_zstd, true},
#endif
    };
}

std::string sample(std::size_t size)
{
    std::string out;
    for (unsigned n = 0; out.size() < size; ++n)
        out += "{\"id\":" + std::to_string(n * 2654435761u) + ",\"name\":\"item\",\"tags\":[\"a\",\"b\"]},";
    out.resize(size);
    return out;
}

std::string raw_deflate_bomb(std::size_t gibibytes)
{
    // after a full flush a piece stands for itself, so it can be said again
    const std::string zeros(16 * 1024 * 1024, '\0');
    return repeated(deflate_with(zeros, -15, Z_FULL_FLUSH), gibibytes * 64) + raw_deflate("");
}

std::string gzip_bomb(std::size_t gibibytes)
{
    const std::string header("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    return header + raw_deflate_bomb(gibibytes) + std::string(8, 'x');
}

std::string zstd_bomb(std::size_t gibibytes)
{
    // RFC 8878 3.1.1: a window of 128 KiB, then blocks of type RLE: 128 KiB in four bytes
    const std::string header("\x28\xb5\x2f\xfd\x00\x38", 6);
    const auto block = [](unsigned last) {
        const unsigned word = last | 1u << 1 | (128u * 1024) << 3;
        return std::string({static_cast<char>(word), static_cast<char>(word >> 8), static_cast<char>(word >> 16), 0});
    };
    return header + repeated(block(0), gibibytes * 8192 - 1) + block(1);
}

} // namespace afresh::test
