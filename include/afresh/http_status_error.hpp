#pragma once
/// @file
/// An answer that was to be a success and is none, as an exception.

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>

#include <boost/system/system_error.hpp>

namespace afresh {

/// Thrown by `http_response::raise_for_status()`; its code is errc::bad_status.
class AFRESH_EXPORT http_status_error : public boost::system::system_error {
public:
    explicit http_status_error(http_response response);
    const http_response& response() const noexcept { return response_; }

private:
    http_response response_;
};

} // namespace afresh
