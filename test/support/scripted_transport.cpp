#include "support/scripted_transport.hpp"

#include "support/steps.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace afresh::test {
namespace {

using kind = request_fate::kind;

// No escapes: the names in these tests need none.
std::string form_value(const std::string& body, const std::string& name)
{
    const std::string all = "&" + body + "&";
    const auto at = all.find("&" + name + "=");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 2;
    return all.substr(begin, all.find('&', begin) - begin);
}

transport_outcome json(unsigned status, std::string body)
{
    http_fields fields;
    fields.add("Content-Type", "application/json");
    return transport_outcome(http_response(status, std::move(fields), std::move(body)));
}

std::string name_of(const std::string& refresh_token)
{
    return refresh_token.empty() ? "client" : refresh_token.substr(0, refresh_token.rfind('-'));
}

} // namespace

void scripted_transport::plan(script s)
{
    std::lock_guard lock(mutex_);
    script_ = std::move(s);
}

void scripted_transport::plan_revocations(script s)
{
    std::lock_guard lock(mutex_);
    revocation_script_ = std::move(s);
}

// RFC 7009: of a refresh token, or of an access token.
asio::awaitable<transport_outcome> scripted_transport::revoke(transport_request request)
{
    const std::string token = form_value(request.request.body(), "token");
    request_fate fate;
    {
        std::lock_guard lock(mutex_);
        ++revocations_;
        if (revocation_script_) fate = revocation_script_(revocations_);
    }
    co_await steps(steps_each);
    if (fate.end == kind::throws_unsent) throw std::runtime_error("a transport that throws");
    if (fate.end == kind::not_reached) co_return transport_outcome(errc::connect_failed, false);
    co_await steps(steps_each, fate.time);
    if (fate.end == kind::cut) co_return transport_outcome(errc::connection_lost, true);
    if (fate.end == kind::refused) co_return json(400, R"({"error":"unsupported_token_type"})");
    if (fate.end == kind::unavailable || fate.end == kind::throttled) {
        http_fields fields;
        if (fate.retry_after.count() > 0) fields.add("Retry-After", std::to_string(fate.retry_after.count()));
        co_return transport_outcome(http_response(503, std::move(fields), {}));
    }
    {
        std::lock_guard lock(mutex_);
        revoked_.push_back(token);
        families_[name_of(token)].revoked = true;
    }
    if (fate.end == kind::lost) co_return transport_outcome(errc::connection_lost, true);
    co_return transport_outcome(http_response(200, {}, {}));
}

asio::awaitable<transport_outcome> scripted_transport::send(transport_request request)
{
    if (request.request.url().ends_with("/revoke")) co_return co_await revoke(std::move(request));
    const std::string name = name_of(form_value(request.request.body(), "refresh_token"));
    request_fate fate;
    {
        std::lock_guard lock(mutex_);
        ++requests_;
        if (script_) fate = script_(requests_);
    }
    co_await steps(steps_each);
    if (fate.end == kind::throws_unsent) throw std::runtime_error("a transport that throws");
    if (fate.end == kind::not_reached) co_return transport_outcome(errc::connect_failed, false);
    if (request.before_first_byte)
        if (const error_code ec = request.before_first_byte()) co_return transport_outcome(ec, false);
    {
        std::lock_guard lock(mutex_);
        ++bytes_sent_;
        family& f = families_[name];
        f.most_open = std::max(f.most_open, ++f.open);
    }
    co_await steps(steps_each, fate.time);
    transport_outcome outcome;
    {
        std::lock_guard lock(mutex_);
        --families_[name].open;
        if (fate.end == kind::refused) outcome = json(400, R"({"error":"invalid_grant"})");
        if (fate.end == kind::unavailable) outcome = transport_outcome(http_response(503, {}, "try later"));
        if (fate.end == kind::throttled) {
            http_fields fields;
            fields.add("Retry-After", std::to_string(fate.retry_after.count()));
            outcome = transport_outcome(http_response(429, std::move(fields), {}));
        }
        if (fate.end == kind::answered || fate.end == kind::lost || fate.end == kind::throws_sent)
            outcome = serve(request);
        if (fate.end == kind::answered)
            families_[name].delivered = name + '-' + std::to_string(families_[name].current);
    }
    if (fate.end == kind::throws_sent) throw 1;
    if (fate.end == kind::lost || fate.end == kind::cut) outcome = transport_outcome(errc::connection_lost, true);
    co_return outcome;
}

transport_outcome scripted_transport::serve(const transport_request& request)
{
    const std::string token = form_value(request.request.body(), "refresh_token");
    family& f = families_[name_of(token)];
    ++f.requests;
    if (!token.empty()) {
        const auto number = static_cast<unsigned>(std::stoul(token.substr(token.rfind('-') + 1)));
        const bool again = grace && number + 1 == f.current;
        if (f.revoked) return json(400, R"({"error":"invalid_grant"})");
        if (number != f.current && !again) {
            ++f.reuses;
            return json(400, R"({"error":"invalid_grant"})");
        }
        f.current = number;
    }
    ++f.generations;
    const std::string resource = form_value(request.request.body(), "resource");
    const std::string scope = form_value(request.request.body(), "scope");
    std::string wanted;
    if (names_audiences)
        wanted = (resource.empty() ? "" : "-for-" + resource) + (scope.empty() ? "" : "-with-" + scope);
    std::replace(wanted.begin(), wanted.end(), '%', '.'); // they are percent-encoded
    std::string body = R"({"token_type":"Bearer","access_token":")" + name_of(token) + "-at-" +
                       std::to_string(f.generations) + wanted + R"(","expires_in":)" + std::to_string(lifetime.count());
    if (!token.empty()) body += R"(,"refresh_token":")" + name_of(token) + '-' + std::to_string(++f.current) + '"';
    if (refresh_lifetime.count() > 0)
        body += R"(,"refresh_token_expires_in":)" + std::to_string(refresh_lifetime.count());
    return json(200, body + '}');
}

scripted_transport::family scripted_transport::seen(const std::string& name) const
{
    std::lock_guard lock(mutex_);
    const auto found = families_.find(name);
    return found == families_.end() ? family() : found->second;
}

std::string scripted_transport::current(const std::string& name) const
{
    return name + '-' + std::to_string(seen(name).current);
}

std::vector<std::string> scripted_transport::revoked() const
{
    std::lock_guard lock(mutex_);
    return revoked_;
}

unsigned scripted_transport::requests() const
{
    std::lock_guard lock(mutex_);
    return requests_;
}

unsigned scripted_transport::bytes_sent() const
{
    std::lock_guard lock(mutex_);
    return bytes_sent_;
}

} // namespace afresh::test
