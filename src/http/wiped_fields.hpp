#pragma once
// Fields with credentials among them.

#include <afresh/http_message.hpp>

namespace afresh::http {

struct wiped_fields {
    http_fields fields;
    wiped_fields() = default;
    explicit wiped_fields(http_fields f) : fields(std::move(f)) {}
    wiped_fields(const wiped_fields&) = delete;
    wiped_fields& operator=(const wiped_fields&) = delete;
    ~wiped_fields() { fields.wipe(); }
};

} // namespace afresh::http
