#pragma once
// What the gateway itself has to say to whoever asked (RFC 9457).

#include "cli/gateway/inbound.hpp"

#include <boost/system/system_error.hpp>

#include <string>
#include <utility>

namespace afresh::cli {

struct refusal {
    refusal(unsigned s, std::string w) : status(s), why(std::move(w)) {}
    unsigned status;
    std::string why;
};
// Of a token, or of a request to an API, that failed.
refusal refusal_of(const boost::system::system_error& e);
asio::awaitable<void> answer_refusal(inbound& in, refusal r);

} // namespace afresh::cli
