#include "cli/demo/demo_server.hpp"

#include "cli/demo/echo.hpp"
#include "cli/demo/server_text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <charconv>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace afresh::cli {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using request = http::request<http::string_body>;
using response = http::response<http::string_body>;
using clock = std::chrono::steady_clock;

constexpr std::uint64_t most_body = 16 * 1024 * 1024;
constexpr auto result = asio::as_tuple(asio::deferred);

response answer(http::status status, std::string body)
{
    response r(status, 11);
    r.set(http::field::content_type, "application/json");
    r.body() = std::move(body);
    return r;
}

// RFC 9112 3.2.2: whole URLs are understood, as a proxy is asked for them.
std::string_view path_of(std::string_view target)
{
    if (const auto scheme = target.find("://"); scheme != target.npos) {
        target.remove_prefix(scheme + 3);
        target.remove_prefix(std::min(target.find('/'), target.size()));
    }
    return target.substr(0, target.find('?'));
}

// Two events, and the end: whoever wants more comes again, and says which was the last.
response events_after(std::string_view last_id)
{
    unsigned id = 0;
    std::from_chars(last_id.data(), last_id.data() + last_id.size(), id);
    std::string text = "retry: 50\n\n";
    for (const unsigned end = id + 2; id++ < end;)
        text += "id: " + std::to_string(id) + "\nevent: tick\ndata: {\"count\":" + std::to_string(id) + "}\n\n";
    response r = answer(http::status::ok, std::move(text));
    r.set(http::field::content_type, "text/event-stream");
    return r;
}

// What the examples call.
response resource(const request& question, std::string_view name)
{
    if (name == "greeting") return answer(http::status::ok, "{\"greeting\":\"hello\"}");
    if (name == "notes" && question.method() == http::verb::post)
        return answer(http::status::created, "{\"kept\":" + question.body() + '}');
    if (name == "files" || name.starts_with("files/"))
        return answer(http::status::created, "{\"received\":" + std::to_string(question.body().size()) + '}');
    if (name == "events") {
        const auto last = question["Last-Event-ID"];
        return events_after({last.data(), last.size()});
    }
    if (name == "chat") {
        const bool asked = boost::beast::websocket::is_upgrade(question);
        return answer(asked ? http::status::ok : http::status::upgrade_required, "{}");
    }
    return answer(http::status::not_found, "{\"error\":\"no such resource\"}");
}

response oauth_error(http::status status, std::string_view code)
{
    return answer(status, "{\"error\":\"" + std::string(code) + "\"}");
}

} // namespace

struct demo_server::state {
    explicit state(const server_options& o)
        : ledger(o.token_lifetime, random_name), api_acceptor(context), token_acceptor(context)
    {
        secret = random_name();
        expected_authorization = "Basic " + base64(id + ':' + secret);
        api_port = open(api_acceptor, o.shared_port.value_or(0));
        api_acceptor.listen();
        asio::co_spawn(context, accept(api_acceptor), asio::detached);
        token_port = api_port;
        if (!o.shared_port) {
            token_port = open(token_acceptor, 0);
            end_outage();
        }
        thread = std::thread([this] { context.run(); });
    }

    ~state()
    {
        context.stop();
        thread.join();
    }

    // --- the two servers, on the thread ---

    static std::uint16_t open(tcp::acceptor& acceptor, std::uint16_t port)
    {
        const tcp::endpoint where(asio::ip::address_v4::loopback(), port);
        acceptor.open(where.protocol());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind(where);
        return acceptor.local_endpoint().port();
    }

    asio::awaitable<void> accept(tcp::acceptor& acceptor)
    {
        for (;;) {
            auto [ec, socket] = co_await acceptor.async_accept(result);
            if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor) co_return;
            if (ec) { // no descriptor free: one will be
                asio::steady_timer pause(context, std::chrono::milliseconds(20));
                co_await pause.async_wait(result);
                continue;
            }
            ++connections;
            socket.set_option(tcp::no_delay(true), ec);
            asio::co_spawn(context, serve(std::move(socket)), asio::detached);
        }
    }

    asio::awaitable<void> serve(tcp::socket socket)
    {
        boost::beast::flat_buffer buffer;
        for (;;) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(most_body);
            auto [read_error, bytes_read] = co_await http::async_read(socket, buffer, parser, result);
            if (read_error) co_return;
            const request question = parser.release();
            response r = route(question);
            if (r.result() == http::status::ok && boost::beast::websocket::is_upgrade(question))
                co_return co_await echo(std::move(socket), question);
            r.keep_alive(question.keep_alive());
            r.prepare_payload();
            auto [write_error, bytes_written] = co_await http::async_write(socket, r, result);
            if (write_error || !r.keep_alive()) co_return;
        }
    }

    response route(const request& question)
    {
        const auto target = path_of({question.target().data(), question.target().size()});
        if (target == "/token") return exchange(question);
        if (target == "/hello") return answer(http::status::ok, "{\"greeting\":\"hello, whoever you are\"}");
        if (target.starts_with("/api/")) return call(question, target.substr(5));
        return answer(http::status::not_found, "{\"error\":\"no such resource\"}");
    }

    response exchange(const request& question)
    {
        if (question.method() != http::verb::post) return answer(http::status::method_not_allowed, "{}");
        if (unavailable) {
            ++turned_away;
            return answer(http::status::service_unavailable, "{}");
        }
        ++token_requests;
        if (question[http::field::authorization] != expected_authorization) {
            response r = oauth_error(http::status::unauthorized, "invalid_client");
            r.set(http::field::www_authenticate, "Basic");
            return r;
        }
        if (form_value(question.body(), "grant_type") != "refresh_token")
            return oauth_error(http::status::bad_request, "unsupported_grant_type");
        const std::lock_guard lock(mutex);
        const auto tokens = ledger.exchange(form_value(question.body(), "refresh_token"), clock::now());
        if (!tokens.ok) return oauth_error(http::status::bad_request, "invalid_grant");
        response r = answer(http::status::ok, "{\"access_token\":\"" + tokens.access_token +
                                                  "\",\"token_type\":\"Bearer\",\"expires_in\":" +
                                                  std::to_string(ledger.lifetime().count()) + ",\"refresh_token\":\"" +
                                                  tokens.refresh_token + "\"}");
        r.set(http::field::cache_control, "no-store"); // RFC 6749 5.1
        return r;
    }

    response call(const request& question, std::string_view name)
    {
        constexpr std::string_view scheme = "Bearer ";
        const auto field = question[http::field::authorization];
        const std::string_view given(field.data(), field.size());
        const std::string_view token = given.starts_with(scheme) ? given.substr(scheme.size()) : std::string_view();
        const bool good = [&] {
            const std::lock_guard lock(mutex);
            return !token.empty() && ledger.accepts(token, clock::now());
        }();
        if (good) {
            ++calls_served;
            if (name != "revoke") return resource(question, name);
            const std::lock_guard lock(mutex);
            ledger.revoke(std::string(token));
            return answer(http::status::ok, "{}");
        }
        ++calls_rejected;
        response r = answer(http::status::unauthorized, "{}");
        r.set(http::field::www_authenticate, given.empty() ? "Bearer" : "Bearer error=\"invalid_token\"");
        return r;
    }

    // --- the outage: on the thread, or before it runs ---

    // Bound but not listening, so that connections are refused and nobody else can take the port.
    void stop_listening()
    {
        token_acceptor.close();
        open(token_acceptor, token_port);
    }

    void end_outage()
    {
        unavailable = false;
        if (token_port == api_port || listening) return;
        token_acceptor.listen();
        asio::co_spawn(context, accept(token_acceptor), asio::detached);
        listening = true;
    }

    void begin_outage(outage kind)
    {
        if (kind == outage::unavailable || token_port == api_port) {
            unavailable = true;
        } else if (listening) {
            stop_listening();
            listening = false;
        }
    }

    // Runs `what` on the thread and waits for it.
    template <class Function>
    void run_there(Function what)
    {
        std::packaged_task<void()> task(std::move(what));
        auto done = task.get_future();
        asio::post(context, std::move(task));
        done.get();
    }

    const std::string id = "afresh-demo";
    std::string secret;
    std::string expected_authorization;
    mutable std::mutex mutex;
    token_ledger ledger; // guarded by mutex

    std::atomic<std::uint64_t> token_requests{}, turned_away{}, calls_served{}, calls_rejected{}, connections{};
    bool unavailable{};
    bool listening{};

    asio::io_context context{1};
    tcp::acceptor api_acceptor;
    tcp::acceptor token_acceptor;
    std::uint16_t api_port{};
    std::uint16_t token_port{};
    std::thread thread;
};

demo_server::demo_server(const server_options& options) : state_(std::make_unique<state>(options)) {}
demo_server::~demo_server() = default;

std::string demo_server::token_endpoint() const
{
    return "http://127.0.0.1:" + std::to_string(state_->token_port) + "/token";
}
std::string demo_server::api() const
{
    return "http://127.0.0.1:" + std::to_string(state_->api_port) + "/api/greeting";
}
std::string demo_server::client_id() const { return state_->id; }
std::string demo_server::client_secret() const { return state_->secret; }
std::string demo_server::refresh_token() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->ledger.current_refresh_token();
}

void demo_server::begin_outage(outage kind)
{
    state_->run_there([this, kind] { state_->begin_outage(kind); });
}
void demo_server::end_outage()
{
    state_->run_there([this] { state_->end_outage(); });
}
void demo_server::revoke(std::string access_token)
{
    const std::lock_guard lock(state_->mutex);
    state_->ledger.revoke(access_token);
}
void demo_server::revoke_grant()
{
    const std::lock_guard lock(state_->mutex);
    state_->ledger.revoke_grant();
}

server_statistics demo_server::statistics() const
{
    const std::lock_guard lock(state_->mutex);
    const ledger_statistics& l = state_->ledger.statistics();
    return {state_->token_requests, state_->turned_away,    l.rotations,        l.reuse_events,
            state_->calls_served,   state_->calls_rejected, state_->connections};
}

} // namespace afresh::cli
