#include "http/decoders.hpp"
#include "http/inflater.hpp"

#include <algorithm>

namespace afresh::http {

namespace {

class gzip_decoder final : public content_decoder {
public:
    step decode(std::string_view in, char* out, std::size_t room) override
    {
        step all;
        while (!all.ec) {
            const auto rest = in.substr(all.taken);
            if (where_ != place::in_member) {
                if (rest.empty()) break;
                if (where_ == place::behind_member && rest.front() == '\0') where_ = place::in_padding;
            }
            if (where_ == place::in_padding) {
                const auto zeros = std::min(rest.find_first_not_of('\0'), rest.size());
                all.taken += zeros;
                if (zeros < rest.size()) all.ec = errc::malformed_encoding;
                break;
            }
            if (where_ == place::behind_member) inflater_.restart();
            where_ = place::in_member;

            const auto s = inflater_.run(rest, out + all.made, room - all.made);
            all.taken += s.taken;
            all.made += s.made;
            all.ec = s.ec;
            if (!inflater_.has_ended()) break;
            where_ = place::behind_member;
        }
        return all;
    }

    error_code finish() override
    {
        return where_ == place::in_member ? make_error_code(errc::malformed_encoding) : error_code();
    }

private:
    enum class place { before_any, in_member, behind_member, in_padding };

    inflater inflater_{inflater::format::gzip};
    place where_ = place::before_any;
};

} // namespace

std::unique_ptr<content_decoder> make_gzip_decoder() { return std::make_unique<gzip_decoder>(); }

} // namespace afresh::http
