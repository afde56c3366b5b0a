#include "http/decoders.hpp"

#include <brotli/decode.h>

#include <new>

namespace afresh::http {

namespace {

bool is_out_of_memory(BrotliDecoderErrorCode code)
{
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

// Windows larger than the 16 MiB of RFC 7932 are an extension, and off unless it is asked for.
class brotli_decoder final : public content_decoder {
public:
    brotli_decoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr))
    {
        if (!state_) throw std::bad_alloc();
    }

    step decode(std::string_view in, char* out, std::size_t room) override
    {
        started_ = started_ || !in.empty();
        if (!started_) return {};
        std::size_t given = in.size();
        std::size_t left = room;
        auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        auto* next_out = reinterpret_cast<std::uint8_t*>(out);
        const auto result = BrotliDecoderDecompressStream(state_.get(), &given, &next_in, &left, &next_out, nullptr);
        step s{in.size() - given, room - left, {}};
        if (result == BROTLI_DECODER_RESULT_ERROR) {
            if (is_out_of_memory(BrotliDecoderGetErrorCode(state_.get()))) throw std::bad_alloc();
            s.ec = errc::malformed_encoding;
        }
        if (result == BROTLI_DECODER_RESULT_SUCCESS && given > 0) s.ec = errc::malformed_encoding;
        return s;
    }

    error_code finish() override
    {
        if (!started_ || BrotliDecoderIsFinished(state_.get())) return {};
        return errc::malformed_encoding;
    }

private:
    struct destroy {
        void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
    };

    const std::unique_ptr<BrotliDecoderState, destroy> state_;
    bool started_{};
};

} // namespace

std::unique_ptr<content_decoder> make_brotli_decoder() { return std::make_unique<brotli_decoder>(); }

} // namespace afresh::http
