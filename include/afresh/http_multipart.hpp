#pragma once
/// @file
/// Bodies of several parts (multipart/form-data, RFC 7578).

#include <afresh/export.hpp>
#include <afresh/http_body.hpp>

#include <memory>
#include <string>
#include <vector>

namespace afresh {

/// A form with files: `http_request("POST", url).multipart(http_multipart().field("title", t).file("image", path))`.
/// A body of known size if all parts have one, and able to rewind if all of them are.
class AFRESH_EXPORT http_multipart {
public:
    http_multipart();
    http_multipart& field(std::string name, std::string value) &;
    /// A regular file, under its own name.
    /// @par Exceptions    `boost::system::system_error`: it cannot be opened.
    http_multipart& file(std::string name, const std::string& path,
                         std::string content_type = "application/octet-stream") &;
    /// What is in memory, as a file.
    http_multipart& file(std::string name, std::string filename, std::string content_type, std::string content) &;
    http_multipart& part(std::string name, std::string filename, std::string content_type,
                         std::shared_ptr<body_source> content) &;
    http_multipart&& field(std::string name, std::string value) &&
    {
        return std::move(field(std::move(name), std::move(value)));
    }
    http_multipart&& file(std::string name, const std::string& path,
                          std::string content_type = "application/octet-stream") &&
    {
        return std::move(file(std::move(name), path, std::move(content_type)));
    }
    http_multipart&& file(std::string name, std::string filename, std::string content_type, std::string content) &&
    {
        return std::move(file(std::move(name), std::move(filename), std::move(content_type), std::move(content)));
    }
    http_multipart&& part(std::string name, std::string filename, std::string content_type,
                          std::shared_ptr<body_source> content) &&
    {
        return std::move(part(std::move(name), std::move(filename), std::move(content_type), std::move(content)));
    }

    /// For the Content-Type field, with the boundary.
    std::string content_type() const;
    /// The body as it is now; later parts do not change it. Sources are shared: one request at a time.
    std::shared_ptr<body_source> body() const;

private:
    void add(const std::string& name, const std::string* filename, const std::string& content_type,
             std::shared_ptr<body_source> content);

    std::string boundary_;
    std::vector<std::shared_ptr<body_source>> pieces_;
};

} // namespace afresh
