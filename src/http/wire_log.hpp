#pragma once
// What a log may show of a request and its answer (see http_wire_log). Pure.

#include <afresh/http_message.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace afresh::http {

// The header of a request as it is sent, in lines of "> ...". `secret_fields` on top of the usual ones.
std::string shown_request(std::string_view text, const std::vector<std::string>& secret_fields);
// The header of an answer, in lines of "< ...".
std::string shown_answer(unsigned status, const http_fields& fields, const std::vector<std::string>& secret_fields);

} // namespace afresh::http
