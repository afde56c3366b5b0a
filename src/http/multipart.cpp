#include <afresh/http_multipart.hpp>

#include "core/text.hpp"
#include "http/text_body.hpp"

#include <boost/system/system_error.hpp>

#include <afresh/error.hpp>

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace afresh {
namespace {

// Random, so that no part can contain it.
std::string make_boundary()
{
    static constexpr char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        throw boost::system::system_error(make_error_code(boost::system::errc::io_error), "no random numbers");
    std::string out = "afresh-";
    for (const unsigned char b : bytes) (out += digits[b >> 4]) += digits[b & 15];
    return out;
}

// As WHATWG HTML 4.10.21.8 has it, and browsers do: other escapes are not understood.
std::string quoted(const std::string& text)
{
    std::string out;
    for (const char c : text) {
        if (c == '"')
            out += "%22";
        else if (c == '\r')
            out += "%0D";
        else if (c == '\n')
            out += "%0A";
        else
            out += c;
    }
    return '"' + out + '"';
}

// One after another.
class joined_body final : public body_source {
public:
    explicit joined_body(std::vector<std::shared_ptr<body_source>> pieces) : pieces_(std::move(pieces)) {}

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override
    {
        for (; at_ < pieces_.size(); ++at_) {
            const std::size_t n = co_await pieces_[at_]->read_some(into);
            if (n > 0) co_return n;
        }
        co_return 0;
    }
    std::optional<std::uint64_t> size() const override
    {
        std::uint64_t all = 0;
        for (const auto& p : pieces_) {
            const auto one = p->size();
            if (!one) return std::nullopt;
            all += *one;
        }
        return all;
    }
    bool can_rewind() const override
    {
        return std::all_of(pieces_.begin(), pieces_.end(), [](const auto& p) { return p->can_rewind(); });
    }
    bool rewind() override
    {
        at_ = 0;
        return std::all_of(pieces_.begin(), pieces_.end(), [](const auto& p) { return p->rewind(); });
    }

private:
    const std::vector<std::shared_ptr<body_source>> pieces_;
    std::size_t at_{};
};

std::shared_ptr<body_source> text_body(std::string text) { return std::make_shared<http::text_body>(std::move(text)); }

} // namespace

http_multipart::http_multipart() : boundary_(make_boundary()) {}

void http_multipart::add(const std::string& name, const std::string* filename, const std::string& content_type,
                         std::shared_ptr<body_source> content)
{
    if (!core::is_field_value(content_type))
        throw boost::system::system_error(make_error_code(errc::invalid_argument), "http_multipart: content_type");
    std::string head = "--" + boundary_ + "\r\nContent-Disposition: form-data; name=" + quoted(name);
    if (filename) head += "; filename=" + quoted(*filename);
    head += "\r\n";
    if (!content_type.empty()) head += "Content-Type: " + content_type + "\r\n";
    pieces_.push_back(text_body(head + "\r\n"));
    pieces_.push_back(std::move(content));
    pieces_.push_back(text_body("\r\n"));
}

http_multipart& http_multipart::field(std::string name, std::string value) &
{
    add(name, nullptr, {}, text_body(std::move(value)));
    return *this;
}

http_multipart& http_multipart::file(std::string name, const std::string& path, std::string content_type) &
{
    return part(std::move(name), path.substr(path.rfind('/') + 1), std::move(content_type), make_file_body(path));
}

http_multipart& http_multipart::file(std::string name, std::string filename, std::string content_type,
                                     std::string content) &
{
    return part(std::move(name), std::move(filename), std::move(content_type), text_body(std::move(content)));
}

http_multipart& http_multipart::part(std::string name, std::string filename, std::string content_type,
                                     std::shared_ptr<body_source> content) &
{
    add(name, &filename, content_type, std::move(content));
    return *this;
}

std::string http_multipart::content_type() const { return "multipart/form-data; boundary=" + boundary_; }

std::shared_ptr<body_source> http_multipart::body() const
{
    auto pieces = pieces_;
    pieces.push_back(text_body("--" + boundary_ + "--\r\n"));
    return std::make_shared<joined_body>(std::move(pieces));
}

} // namespace afresh
