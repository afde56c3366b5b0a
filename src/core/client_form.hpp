#pragma once
// What all forms have in common that a client posts to its authorization server: who it is (RFC 6749 2.3.1).

#include <afresh/client_registration.hpp>
#include <afresh/http_message.hpp>

#include <string>
#include <string_view>

namespace afresh::core {

http_request form_post(const std::string& url);
void append_pair(std::string& form, std::string_view name, std::string_view value);
// Room to reserve for a form with `raw` characters besides the client's own: enough for every one to be escaped, because
// a string that grows leaves copies of the secrets in it behind.
std::size_t form_room(const client_registration& registration, std::size_t raw);
// Puts the client's credentials into the form or into the header. `assertion`: of a client that proves itself by one.
void authenticate(http_request& request, std::string& form, const client_registration& registration,
                  const secret_string& assertion);

} // namespace afresh::core
