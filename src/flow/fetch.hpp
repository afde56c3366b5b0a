#pragma once
// One request of a sign-in to the server, by the transport that token requests use, too.

#include <afresh/http_message.hpp>
#include <afresh/transport.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace afresh::detail {

namespace asio = boost::asio;

// Errors are in the outcome, and also what a transport of the user's throws.
asio::awaitable<transport_outcome> ask(transport& t, http_request request);
http_request get_json(std::string url);
// Why an outcome is no success, in words: of the network, or the status.
std::string text_of(const transport_outcome& outcome);

} // namespace afresh::detail
