// The exposition format of Prometheus, version 0.0.4.
#include "core/url.hpp"

#include <afresh/http_metrics.hpp>

#include <algorithm>
#include <cstdio>

namespace afresh {
namespace {

std::string number(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}

// RFC 6454 origins need no escaping, and neither do methods; an error's name may come from somebody else's category.
std::string escaped(const std::string& text)
{
    std::string out;
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else if (c == '"' || c == '\\')
            (out += '\\') += c;
        else
            out += c;
    }
    return out;
}

std::string server(const std::string& origin)
{
    const auto url = core::parse_url(origin);
    if (!url) return "server_address=\"" + escaped(origin) + '"';
    std::string labels("server_address=\"");
    labels.append(url->host()).append("\",server_port=\"").append(std::to_string(url->port));
    labels.append("\",url_scheme=\"").append(url->scheme()).append("\"");
    return labels;
}

void header(std::string& out, const std::string& name, const char* type, const char* help)
{
    out += "# HELP " + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

void sample(std::string& out, const std::string& name, const std::string& labels, const std::string& value)
{
    out += name + '{' + labels + "} " + value + '\n';
}

void samples(std::string& out, const std::string& name, const std::string& labels, const http_histogram& h)
{
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < h.buckets.size(); ++i) {
        below += h.buckets[i];
        const std::string bound = i < h.bounds.size() ? number(h.bounds[i]) : "+Inf";
        sample(out, name + "_bucket", labels + ",le=\"" + bound + '"', std::to_string(below));
    }
    sample(out, name + "_sum", labels, number(h.sum));
    sample(out, name + "_count", labels, std::to_string(h.count));
}

} // namespace

void http_histogram::record(double seconds) noexcept
{
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
    ++buckets[static_cast<std::size_t>(bucket)];
    ++count;
    sum += seconds;
}

std::string prometheus_text(const http_metrics& metrics)
{
    using origin = http_origin_metrics;
    std::string out;
    const std::string duration = "http_client_request_duration_seconds";
    header(out, duration, "histogram", "From a request's first byte to the header of its answer.");
    for (const origin& o : metrics.origins)
        for (const auto& r : o.requests) {
            const std::string how = r.status ? ",http_response_status_code=\"" + std::to_string(r.status) + '"'
                                             : ",error_type=\"" + escaped(r.error) + '"';
            samples(out, duration, server(o.origin) + ",http_request_method=\"" + r.method + '"' + how, r.duration);
        }
    const std::string open = "http_client_open_connections";
    header(out, open, "gauge", "Connections now.");
    for (const origin& o : metrics.origins) {
        sample(out, open, server(o.origin) + ",http_connection_state=\"active\"", std::to_string(o.active));
        sample(out, open, server(o.origin) + ",http_connection_state=\"idle\"", std::to_string(o.idle));
    }
    const std::string connect = "afresh_http_client_connect_duration_seconds";
    header(out, connect, "histogram", "Name lookup, TCP, proxy and TLS.");
    for (const origin& o : metrics.origins) samples(out, connect, server(o.origin), o.connect);

    const auto all = [&](const char* name, const char* type, const char* help, auto member) {
        header(out, name, type, help);
        for (const origin& o : metrics.origins) sample(out, name, server(o.origin), std::to_string(o.*member));
    };
    all("afresh_http_client_waiting_calls", "gauge", "Calls that wait for a connection.", &origin::waiting);
    all("afresh_http_client_connections_opened_total", "counter", "Connections made.", &origin::opened);
    all("afresh_http_client_connections_failed_total", "counter", "Attempts that failed.", &origin::failed);
    all("afresh_http_client_connections_reused_total", "counter", "Times a kept connection served again.",
        &origin::reused);
    all("afresh_http_client_redirects_total", "counter", "Redirects followed.", &origin::redirects);
    all("afresh_http_client_retries_total", "counter", "Requests sent again by the retry policy.", &origin::retries);
    all("afresh_http_client_replays_total", "counter", "Requests sent again with another token.", &origin::replays);
    return out;
}

} // namespace afresh
