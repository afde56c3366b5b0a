#include "cli/gateway/refusal.hpp"

#include "cli/gateway/forwarding.hpp"
#include "cli/show/status_text.hpp"

#include <afresh/error.hpp>

#include <utility>

namespace afresh::cli {
namespace {

// Whose fault it is, in the words of RFC 9110 15.6.
unsigned status_for(const error_code& ec)
{
    if (ec == condition::sign_in || ec == condition::misconfigured) return 502;
    if (ec.category() != error_category()) return 502;
    switch (static_cast<errc>(ec.value())) {
    case errc::temporarily_unavailable:
    case errc::wait_timed_out:
    case errc::malformed_response:
    case errc::store_failed:
    case errc::pool_timed_out:
    case errc::closed: return 503;
    case errc::connect_timed_out:
    case errc::tls_timed_out:
    case errc::first_byte_timed_out:
    case errc::body_timed_out:
    case errc::total_timed_out: return 504;
    case errc::invalid_argument:
    case errc::body_failed: return 400;
    default: return 502;
    }
}

const char* title_of(unsigned status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 421: return "Misdirected Request";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Bad Gateway";
    }
}

} // namespace

refusal refusal_of(const boost::system::system_error& e) { return {status_for(e.code()), words_of(e)}; }

asio::awaitable<void> answer_refusal(inbound& in, refusal r)
{
    http_fields fields;
    fields.add("Content-Type", "application/problem+json");
    fields.add("Cache-Control", "no-store");
    if (r.status == 503) fields.add("Retry-After", "1");
    std::string body = problem(r.status, title_of(r.status), r.why);
    co_await in.answer(r.status, std::move(fields), std::move(body));
}

} // namespace afresh::cli
