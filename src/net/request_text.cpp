#include "net/request_text.hpp"

#include "core/text.hpp"

#include <afresh/http_body.hpp>

#include <string.h>

#include <algorithm>

namespace afresh::net {

namespace {

constexpr std::size_t small_body = 16 * 1024; // one write instead of two is worth a copy of this

bool is_target(std::string_view target)
{
    return target.starts_with('/') &&
           std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// The framing is ours, and so is the connection; a second opinion about either is how requests are smuggled (RFC
// 9112 11.2).
bool is_ours(const http_field& f)
{
    static constexpr std::string_view names[] = {"host",    "content-length",   "transfer-encoding", "te",
                                                 "trailer", "proxy-connection", "keep-alive",        "upgrade",
                                                 "expect",  "http2-settings"};
    if (core::iequals(f.name, "connection")) return !core::iequals(f.value, "close");
    return std::any_of(std::begin(names), std::end(names), [&](auto n) { return core::iequals(f.name, n); });
}

bool is_sendable(const http_fields& fields)
{
    return std::all_of(fields.begin(), fields.end(), [](const http_field& f) {
        return core::is_http_token(f.name) && core::is_field_value(f.value) && !is_ours(f);
    });
}

bool is_sendable(const http_request& request, const core::url_parts& to)
{
    if (!core::is_http_token(request.method()) || request.method() == "CONNECT" || !is_target(to.target)) return false;
    const std::string_view host = to.authority();
    if (host.empty() || !core::is_field_value(host) || host.find(' ') != std::string_view::npos) return false;
    return is_sendable(request.fields());
}

// RFC 9110 8.6: always where a body is expected, never where none is and none was given.
bool needs_length(const http_request& request)
{
    const auto& m = request.method();
    return request.source() || !request.body().empty() || m == "POST" || m == "PUT" || m == "PATCH";
}

} // namespace

request_text::~request_text() { explicit_bzero(text_.data(), text_.size()); }

result<request_text> make_request_text(const http_request& request, const core::url_parts& to,
                                       const request_text_options& o)
{
    static const http_fields none;
    const http_fields& more = o.more ? *o.more : none;
    // what is ours is well-named, but a token is what some server said
    const bool more_ok =
        std::all_of(more.begin(), more.end(), [](const auto& f) { return core::is_field_value(f.value); });
    if (!more_ok || !is_sendable(request, to) || !core::is_field_value(o.upgrade))
        return make_error_code(errc::invalid_argument);
    const auto host = to.authority();
    const bool body_inside = !request.source() && request.body().size() <= small_body && !o.expect_continue;
    std::size_t size = 256 + request.method().size() + to.target.size() + 2 * host.size() + o.accept_encoding.size() +
                       o.upgrade.size() + (body_inside ? request.body().size() : 0);
    for (const http_fields* fields : {&request.fields(), &more})
        for (const auto& f : *fields) size += f.name.size() + f.value.size() + 4;

    std::string out;
    out.reserve(size); // enough, so that no half-written copy is left behind in freed memory
    const auto line = [&out](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    out.append(request.method()).append(" ");
    if (o.form == target_form::absolute) out.append(to.origin);
    out.append(to.target).append(" HTTP/1.1\r\n");
    line("Host", host);
    if (!request.fields().contains("User-Agent")) line("User-Agent", "afresh/" AFRESH_VERSION);
    if (!o.accept_encoding.empty() && !request.fields().contains("Accept-Encoding"))
        line("Accept-Encoding", o.accept_encoding);
    for (const auto& f : request.fields())
        if (more.empty() || !more.contains(f.name)) line(f.name, f.value);
    for (const auto& f : more) line(f.name, f.value);
    const auto length = request.source() ? request.source()->size() : request.body().size();
    if (!length)
        line("Transfer-Encoding", "chunked");
    else if (needs_length(request))
        line("Content-Length", std::to_string(*length));
    if (o.expect_continue) line("Expect", "100-continue");
    if (!o.upgrade.empty()) {
        line("Connection", "Upgrade");
        line("Upgrade", o.upgrade);
    }
    if (o.then == after_response::close && !request.fields().contains("Connection")) line("Connection", "close");
    out.append("\r\n");
    if (body_inside) out.append(request.body());
    const std::string_view rest = body_inside ? std::string_view() : std::string_view(request.body());
    return request_text(std::move(out), rest, o.expect_continue);
}

} // namespace afresh::net
