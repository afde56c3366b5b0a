// What the values of a request and an answer can do beyond holding them.

#include "core/challenge.hpp"
#include "core/text.hpp"

#include <afresh/http_multipart.hpp>
#include <afresh/http_status_error.hpp>

#include <boost/json.hpp>
#include <boost/system/system_error.hpp>

namespace afresh {
namespace json = boost::json;

http_request& http_request::query(std::string_view name, std::string_view value) &
{
    std::string pair;
    core::append_form_encoded(pair, name);
    pair += '=';
    core::append_form_encoded(pair, value);
    const auto fragment = std::min(url_.find('#'), url_.size());
    const auto begin = url_.find('?');
    const bool first = begin == std::string::npos || begin > fragment;
    const bool after_mark = !first && (begin + 1 == fragment || url_[fragment - 1] == '&');
    url_.insert(fragment, (first ? "?" : after_mark ? "" : "&") + pair);
    return *this;
}

http_request& http_request::json(const json::value& value) &
{
    body(json::serialize(value));
    return field("Content-Type", "application/json");
}

http_request& http_request::form(std::string_view name, std::string_view value) &
{
    source_.reset();
    if (!body_.empty()) body_ += '&';
    core::append_form_encoded(body_, name);
    body_ += '=';
    core::append_form_encoded(body_, value);
    return field("Content-Type", "application/x-www-form-urlencoded");
}

http_request& http_request::multipart(const http_multipart& parts) &
{
    body(parts.body());
    return field("Content-Type", parts.content_type());
}

json::value http_response::json() const
{
    boost::system::error_code ec;
    json::value value = json::parse(body_, ec);
    if (ec) throw boost::system::system_error(ec, "the answer's body is no JSON");
    return value;
}

const http_response& http_response::raise_for_status() const
{
    if (status_ >= 400) throw http_status_error(*this);
    return *this;
}

std::optional<std::string> http_response::required_scope() const
{
    if (status_ != 403) return std::nullopt;
    for (const core::challenge& c : core::parse_challenges(fields_)) {
        const std::string* const error = c.find("error");
        if (!error || *error != "insufficient_scope") continue;
        const std::string* const scope = c.find("scope");
        return scope ? *scope : std::string();
    }
    return std::nullopt;
}

http_status_error::http_status_error(http_response response)
    : system_error(make_error_code(errc::bad_status), "HTTP status " + std::to_string(response.status())),
      response_(std::move(response))
{
}

} // namespace afresh
