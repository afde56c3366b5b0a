#include "net/response_reader.hpp"

#include "core/text.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace afresh::net {
namespace http = boost::beast::http;

namespace {

constexpr unsigned most_interim_responses = 32;
constexpr std::string_view http_name = "HTTP/";
constexpr std::size_t sane_chunk_line = 20; // CR LF, a size of 64 bits, CR LF; what is longer counts as header

error_code translate(const error_code& ec)
{
    if (ec == http::error::header_limit) return errc::header_limit;
    if (ec == http::error::body_limit) return errc::body_limit;
    if (ec == http::error::partial_message) return errc::connection_lost;
    if (ec.category() == error_category()) return ec;
    return errc::malformed_http;
}

std::optional<std::chrono::seconds> parse_keep_alive(std::string_view value)
{
    // timeout=5, max=100
    while (!value.empty()) {
        const auto item = core::take_element(value);
        if (item.size() < 9 || !core::iequals(item.substr(0, 8), "timeout=")) continue;
        unsigned seconds{};
        const auto [end, bad] = std::from_chars(item.data() + 8, item.data() + item.size(), seconds);
        if (bad == std::errc() && end != item.data() + 8) return std::chrono::seconds(seconds);
    }
    return {};
}

} // namespace

// Beast's own containers are bypassed: fields and body go straight to where the caller wants them. No `override` here:
// Boost 1.90 has one more pure function, which older versions do not know.
class response_reader::parser final : public http::basic_parser<false> {
    using text = boost::beast::string_view;

public:
    parser(answer_head& head, body_text& body) : head_(head), body_(body) {}

    std::uint64_t chunk_left{};
    bool chunked{};
    bool has_chunk{};

private:
    static std::string_view view(text t) { return {t.data(), t.size()}; }

    void on_request_impl(http::verb, text, text, int, error_code&) {}

    void on_response_impl(int code, text, int http_version, error_code& ec)
    {
        version_ = static_cast<unsigned>(http_version);
        head_.status = static_cast<unsigned>(code);
        if (code < 100 || code == 101) ec = errc::malformed_http;
    }

    void on_field_impl(http::field name, text name_string, text value, error_code& ec)
    {
        if (is_header_done()) return on_trailer_field_impl(name, name_string, value, ec);
        if (name == http::field::content_length) length_fields_ += value.find(',') == text::npos ? 1 : 2;
        if (name == http::field::transfer_encoding) {
            // RFC 9112 6.1: anything else was not asked for, and HTTP/1.0 does not know it
            if (chunked || version_ < 11 || !core::iequals(view(value), "chunked")) ec = errc::malformed_http;
            chunked = true;
        }
        if (chunked && length_fields_ > 0) ec = errc::malformed_http; // RFC 9112 6.3: response splitting
        head_.fields.append(view(name_string), view(value));
    }

    void on_trailer_field_impl(http::field name, text, text, error_code& ec)
    {
        // RFC 9110 6.5.1: must not be sent. Beast refuses or ignores it, by its version.
        if (name == http::field::content_length || name == http::field::transfer_encoding) ec = errc::malformed_http;
    }

    void on_header_impl(error_code&)
    {
        // RFC 9112 6.1, 6.2: no 1xx and no 204 announces a body. Whoever sends one that does may send the body, too.
        const bool announced = chunked || content_length().value_or(0) > 0;
        const unsigned status = head_.status;
        const bool odd = announced && (status < 200 || status == 204);
        // asked now, since Beast lets a trailer change its mind
        head_.persistent = keep_alive() && !upgrade() && version_ == 11 && length_fields_ <= 1 && status != 408 && !odd;
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&)
    {
        if (length) body_.announce(*length);
    }

    std::size_t on_body_impl(text bytes, error_code&)
    {
        body_.append(view(bytes));
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t size, text, error_code&)
    {
        chunk_left = size;
        has_chunk = true;
    }

    std::size_t on_chunk_body_impl(std::uint64_t, text bytes, error_code& ec)
    {
        chunk_left -= bytes.size();
        return on_body_impl(bytes, ec);
    }

    void on_finish_impl(error_code&) {}

    answer_head& head_;
    body_text& body_;
    unsigned length_fields_{};
    unsigned version_{};
};

response_reader::response_reader(bool to_head, limits l) : to_head_(to_head), left_(l), body_(l.body) {}
response_reader::~response_reader() = default;

std::size_t response_reader::read(std::string_view bytes, error_code& ec)
{
    ec = {};
    std::size_t taken = 0;
    while (taken < bytes.size() && !is_done() && !ec) {
        const std::string_view rest = bytes.substr(taken);
        if (!plain_left_ && !parser_) {
            taken += begin(rest);
            continue;
        }
        const std::size_t n = plain_left_ ? read_plain_body(rest) : parse(rest, ec);
        taken += n;
        if (n == 0) break;
    }
    if (ec == http::error::need_more) ec = {};
    if (ec) ec = translate(ec);
    return taken;
}

// What was taken already, which is the whole header or nothing.
std::size_t response_reader::begin(std::string_view bytes)
{
    const auto plain = to_head_ ? std::nullopt : read_plain_head(bytes.substr(0, left_.header), head_);
    if (plain && plain->body <= left_.body) {
        left_.header -= plain->head;
        plain_left_ = plain->body;
        body_.announce(plain->body);
        return plain->head;
    }
    head_ = {};
    parser_ = std::make_unique<parser>(head_, body_);
    parser_->header_limit(INT32_MAX); // read_lines() counts: what Beast counts differs from one Boost to another
    parser_->body_limit(left_.body);
    parser_->skip(to_head_);
    return 0;
}

std::size_t response_reader::read_plain_body(std::string_view bytes)
{
    bytes = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(*plain_left_, bytes.size())));
    body_.append(bytes);
    *plain_left_ -= bytes.size();
    return bytes.size();
}

std::size_t response_reader::parse(std::string_view bytes, error_code& ec)
{
    const bool in_body = parser_->is_header_done() && (!parser_->chunked || parser_->chunk_left > 0);
    const std::size_t n = in_body ? parser_->put(boost::asio::buffer(bytes), ec) : read_lines(bytes, ec);
    if (!ec && parser_->is_done() && head_.status < 200) {
        odd_interim_ = odd_interim_ || !head_.persistent;
        parser_.reset();
        head_ = {};
        if (++interim_ > most_interim_responses) ec = errc::malformed_http;
    }
    return n;
}

// Of a header, or between two chunks.
std::size_t response_reader::read_lines(std::string_view rest, error_code& ec)
{
    const bool in_header = !parser_->is_header_done();
    if (!parser_->got_some() && !http_name.starts_with(rest.substr(0, http_name.size()))) ec = errc::malformed_http;
    if (ec) return 0;
    const std::size_t shown = in_header ? gate_.header(rest, ec) : gate_.chunk(rest, parser_->has_chunk, ec);
    if (ec) return 0;
    // Chunk extensions and trailers are for nobody, and there may be one at each byte of the body (RFC 9112 7.1.1).
    const std::size_t free = in_header ? 0 : sane_chunk_line;
    const auto cost = [&](std::size_t size) { return size - std::min(size, free); };
    std::size_t n = 0;
    if (shown > 0 && cost(shown) <= left_.header) {
        n = parser_->put(boost::asio::buffer(rest.substr(0, shown)), ec);
        // it saw whole lines: if it wants more, then a status line is too short or a quotation has no end
        if (n == 0 && (!ec || ec == http::error::need_more)) ec = errc::malformed_http;
        if (ec && ec != http::error::need_more) return n;
        gate_.reset();
        left_.header -= cost(n);
    }
    const bool waits = n == 0 || (in_header && !parser_->is_header_done());
    if (waits && cost(rest.size() - n) > left_.header) ec = http::error::header_limit;
    return n;
}

error_code response_reader::end()
{
    if (is_done()) return {};
    if (!parser_ || !parser_->got_some()) return errc::connection_lost;
    error_code ec;
    parser_->put_eof(ec);
    return ec ? translate(ec) : ec;
}

bool response_reader::has_head() const noexcept
{
    return plain_left_ || (parser_ && parser_->is_header_done() && head_.status >= 200);
}

bool response_reader::is_done() const noexcept
{
    return plain_left_ ? *plain_left_ == 0 : parser_ && parser_->is_done();
}

bool response_reader::keep_alive() const noexcept { return head_.persistent && !odd_interim_ && !gate_.folded(); }

std::optional<std::chrono::seconds> response_reader::keep_alive_for() const noexcept
{
    return parse_keep_alive(head_.fields.find("Keep-Alive"));
}

http_response response_reader::take()
{
    return http_response(head_.status, std::move(head_.fields), std::move(body_.text()));
}

} // namespace afresh::net
