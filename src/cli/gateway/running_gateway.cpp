#include "cli/gateway/running_gateway.hpp"

#include "cli/config/setup.hpp"
#include "cli/gateway/admin.hpp"
#include "cli/gateway/notify.hpp"
#include "cli/gateway/oidc_agent.hpp"
#include "cli/gateway/refusal.hpp"
#include "cli/gateway/token_server.hpp"
#include "cli/gateway/token_watch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace afresh::cli {
namespace {

constexpr std::chrono::seconds drained_within(30);

void require_local(const std::string& address, bool unsafe)
{
    if (unsafe || parse_listen_address(address).is_local) return;
    throw configuration_error(
        "gateway: listen " + address +
        " can be reached from other machines, which would use your tokens; listen on loopback or a "
        "UNIX socket, or write \"unsafe_listen\": true");
}

// What keeps a listener apart from others: its address, and how many threads it has; but port 0 is another port each time.
std::string place_of(const gateway_settings& g, const route_settings& r)
{
    return r.listen.ends_with(":0") ? r.listen + " " + std::to_string(&r - g.routes.data()) : r.listen;
}
std::string status_place(const gateway_settings& g) { return g.status + " status"; }
std::string tokens_place(const gateway_settings& g) { return g.tokens + " tokens"; }

struct wanted_place {
    wanted_place(std::string n, std::string a, bool all)
        : name(std::move(n)), address(std::move(a)), for_all_threads(all)
    {
    }
    std::string name, address;
    bool for_all_threads; // operators and scripts are few: the first thread has the state that they ask for
};

std::vector<wanted_place> places_of(const gateway_settings& g)
{
    std::vector<wanted_place> all;
    for (const route_settings& r : g.routes) all.emplace_back(place_of(g, r), r.listen, true);
    if (!g.status.empty()) all.emplace_back(status_place(g), g.status, false);
    if (!g.tokens.empty()) all.emplace_back(tokens_place(g), g.tokens, false);
    return all;
}

void check(const configuration& all)
{
    const gateway_settings& g = all.gateway;
    if (g.routes.empty() && g.tokens.empty())
        throw configuration_error(all.path + ": has no gateway with routes; see docs/gateway.md");
    std::set<std::string> addresses;
    for (const wanted_place& p : places_of(g)) {
        require_local(p.address, g.unsafe_listen);
        if (!addresses.insert(p.address).second && !p.address.ends_with(":0"))
            throw configuration_error(all.path + ": gateway: " + p.address + " is listened on for two purposes");
    }
}

// Of a UNIX socket that others may open: who is it? True: they were answered.
asio::awaitable<bool> refuse_strangers(std::shared_ptr<inbound> in, std::shared_ptr<const allowed_users> others,
                                       const event_log& log)
{
    const ::uid_t user = user_at(in->socket().native_handle());
    if (others->contains(user)) co_return false;
    log.warning("caller refused", {{"uid", std::to_string(user)}, {"why", "is not among allow_users"}});
    if (!co_await in->read_header()) co_return true;
    co_await answer_refusal(*in, refusal(403, "user " + std::to_string(user) + " is not among allow_users"));
    if (in->has_body()) co_await in->linger();
    co_return true;
}

} // namespace

running_gateway::running_gateway(asio::any_io_executor executor, const gateway_settings& settings)
    : executor_(std::move(executor)),
      log_(settings.log == "json" ? log_format::json : log_format::text),
      threads_(settings.threads),
      timer_(executor_)
{
    while (further_.size() + 1 < threads_) further_.push_back(std::make_unique<context_thread>());
}

running_gateway::~running_gateway()
{
    for (const auto& t : further_) t->stop();
    state_->routes.clear(); // they have parts on the threads' contexts, and whoever looks at the state does not
}

// The same profile is the same source, whatever routes have it. The socket for tokens hands out those of all profiles.
asio::awaitable<sources_by_profile> running_gateway::open_sources(configuration all)
{
    const auto store = open_store(executor_, all);
    sources_by_profile sources;
    for (profile p : all.profiles) {
        bool wanted = !all.gateway.tokens.empty();
        for (const route_settings& r : all.gateway.routes) {
            if (r.profile != p.name) continue;
            p.origins.push_back(r.target); // the token goes where its routes lead, and nowhere else
            wanted = true;
        }
        if (!wanted) continue;
        token_source opened = co_await open_source(all, p, store);
        sources.emplace(p.name, std::move(opened));
    }
    co_return sources;
}

// Those that are not there yet.
running_gateway::places running_gateway::open_places(const gateway_settings& settings) const
{
    places opened;
    for (const wanted_place& wanted : places_of(settings)) {
        if (places_.contains(wanted.name)) continue;
        place p;
        p.at = std::make_unique<listener>(executor_, wanted.address);
        std::vector<std::shared_ptr<connections>> by_thread{std::make_shared<connections>(executor_)};
        if (wanted.for_all_threads)
            for (const auto& t : further_) by_thread.push_back(std::make_shared<connections>(t->executor()));
        for (std::size_t i = 0; i < by_thread.size(); ++i) p.counted.push_back(std::make_shared<traffic>());
        p.at->serve_on(std::move(by_thread));
        opened.emplace(wanted.name, std::move(p));
    }
    return opened;
}

const running_gateway::place& running_gateway::at(const std::string& name, const places& opened) const
{
    const auto there = places_.find(name);
    return there != places_.end() ? there->second : opened.at(name);
}

std::vector<served_route> running_gateway::make_routes(const configuration& all, const sources_by_profile& sources,
                                                       const places& opened) const
{
    std::vector<served_route> made;
    for (const route_settings& r : all.gateway.routes) {
        const tls_options tls = tls_of(find_profile(all, r.profile));
        const place& p = at(place_of(all.gateway, r), opened);
        served_route served{r, p.at->name(), {}, p.counted};
        for (std::size_t i = 0; i < threads_; ++i)
            served.by_thread.push_back(std::make_shared<route>(p.at->threads()[i]->executor(), r, sources.at(r.profile),
                                                               tls, p.counted[i], log_));
        made.push_back(std::move(served));
    }
    return made;
}

asio::awaitable<void> running_gateway::load(configuration all)
{
    check(all);
    const auto others = std::make_shared<const allowed_users>(all.gateway.allow_users);
    sources_by_profile sources = co_await open_sources(all);
    places opened = open_places(all.gateway);
    std::vector<served_route> routes = make_routes(all, sources, opened);
    // From here on nothing fails.
    for (const served_route& r : state_->routes)
        for (std::size_t i = 0; i < r.by_thread.size(); ++i) r.counted[i]->replayed.add(r.by_thread[i]->replayed());
    state_->issuers.clear();
    for (const profile& p : all.profiles) state_->issuers.emplace(p.name, p.issuer);
    state_->sources = std::move(sources);
    state_->routes = std::move(routes);
    std::vector<listener*> fresh;
    for (auto& [address, p] : opened) fresh.push_back(places_.emplace(address, std::move(p)).first->second.at.get());
    leave(all.gateway);
    serve(all.gateway, others);
    for (listener* l : fresh) l->start();
    for (const auto& [name, tokens] : state_->sources) (void)tokens.try_get(); // the first caller need not wait for it
}

// Listeners that are not wanted any more.
void running_gateway::leave(const gateway_settings& settings)
{
    const auto wanted = places_of(settings);
    for (auto p = places_.begin(); p != places_.end();) {
        const auto is_it = [&](const wanted_place& w) { return w.name == p->first; };
        if (std::any_of(wanted.begin(), wanted.end(), is_it)) {
            ++p;
            continue;
        }
        log_.info("listening no more", {{"address", p->second.at->name()}});
        p->second.at->drain();
        leaving_.push_back(std::move(p->second.at));
        p = places_.erase(p);
    }
}

void running_gateway::set(const place& p, std::size_t thread, request_handler handler, connections::greeting greeting,
                          connections::host_names hosts)
{
    const auto to = p.at->threads()[thread];
    auto shared = std::make_shared<const request_handler>(std::move(handler));
    asio::dispatch(to->executor(),
                   [to, h = std::move(shared), g = std::move(greeting), n = std::move(hosts)]() mutable {
                       to->answer_with(std::move(h));
                       to->greet_with(std::move(g));
                       to->expect_hosts(std::move(n));
                   });
}

void running_gateway::serve(const gateway_settings& settings, const std::shared_ptr<const allowed_users>& others)
{
    const auto greeting_at = [&](const place& p) -> connections::greeting {
        if (!p.at->is_unix()) return {};
        p.at->open_to_others(!others->empty());
        return [others, this](std::shared_ptr<inbound> in) { return refuse_strangers(std::move(in), others, log_); };
    };
    // No browser opens a UNIX socket.
    const auto hosts_at = [all = std::make_shared<const std::vector<std::string>>(settings.hosts)](const place& p) {
        return p.at->is_unix() ? connections::host_names() : all;
    };
    const auto tell = [&](const place& p, const std::string& purpose) {
        log_.info("listening", {{"address", p.at->name()}, {"for", purpose}});
    };
    for (std::size_t r = 0; r < settings.routes.size(); ++r) {
        const place& p = places_.at(place_of(settings, settings.routes[r]));
        const connections::greeting greeting = greeting_at(p);
        for (std::size_t i = 0; i < threads_; ++i)
            set(
                p, i,
                [to = state_->routes[r].by_thread[i]](std::shared_ptr<inbound> in) {
                    return to->answer(std::move(in));
                },
                greeting, hosts_at(p));
        tell(p, settings.routes[r].target);
    }
    if (!settings.status.empty()) {
        const place& p = places_.at(status_place(settings));
        set(
            p, 0, [g = state_](std::shared_ptr<inbound> in) { return answer_admin(std::move(in), g); }, greeting_at(p),
            hosts_at(p));
        tell(p, "status");
    }
    if (!settings.tokens.empty()) {
        const place& p = places_.at(tokens_place(settings));
        const auto greeting = [first = greeting_at(p), g = state_](std::shared_ptr<inbound> in) {
            return greet_agent_client(std::move(in), g, first);
        };
        set(
            p, 0, [g = state_](std::shared_ptr<inbound> in) { return answer_token(std::move(in), g); }, greeting,
            hosts_at(p));
        tell(p, "tokens");
    }
}

void running_gateway::reloaded(std::string refused)
{
    if (refused.empty())
        log_.info("reloaded");
    else
        log_.error("reload refused", {{"why", refused}, {"do", "correct the configuration; all goes on as before"}});
    state_->refused_reload = std::move(refused);
}

void running_gateway::start() { asio::co_spawn(executor_, tick(), asio::detached); }

asio::awaitable<void> running_gateway::tick()
{
    for (;;) {
        timer_.expires_after(std::chrono::seconds(1));
        auto [ec] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (ec) co_return; // `this` may have gone
        state_->lately.sample(count_all(*state_));
        look_at_tokens(*state_, log_);
        for (const auto& [address, p] : places_) p.at->sweep();
        for (const auto& l : leaving_) l->sweep();
        std::erase_if(leaving_, [](const auto& l) { return l->connections_open() == 0; });
        notify_manager("WATCHDOG=1");
    }
}

std::size_t running_gateway::connections_open() const
{
    std::size_t n = 0;
    for (const auto& [address, p] : places_) n += p.at->connections_open();
    for (const auto& l : leaving_) n += l->connections_open();
    return n;
}

asio::awaitable<void> running_gateway::stop()
{
    log_.info("stopping", {{"connections", std::to_string(connections_open())}});
    for (const auto& [address, p] : places_) p.at->drain();
    asio::steady_timer timer(executor_);
    const auto until = std::chrono::steady_clock::now() + drained_within;
    do { // at least once: what was accepted a moment ago is on its way to its thread
        timer.expires_after(std::chrono::milliseconds(20));
        co_await timer.async_wait(asio::use_awaitable);
    } while (connections_open() > 0 && std::chrono::steady_clock::now() < until);
    timer_.cancel();
    for (const served_route& r : state_->routes)
        for (const auto& t : r.by_thread) t->close();
    for (const auto& [name, tokens] : state_->sources) {
        auto saved = tokens.async_shutdown(std::chrono::seconds(10), asio::as_tuple(asio::use_awaitable));
        (void)co_await std::move(saved);
    }
    log_.info("stopped", {{"broken_off", std::to_string(connections_open())}});
}

} // namespace afresh::cli
