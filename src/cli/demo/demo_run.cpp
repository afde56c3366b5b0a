#include "cli/demo/demo_run.hpp"

#include "cli/demo/discovery.hpp"

#include <afresh/http_client.hpp>
#include <afresh/http_transport.hpp>
#include <afresh/sqlite_token_store.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <utility>

namespace afresh::cli {
namespace {

using namespace std::chrono_literals;
constexpr auto result = asio::as_tuple(asio::deferred);

constexpr auto frame = 100ms;  // between two pictures
constexpr auto patience = 20s; // for the last calls to end

std::string origin_of(const std::string& url)
{
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed) throw std::invalid_argument("--api is not an absolute URL");
    return std::string(parsed->encoded_origin());
}

std::string cause_of(const event& e)
{
    if (!e.said.error.empty()) return e.said.error;
    if (e.said.http_status) return "HTTP status " + std::to_string(e.said.http_status);
    return e.detail.empty() ? e.error.message() : e.detail;
}

} // namespace

demo_run::demo_run(const demo_options& options, std::string store_path, demo_server* server, terminal t)
    : options_(options),
      store_path_(std::move(store_path)),
      server_(server),
      key_(server ? "demo " + server->client_secret().substr(0, 8) : "demo"),
      screen_(t)
{
    history_.length = std::chrono::duration<double>(options.length).count();
}

asio::awaitable<void> demo_run::run()
{
    auto executor = co_await asio::this_coro::executor;
    client_registration client = co_await registration();
    afresh::grant grant = first_grant();
    store_ = make_sqlite_token_store({.path = store_path_});

    service_options parts;
    parts.store = store_;
    parts.transport = make_http_transport(tls());
    parts.on_event = [this](const event& e) { on_event(e); };
    const std::string url = server_ ? server_->api() : options_.real.api;
    source_options source;
    source.key = key_;
    source.allowed_origins = {origin_of(url)};
    source.service = std::move(parts);
    tokens_.emplace(executor, std::move(client), std::move(grant), std::move(source));

    http_client_options http;
    http.tls = tls();
    http.limits.idle_per_origin = http.limits.connections_per_origin;
    load_ = std::make_unique<callers>(http_client(*tokens_, http), url, options_.callers, options_.pause, history_);

    history_.began = run_history::clock::now();
    load_->start(executor); // all of them at once, and no token yet: they share the first flight
    if (server_) {
        director_ = std::make_unique<director>(options_, *server_, *tokens_, *load_, history_, screen_);
        asio::co_spawn(executor, direct(), asio::detached);
    }
    co_await watch();
    co_await wind_up();
}

// Ends the run early.
void demo_run::interrupt()
{
    report_.interrupted = true;
    history_.length = std::min(history_.length, std::max(history_.now(), 0.001));
}

asio::awaitable<client_registration> demo_run::registration()
{
    if (server_)
        co_return client_registration(server_->token_endpoint(), server_->client_id())
            .client_secret_basic(server_->client_secret());
    const real_server& real = options_.real;
    std::string endpoint = real.token_endpoint;
    if (endpoint.empty()) {
        const auto http = make_http_transport(tls());
        endpoint = co_await discover_token_endpoint(*http, real.issuer);
    }
    client_registration client(std::move(endpoint), real.client_id);
    if (real.client_secret_file.empty()) co_return client;
    secret_string secret(read_secret(real.client_secret_file));
    if (real.client_auth == "post")
        client.client_secret_post(std::move(secret));
    else if (real.client_auth == "basic-raw")
        client.client_secret_basic_raw(std::move(secret));
    else
        client.client_secret_basic(std::move(secret));
    co_return client;
}

afresh::grant demo_run::first_grant() const
{
    if (server_) return grant::refresh_token(server_->refresh_token());
    grant g = grant::refresh_token(read_secret(options_.real.refresh_token_file));
    if (!options_.real.scope.empty()) g.scope(options_.real.scope);
    return g;
}

tls_options demo_run::tls() const
{
    tls_options t;
    t.trust_roots_file = options_.real.ca_file;
    return t;
}

asio::awaitable<store_reply> demo_run::load_record()
{
    const auto store = make_sqlite_token_store({.path = store_path_});
    store_command load;
    co_return co_await store->execute(key_, load);
}

asio::awaitable<void> demo_run::direct()
{
    directing_ = true;
    co_await director_->run();
    directing_ = false;
}

asio::awaitable<void> demo_run::watch()
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (history_.now() < history_.length) {
        const source_status status = tokens_->status();
        saw_waiters(status.waiters);
        screen_.draw(picture(status));
        timer.expires_after(frame);
        co_await timer.async_wait(result);
    }
}

asio::awaitable<void> demo_run::last_calls()
{
    load_->stop();
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto limit = run_history::clock::now() + patience + 2 * options_.pause;
    while ((directing_ || !load_->done()) && run_history::clock::now() < limit) {
        timer.expires_after(frame / 5);
        co_await timer.async_wait(result);
    }
}

// The calls under way end, the source saves what it has, and the file is read as the next process would read it.
asio::awaitable<void> demo_run::wind_up()
{
    co_await last_calls();
    screen_.finish();
    const auto [ec] = co_await tokens_->async_shutdown(10s, result);
    if (ec) report_.errors.push_back("shutdown: " + ec.message());
    asio::steady_timer last_events(co_await asio::this_coro::executor, 200ms); // they are posted, and counted
    (void)co_await last_events.async_wait(result);

    const source_status last = tokens_->status();
    report_.seconds = history_.length;
    report_.callers = options_.callers;
    report_.totals = load_->totals();
    report_.held_generation = last.generation;
    report_.token_requests = last.token_requests;
    report_.generations = won_;
    report_.failed_refreshes = history_.failed_refreshes.size();
    report_.revocations = history_.revocations.size();
    if (directing_ || !load_->done()) {
        report_.errors.push_back("some calls did not end");
        co_return;
    }
    load_.reset();
    director_.reset();
    tokens_.reset();
    store_.reset();

    const store_reply reply = co_await load_record();
    report_.saved_generation = reply.record.generation;
    if (!server_) co_return;
    report_.server = server_->statistics();
    report_.saved_token_is_current = reply.record.refresh_token.reveal() == server_->refresh_token();
}

void demo_run::on_event(const event& e)
{
    switch (e.what) {
    case event::kind::refresh_succeeded: ++won_; return on_new_token(e);
    case event::kind::adopted: return on_new_token(e);
    case event::kind::refresh_failed:
        history_.failed_refreshes.push_back(history_.now());
        screen_.note(history_.now(), tone::warning, "refresh failed: " + cause_of(e));
        return;
    case event::kind::save_failed:
        screen_.note(history_.now(), tone::bad, "the tokens could not be saved: " + e.detail);
        return;
    case event::kind::store_went_back:
        screen_.note(history_.now(), tone::bad, "the store had gone back in time");
        return;
    case event::kind::sign_in_required:
        screen_.note(history_.now(), tone::bad, "sign in again: " + e.error.message());
        return;
    case event::kind::refresh_token_expires: return;
    case event::kind::sign_in_failed: screen_.note(history_.now(), tone::bad, "nobody signed in: " + e.detail); return;
    case event::kind::waiters_released: saw_waiters(e.count); return;
    case event::kind::refresh_started:
    case event::kind::rotated:
    case event::kind::saved:
    case event::kind::token_rejected:
    case event::kind::signed_out:
    case event::kind::revoked:
    case event::kind::revocation_failed:
    case event::kind::closed: return;
    }
}

void demo_run::on_new_token(const event& e)
{
    const double now = history_.now();
    if (now > history_.length) return; // while the last calls end
    auto& tokens = history_.tokens;
    if (!tokens.empty()) {
        if (tokens.back().generation == e.generation) return; // found in the store again
        tokens.back().replaced = now;
        tokens.back().revoked = !history_.revocations.empty() && history_.revocations.back() > tokens.back().from;
    }
    token_life life;
    life.generation = e.generation;
    life.from = now - std::chrono::duration<double>(e.elapsed).count();
    life.until = history_.length;
    if (const auto expires = tokens_->status().expires)
        life.until = now + std::chrono::duration<double>(*expires - std::chrono::system_clock::now()).count();
    tokens.push_back(life);
    screen_.note(now, tone::good,
                 "generation " + std::to_string(e.generation) + " in " + std::to_string(e.elapsed.count()) + " ms");
}

void demo_run::saw_waiters(std::uint64_t n)
{
    report_.most_waiters = std::max(report_.most_waiters, n);
    if (n < recent_waiters_ && history_.now() < recent_waiters_at_ + 1) return;
    recent_waiters_ = n;
    recent_waiters_at_ = history_.now();
}

progress_picture demo_run::picture(const source_status& status)
{
    progress_picture p;
    p.now = history_.now();
    p.length = history_.length;
    p.calls = load_->totals().calls;
    p.failed = load_->totals().failed;
    p.rate = history_.rate(p.now);
    p.rates = history_.recent_rates(p.now, 24);
    p.generation = status.generation;
    p.state = status.state;
    p.waiters = recent_waiters_;
    if (!history_.tokens.empty()) {
        p.token_age = p.now - history_.tokens.back().from;
        p.token_lifetime = history_.tokens.back().until - history_.tokens.back().from;
    }
    if (director_) p.outage_left = director_->outage_left();
    return p;
}

} // namespace afresh::cli
