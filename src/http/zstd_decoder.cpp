#include "http/decoders.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>

namespace afresh::http {

namespace {

constexpr int window_log = 23; // RFC 9659: 8 MiB is what a sender may count on, and no more
constexpr std::size_t magic_size = 4;

// RFC 8878 3.1: a frame of data, or one to skip. libzstd may know formats from before the RFC, too; nobody sends these
// but who wants to reach code that is old and little used.
class frame_start {
public:
    bool is_over() const noexcept { return seen_ == magic_size; }
    bool accepts(char c) noexcept
    {
        const auto byte = static_cast<unsigned char>(c);
        if (seen_ == 0) skippable_ = (byte & 0xf0) == 0x50;
        static constexpr unsigned char data[magic_size] = {0x28, 0xb5, 0x2f, 0xfd};
        static constexpr unsigned char skipped[magic_size] = {0x50, 0x2a, 0x4d, 0x18};
        const auto expected = skippable_ ? skipped[seen_] : data[seen_];
        return (seen_++ == 0 && skippable_) || byte == expected;
    }

private:
    std::size_t seen_{};
    bool skippable_{};
};

class zstd_decoder final : public content_decoder {
public:
    zstd_decoder() : context_(ZSTD_createDCtx())
    {
        if (!context_) throw std::bad_alloc();
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log);
    }

    step decode(std::string_view in, char* out, std::size_t room) override
    {
        step all;
        // libzstd is only called when it can do something: it takes an idle call for the start of a frame, or counts it
        while (!all.ec && all.made < room && (all.taken < in.size() || holds_back_)) {
            auto rest = in.substr(all.taken);
            if (!start_.is_over()) {
                rest = rest.substr(0, 1);
                if (!start_.accepts(rest.front())) all.ec = errc::malformed_encoding;
                if (all.ec) break;
            }
            feed(rest, out, room, all);
        }
        return all;
    }

    error_code finish() override { return between_frames_ ? error_code() : make_error_code(errc::malformed_encoding); }

private:
    struct destroy {
        void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    };

    void feed(std::string_view rest, char* out, std::size_t room, step& all)
    {
        ZSTD_inBuffer from{rest.data(), rest.size(), 0};
        ZSTD_outBuffer to{out, room, all.made};
        const auto result = ZSTD_decompressStream(context_.get(), &to, &from);
        all.taken += from.pos;
        all.made = to.pos;
        if (ZSTD_isError(result)) {
            if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
            all.ec = errc::malformed_encoding;
        }
        between_frames_ = result == 0;
        if (between_frames_) start_ = {};
        holds_back_ = !between_frames_ && all.made == room;
    }

    const std::unique_ptr<ZSTD_DCtx, destroy> context_;
    frame_start start_;
    bool between_frames_ = true;
    bool holds_back_ = false; // there was no room for all that was taken
};

} // namespace

std::unique_ptr<content_decoder> make_zstd_decoder() { return std::make_unique<zstd_decoder>(); }

} // namespace afresh::http
