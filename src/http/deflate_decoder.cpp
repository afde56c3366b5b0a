#include "http/decoders.hpp"
#include "http/inflater.hpp"

#include <optional>

namespace afresh::http {

namespace {

// RFC 1950 2.2: method 8, window of 32 KiB at most, and a multiple of 31. As raw deflate this would begin with a stored
// block in whose padding a bit is set, which no encoder does.
bool is_zlib_header(char first, char second)
{
    const unsigned a = static_cast<unsigned char>(first);
    const unsigned b = static_cast<unsigned char>(second);
    return (a & 0x0f) == 8 && (a >> 4) <= 7 && (a * 256 + b) % 31 == 0;
}

class deflate_decoder final : public content_decoder {
public:
    step decode(std::string_view in, char* out, std::size_t room) override
    {
        step all;
        if (!inflater_) {
            if (!first_ && !in.empty()) {
                first_ = in.front();
                in.remove_prefix(1);
                all.taken = 1;
            }
            if (in.empty()) return all;
            inflater_.emplace(is_zlib_header(*first_, in.front()) ? inflater::format::zlib : inflater::format::raw);
            // zlib keeps a single byte: no symbol of either format is complete with it
            all.ec = inflater_->run(std::string_view(&*first_, 1), out, room).ec;
            if (all.ec) return all;
        }
        const auto s = inflater_->run(in, out, room);
        all.taken += s.taken;
        all.made = s.made;
        all.ec = s.ec;
        if (!all.ec && inflater_->has_ended() && s.taken < in.size()) all.ec = errc::malformed_encoding;
        return all;
    }

    error_code finish() override
    {
        if (!first_ || (inflater_ && inflater_->has_ended())) return {};
        return errc::malformed_encoding;
    }

private:
    std::optional<char> first_; // the first two bytes say which format it is
    std::optional<inflater> inflater_;
};

} // namespace

std::unique_ptr<content_decoder> make_deflate_decoder() { return std::make_unique<deflate_decoder>(); }

} // namespace afresh::http
