#pragma once
/// @file
/// An HTTP request and its answer, as values. Used by the `transport` seam, `http_client` and `authorized`.

#include <afresh/export.hpp>

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
    /// Replaces every field of that name by one.
    void set(std::string name, std::string value);
    void erase(std::string_view name);
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

/// A request. A declared constructor and chained setters, so that a temporary is safe inside `co_await` on g++ 12:
/// `co_await api.request(http_request("PUT", url).field("If-Match", etag).body(text))`.
class http_request {
public:
    http_request() = default;
    http_request(std::string method, std::string url) : method_(std::move(method)), url_(std::move(url)) {}

    http_request& field(std::string name, std::string value) &
    {
        fields_.set(std::move(name), std::move(value));
        return *this;
    }
    http_request&& field(std::string name, std::string value) &&
    {
        return std::move(field(std::move(name), std::move(value)));
    }
    http_request& body(std::string text) &
    {
        body_ = std::move(text);
        return *this;
    }
    http_request&& body(std::string text) && { return std::move(body(std::move(text))); }

    const std::string& method() const noexcept { return method_; }
    const std::string& url() const noexcept { return url_; }
    const http_fields& fields() const noexcept { return fields_; }
    http_fields& fields() noexcept { return fields_; }
    const std::string& body() const noexcept { return body_; }
    std::string& body() noexcept { return body_; }

private:
    std::string method_ = "GET";
    std::string url_;
    http_fields fields_;
    std::string body_;
};

/// An answer, body and all.
class http_response {
public:
    http_response() = default;
    http_response(unsigned status, http_fields fields, std::string body)
        : status_(status), fields_(std::move(fields)), body_(std::move(body))
    {
    }

    unsigned status() const noexcept { return status_; }
    const http_fields& fields() const noexcept { return fields_; }
    const std::string& body() const noexcept { return body_; }
    std::string& body() noexcept { return body_; }

private:
    unsigned status_{};
    http_fields fields_;
    std::string body_;
};

} // namespace afresh
