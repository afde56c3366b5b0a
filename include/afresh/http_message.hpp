#pragma once
/// @file
/// An HTTP request and its answer, as values. Used by the `transport` seam, `http_client` and `authorized`.

#include <afresh/export.hpp>

#include <boost/json/fwd.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace afresh {

/// A header field (RFC 9110 5).
struct http_field {
    std::string name;
    std::string value;
    http_field() = default;
    http_field(std::string n, std::string v) : name(std::move(n)), value(std::move(v)) {}
    bool operator==(const http_field&) const = default;
};

/// Header fields in the order received or to be sent. Names compare without regard to case.
class AFRESH_EXPORT http_fields {
public:
    http_fields() = default;
    /// The first value of `name`, or empty.
    std::string_view find(std::string_view name) const noexcept;
    bool contains(std::string_view name) const noexcept;
    /// All values of `name`, in order.
    std::vector<std::string_view> find_all(std::string_view name) const;
    void add(std::string name, std::string value);
    void append(std::string_view name, std::string_view value); ///< as add(), of text that is somebody else's
    /// Replaces every field of that name by one.
    void set(std::string name, std::string value);
    void erase(std::string_view name);
    void reserve(std::size_t count) { fields_.reserve(count); }
    /// Overwrites all values and removes all fields: for those that carried credentials.
    void wipe() noexcept;
    auto begin() const noexcept { return fields_.begin(); }
    auto end() const noexcept { return fields_.end(); }
    bool empty() const noexcept { return fields_.empty(); }
    std::size_t size() const noexcept { return fields_.size(); }
    bool operator==(const http_fields&) const = default;

private:
    std::vector<http_field> fields_;
};

class body_source;
class http_multipart;

/// A request. A declared constructor and chained setters, so that a temporary is safe inside `co_await` on g++ 12:
/// `co_await api.request(http_request("PUT", url).field("If-Match", etag).body(text))`.
class AFRESH_EXPORT http_request {
public:
    http_request() = default;
    http_request(std::string method, std::string url) : method_(std::move(method)), url_(std::move(url)) {}

    /// Replaces every field of that name. What frames the message (Content-Length, Transfer-Encoding, ...) is not for
    /// the caller to set.
    http_request& field(std::string name, std::string value) &
    {
        fields_.set(std::move(name), std::move(value));
        return *this;
    }
    /// Appends `name=value` to the URL's query, percent-encoded.
    http_request& query(std::string_view name, std::string_view value) &;
    http_request& body(std::string text) &
    {
        body_ = std::move(text);
        source_.reset();
        return *this;
    }
    /// A body of type application/json (RFC 8259). Build the value before the call: g++ 12 does not compile a braced
    /// one inside a `co_await`.
    http_request& json(const boost::json::value& value) &;
    /// One more field of a form (application/x-www-form-urlencoded).
    http_request& form(std::string_view name, std::string_view value) &;
    /// A body of several parts (multipart/form-data, RFC 7578).
    http_request& multipart(const http_multipart& parts) &;
    /// A body that is read while it is sent.
    http_request& body(std::shared_ptr<body_source> source) &
    {
        source_ = std::move(source);
        body_.clear();
        return *this;
    }
    /// `Expect: 100-continue` (RFC 9110 10.1.1): the body is sent when the server asks for it, or after
    /// `http_limits::expect_continue`. Done unasked for a body that cannot rewind: a token that is no longer good is
    /// then found out before anything is lost.
    http_request& expect_continue() &
    {
        expect_continue_ = true;
        return *this;
    }
    /// Instead of `http_limits::total`; zero: no limit.
    http_request& timeout(std::chrono::milliseconds total) &
    {
        timeout_ = total;
        return *this;
    }
    http_request&& field(std::string n, std::string v) && { return std::move(field(std::move(n), std::move(v))); }
    http_request&& query(std::string_view name, std::string_view value) && { return std::move(query(name, value)); }
    http_request&& body(std::string text) && { return std::move(body(std::move(text))); }
    http_request&& body(std::shared_ptr<body_source> source) && { return std::move(body(std::move(source))); }
    http_request&& json(const boost::json::value& value) && { return std::move(json(value)); }
    http_request&& form(std::string_view name, std::string_view value) && { return std::move(form(name, value)); }
    http_request&& multipart(const http_multipart& parts) && { return std::move(multipart(parts)); }
    http_request&& expect_continue() && { return std::move(expect_continue()); }
    http_request&& timeout(std::chrono::milliseconds total) && { return std::move(timeout(total)); }

    const std::string& method() const noexcept { return method_; }
    const std::string& url() const noexcept { return url_; }
    const http_fields& fields() const noexcept { return fields_; }
    http_fields& fields() noexcept { return fields_; }
    const std::string& body() const noexcept { return body_; }
    std::string& body() noexcept { return body_; }
    const std::shared_ptr<body_source>& source() const noexcept { return source_; }
    /// For the library's own parts: what a redirect makes of it.
    void follow(std::string method, std::string url, bool drop_body)
    {
        method_ = std::move(method);
        url_ = std::move(url);
        if (!drop_body) return;
        body_.clear();
        source_.reset();
    }
    std::string take_url() noexcept { return std::move(url_); } ///< For the library's own parts, too.
    bool expects_continue() const noexcept { return expect_continue_; }
    std::optional<std::chrono::milliseconds> timeout() const noexcept { return timeout_; }

private:
    std::string method_ = "GET";
    std::string url_;
    http_fields fields_;
    std::string body_;
    std::shared_ptr<body_source> source_;
    std::optional<std::chrono::milliseconds> timeout_;
    bool expect_continue_{};
};

/// An answer, body and all.
class AFRESH_EXPORT http_response {
public:
    http_response() = default;
    http_response(unsigned status, http_fields fields, std::string body)
        : status_(status), fields_(std::move(fields)), body_(std::move(body))
    {
    }

    unsigned status() const noexcept { return status_; }
    const http_fields& fields() const noexcept { return fields_; }
    /// 200 to 299.
    bool ok() const noexcept { return status_ / 100 == 2; }
    /// The body, decoded if it came with a Content-Encoding that Afresh knows. (`text()`: the same, by its other name.)
    const std::string& body() const noexcept { return body_; }
    std::string& body() noexcept { return body_; }
    const std::string& text() const noexcept { return body_; }
    std::string_view bytes() const noexcept { return body_; }
    /// The body read as JSON.
    /// @par Exceptions    `boost::system::system_error` of Boost.JSON's category: it is none.
    boost::json::value json() const;
    /// Throws when the status is 400 or more.
    /// @par Exceptions    `http_status_error`
    const http_response& raise_for_status() const;
    /// The URL that was asked last: another than the request's after redirects.
    const std::string& url() const noexcept { return url_; }
    void url(std::string u) { url_ = std::move(u); }
    /// What a 403 with `insufficient_scope` asks for (RFC 6750 3.1): scopes separated by spaces; unset: it is no such
    /// answer.
    std::optional<std::string> required_scope() const;

private:
    unsigned status_{};
    http_fields fields_;
    std::string body_;
    std::string url_;
};

} // namespace afresh
