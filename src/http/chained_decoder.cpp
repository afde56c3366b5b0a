#include "http/decoders.hpp"

#include <afresh/secret_string.hpp>

namespace afresh::http {

namespace {

class chained_decoder final : public content_decoder {
public:
    chained_decoder(std::unique_ptr<content_decoder> first, std::unique_ptr<content_decoder> then)
        : first_(std::move(first)), then_(std::move(then))
    {
    }
    ~chained_decoder() override { wipe(buffer_); }

    step decode(std::string_view in, char* out, std::size_t room) override
    {
        step all;
        for (;;) {
            // even with nothing between: it may hold back what there was no room for
            const auto s = then_->decode(between_, out + all.made, room - all.made);
            between_.remove_prefix(s.taken);
            all.made += s.made;
            all.ec = s.ec;
            if (all.ec || all.made == room) return all;

            const auto f = first_->decode(in, buffer_.data(), buffer_.size());
            between_ = std::string_view(buffer_).substr(0, f.made);
            in.remove_prefix(f.taken);
            all.taken += f.taken;
            all.ec = f.ec;
            if (all.ec || f.made == 0) return all;
        }
    }

    error_code finish() override
    {
        const auto ec = first_->finish();
        return ec ? ec : then_->finish();
    }

private:
    const std::unique_ptr<content_decoder> first_;
    const std::unique_ptr<content_decoder> then_;
    std::string buffer_ = std::string(16 * 1024, '\0');
    std::string_view between_; // what of the buffer `then_` has not taken
};

} // namespace

std::unique_ptr<content_decoder> chain(std::unique_ptr<content_decoder> first, std::unique_ptr<content_decoder> then)
{
    return std::make_unique<chained_decoder>(std::move(first), std::move(then));
}

} // namespace afresh::http
