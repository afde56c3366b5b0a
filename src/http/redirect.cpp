#include "http/redirect.hpp"

#include "core/text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace afresh::http {
namespace {

namespace urls = boost::urls;

// RFC 3986 5. A fragment stays here, so it is of no interest. Empty: no URL to go to.
std::string resolved(const std::string& base, std::string_view location)
{
    const auto from = urls::parse_uri(base);
    const auto reference = urls::parse_uri_reference({location.data(), location.size()});
    if (!from || !reference) return {};
    urls::url out;
    if (!urls::resolve(*from, *reference, out)) return {};
    out.remove_fragment();
    return std::string(out.buffer().data(), out.buffer().size());
}

std::string method_after(std::string_view method, unsigned status)
{
    if (status == 303 && method != "HEAD") return "GET";
    if ((status == 301 || status == 302) && method == "POST") return "GET";
    return std::string(method);
}

bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

} // namespace

std::optional<redirection> redirect_of(std::string_view method, const std::string& url, unsigned status,
                                       const http_fields& answer, const redirect_rules& rules)
{
    if (rules.most == 0 || !is_redirect(status)) return std::nullopt;
    const bool safe = method == "GET" || method == "HEAD";
    if (!safe && !rules.any_method && status != 303) return std::nullopt;
    const auto locations = answer.find_all("Location");
    if (locations.size() != 1 || locations.front().empty()) return std::nullopt;

    redirection r;
    r.url = resolved(url, locations.front());
    const auto from = core::parse_url(url);
    auto to = core::parse_url(r.url); // refuses user information, other schemes, and what no URL may contain
    if (!from || !to) return std::nullopt;
    if (from->is_https() && !to->is_https()) return std::nullopt;
    r.to = std::move(*to);
    r.method = method_after(method, status);
    r.drops_body = r.method != method;
    r.leaves_origin = from->origin != r.to.origin;
    return r;
}

void adapt(http_fields& request, const redirection& r, const redirect_rules& rules)
{
    if (r.leaves_origin) {
        for (const char* name : {"Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "WWW-Authenticate"})
            request.erase(name);
        for (const std::string& name : rules.secret_fields) request.erase(name);
    }
    if (!r.drops_body) return;
    for (const char* name : {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Digest",
                             "Content-Digest", "Repr-Digest", "Last-Modified"})
        request.erase(name);
}

} // namespace afresh::http
