#include "http/decoders.hpp"

#include <algorithm>

namespace afresh::http {

namespace {

constexpr std::uint64_t ratio_counts_from = 1024 * 1024; // a short body of one pattern is no bomb

class bounded_decoder final : public content_decoder {
public:
    bounded_decoder(std::unique_ptr<content_decoder> inner, decoding_limits limits)
        : inner_(std::move(inner)), limits_(limits)
    {
    }

    step decode(std::string_view in, char* out, std::size_t room) override
    {
        step all;
        while (!failed_ && all.made < room) {
            const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(limits_.most_output - made_, SIZE_MAX));
            // at the limit the body may still end: only one byte more is too many
            char beyond{};
            const bool full = left == 0;
            const auto asked = full ? 1 : std::min(room - all.made, left);
            const auto s = inner_->decode(in, full ? &beyond : out + all.made, asked);
            in.remove_prefix(s.taken);
            all.taken += s.taken;
            taken_ += s.taken;
            if (!full) all.made += s.made;
            if (!full) made_ += s.made;
            failed_ = s.ec;
            if (!failed_ && ((full && s.made > 0) || is_bomb())) failed_ = errc::body_limit;
            if (s.made < asked) break;
        }
        all.ec = failed_;
        return all;
    }

    error_code finish() override
    {
        if (!failed_) failed_ = inner_->finish();
        return failed_;
    }

private:
    bool is_bomb() const
    {
        return made_ > ratio_counts_from && made_ / std::max<std::size_t>(limits_.most_ratio, 1) > taken_;
    }

    const std::unique_ptr<content_decoder> inner_;
    const decoding_limits limits_;
    std::uint64_t taken_{};
    std::uint64_t made_{};
    error_code failed_;
};

} // namespace

std::unique_ptr<content_decoder> bound(std::unique_ptr<content_decoder> inner, decoding_limits limits)
{
    return std::make_unique<bounded_decoder>(std::move(inner), limits);
}

} // namespace afresh::http
