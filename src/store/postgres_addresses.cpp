#include "store/postgres_addresses.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace afresh::store {
namespace {

struct free_options {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using option_list = std::unique_ptr<PQconninfoOption, free_options>;

std::string find(const option_list& options, std::string_view keyword)
{
    for (const PQconninfoOption* o = options.get(); o && o->keyword; ++o)
        if (o->keyword == keyword && o->val) return o->val;
    return {};
}

// "a,b": libpq's lists. Empty: none.
std::vector<std::string> split(const std::string& list)
{
    std::vector<std::string> parts;
    if (list.empty()) return parts;
    std::size_t from = 0;
    for (std::size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',', from)) {
        parts.push_back(list.substr(from, comma - from));
        from = comma + 1;
    }
    parts.push_back(list.substr(from));
    return parts;
}

bool is_path(std::string_view host) { return host.starts_with('/') || host.starts_with('@'); }

} // namespace

std::vector<postgres_address> parse_hosts(const std::string& conninfo)
{
    char* problem = nullptr;
    const option_list given(PQconninfoParse(conninfo.c_str(), &problem));
    const std::unique_ptr<char, decltype(&PQfreemem)> text(problem, &PQfreemem); // may repeat a password: never shown
    if (!given) throw std::invalid_argument("conninfo: is neither a connection string nor a URL of PostgreSQL");
    const option_list defaults(PQconndefaults());
    const auto known = [&](std::string_view keyword) {
        std::string value = find(given, keyword);
        return value.empty() ? find(defaults, keyword) : value;
    };
    if (!known("service").empty()) return {postgres_address()};
    const std::vector<std::string> hosts = split(known("host"));
    const std::vector<std::string> addresses = split(known("hostaddr"));
    const std::vector<std::string> ports = split(known("port"));
    const std::size_t count = std::max<std::size_t>({hosts.size(), addresses.size(), 1});
    const bool fits = (hosts.empty() || addresses.empty() || hosts.size() == addresses.size()) &&
                      (ports.size() <= 1 || ports.size() == count);
    if (!fits) throw std::invalid_argument("conninfo: its lists of hosts, addresses and ports differ in length");
    std::vector<postgres_address> result(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (!hosts.empty()) result[i].host = hosts[i];
        if (!addresses.empty()) result[i].hostaddr = addresses[i];
        if (!ports.empty()) result[i].port = ports.size() == 1 ? ports[0] : ports[i];
    }
    return result;
}

asio::awaitable<std::vector<postgres_address>> resolve(postgres_address named,
                                                       postgres_connection::clock::time_point until)
{
    std::vector<postgres_address> found;
    if (named.host.empty() || is_path(named.host) || !named.hostaddr.empty()) {
        found.push_back(std::move(named));
        co_return found;
    }
    const auto executor = co_await asio::this_coro::executor;
    const auto resolver = std::make_shared<asio::ip::tcp::resolver>(executor);
    asio::steady_timer limit(executor, until);
    limit.async_wait([weak = std::weak_ptr(resolver)](boost::system::error_code ec) {
        if (const auto r = weak.lock(); r && !ec) r->cancel();
    });
    const auto flags = asio::ip::resolver_base::numeric_service;
    const auto [ec, results] =
        co_await resolver->async_resolve(named.host, "1", flags, asio::as_tuple(asio::use_awaitable));
    limit.cancel();
    if (ec == asio::error::operation_aborted)
        throw postgres_failure("the name " + named.host + " could not be looked up in time");
    if (ec) throw postgres_failure("the name " + named.host + " could not be looked up: " + ec.message());
    for (const auto& r : results) {
        found.push_back(named);
        found.back().hostaddr = r.endpoint().address().to_string();
    }
    co_return found;
}

} // namespace afresh::store
