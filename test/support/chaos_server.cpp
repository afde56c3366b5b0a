#include "support/chaos_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <charconv>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace afresh::test {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using request = http::request<http::string_body>;
using clock = std::chrono::steady_clock;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string form_value(std::string_view form, std::string_view name)
{
    const auto at = form.find(std::string(name) + '=');
    if (at == std::string_view::npos) return {};
    const auto begin = at + name.size() + 1;
    return std::string(form.substr(begin, form.find('&', begin) - begin));
}

std::string framed(std::string_view head, std::string_view body, bool chunked)
{
    std::string text(head);
    if (!chunked) return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
    text += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t piece = 1; !body.empty(); piece = piece * 7 + 1) {
        const auto now = body.substr(0, piece);
        char size[17];
        text.append(size, std::to_chars(size, size + 16, now.size(), 16).ptr).append("\r\n").append(now).append("\r\n");
        body.remove_prefix(now.size());
    }
    return text + "0\r\n\r\n";
}

} // namespace

std::uint64_t checksum(std::string_view bytes, std::uint64_t sum)
{
    for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u; // FNV-1a
    return sum;
}

std::string filling(std::uint64_t id, std::size_t size)
{
    std::minstd_rand random(static_cast<unsigned>(checksum(std::to_string(id)) | 1));
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(' ' + random() % 95);
    return text;
}

std::string echo_of(std::uint64_t id, std::string_view method, std::string_view body, std::size_t size)
{
    return std::to_string(id) + ' ' + std::string(method) + ' ' + std::to_string(body.size()) + ' ' +
           std::to_string(checksum(body)) + '\n' + filling(id, size);
}

struct chaos_server::state {
    explicit state(const chaos_plan& p)
        : plan(p), resources(asio::make_strand(context)), tokens(asio::make_strand(context)), random(p.seed)
    {
        for (tcp::acceptor* a : {&resources, &tokens}) {
            const tcp::endpoint here(asio::ip::address_v4::loopback(), 0);
            a->open(here.protocol());
            a->bind(here);
            a->listen(4096);
            asio::co_spawn(a->get_executor(), accept(*a, a == &resources), asio::detached);
        }
        for (unsigned i = 0; i < plan.threads; ++i) threads.emplace_back([this] { context.run(); });
    }
    ~state()
    {
        context.stop();
        for (auto& t : threads) t.join();
    }

    unsigned draw(unsigned below)
    {
        const std::lock_guard lock(mutex);
        return static_cast<unsigned>(random()) % below;
    }
    void count(kill k, std::uint64_t id = 0)
    {
        const std::lock_guard lock(mutex);
        ++seen.kills[static_cast<std::size_t>(k)];
        if (id) killed.insert(id);
    }

    asio::awaitable<void> accept(tcp::acceptor& acceptor, bool unkind)
    {
        for (;;) {
            auto [ec, socket] = co_await acceptor.async_accept(asio::make_strand(context), as_values);
            if (ec == asio::error::operation_aborted) co_return;
            if (ec) {
                asio::steady_timer pause(context, std::chrono::milliseconds(5));
                co_await pause.async_wait(as_values);
                continue;
            }
            if (unkind && draw(200) < plan.kills_per_thousand) { // there are fewer of them
                count(kill::at_accept);
                continue;
            }
            const auto strand = socket.get_executor();
            asio::co_spawn(strand, serve(std::move(socket)), asio::detached);
        }
    }

    // A reset as often as an orderly end.
    void end(tcp::socket& socket)
    {
        boost::system::error_code ignored;
        if (draw(2) == 0) socket.set_option(asio::socket_base::linger(true, 0), ignored);
        socket.close(ignored);
    }

    struct counted {
        explicit counted(std::atomic<std::size_t>& n) : number(n) { ++number; }
        ~counted() { --number; }
        std::atomic<std::size_t>& number;
    };

    asio::awaitable<void> serve(tcp::socket socket)
    {
        const counted one(connections);
        boost::system::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        boost::beast::flat_buffer buffer;
        for (;;) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(16 * 1024 * 1024);
            auto [failed, n] = co_await http::async_read(socket, buffer, parser, as_values);
            if (failed) co_return;
            const request question = parser.release();
            if (question.target() == "/token") {
                if (!co_await answer_token_request(socket, question.body())) co_return;
            } else if (!co_await answer(socket, question)) {
                co_return;
            }
        }
    }

    asio::awaitable<bool> answer_token_request(tcp::socket& socket, std::string form)
    {
        if (plan.token_delay.count() > 0) {
            asio::steady_timer pause(socket.get_executor(), plan.token_delay);
            co_await pause.async_wait(as_values);
        }
        const std::string text = rotate(form);
        auto [failed, n] = co_await asio::async_write(socket, asio::buffer(text), as_values);
        co_return !failed;
    }

    // RFC 6749 6, with rotation and reuse detection.
    std::string rotate(const std::string& form)
    {
        const std::string json = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
        const std::lock_guard lock(mutex);
        ++seen.token_requests;
        if (form_value(form, "refresh_token") != "rt-" + std::to_string(generation)) {
            ++seen.reuses;
            return framed("HTTP/1.1 400 Bad Request\r\n" + json, "{\"error\":\"invalid_grant\"}", false);
        }
        const std::string number = std::to_string(++generation);
        revoked = false;
        expires = clock::now() + plan.token_lifetime;
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(plan.token_lifetime).count();
        return framed("HTTP/1.1 200 OK\r\n" + json,
                      "{\"access_token\":\"at-" + number + "\",\"token_type\":\"Bearer\",\"expires_in\":" +
                          std::to_string(seconds) + ",\"refresh_token\":\"rt-" + number + "\"}",
                      false);
    }

    bool accepts(std::string_view authorization) const
    {
        const std::lock_guard lock(mutex);
        return !revoked && clock::now() < expires && authorization == "Bearer at-" + std::to_string(generation);
    }

    asio::awaitable<bool> answer(tcp::socket& socket, const request& question)
    {
        std::string_view target = view(question.target());
        std::uint64_t id = 0;
        std::size_t size = 0;
        target.remove_prefix(std::min(target.size(), std::string_view("/echo/").size()));
        const auto* const end_of_id = std::from_chars(target.data(), target.data() + target.size(), id).ptr;
        if (end_of_id != target.data() + target.size())
            std::from_chars(end_of_id + 1, target.data() + target.size(), size);
        const bool good = accepts(view(question[http::field::authorization]));
        const std::string body = good ? echo_of(id, view(question.method_string()), question.body(), size) : "refused";
        const std::string head =
            good ? "HTTP/1.1 200 OK\r\nX-Id: " + std::to_string(id) + "\r\n"
                 : "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n";
        const std::string text = framed(head, body, target.ends_with("?chunked"));
        {
            const std::lock_guard lock(mutex);
            ++(good ? seen.requests : seen.refused);
            if (!good) ++refused[id];
        }
        std::size_t whole = text.size();
        const unsigned chance = draw(1000);
        const bool dies = chance < plan.kills_per_thousand;
        const auto how = static_cast<kill>(1 + chance % (static_cast<unsigned>(kill::count) - 1));
        if (dies) {
            count(how, how == kill::when_idle ? 0 : id);
            if (how == kill::after_request) whole = 0;
            if (how == kill::in_header) whole = head.size() / 2;
            if (how == kill::in_body) whole = text.size() - 1 - body.size() / 2;
        }
        const bool slow = draw(1000) < plan.slow_per_thousand;
        if (!co_await send(socket, std::string_view(text).substr(0, whole), slow)) co_return false;
        if (!dies) co_return true;
        if (how == kill::when_idle) {
            asio::steady_timer pause(socket.get_executor(), std::chrono::microseconds(draw(3000)));
            co_await pause.async_wait(as_values); // somebody may be about to use it
        }
        end(socket);
        co_return false;
    }

    asio::awaitable<bool> send(tcp::socket& socket, std::string_view text, bool slow)
    {
        const std::size_t piece = slow ? std::max<std::size_t>(text.size() / 4, 1) : text.size();
        while (!text.empty()) {
            auto [failed, n] = co_await asio::async_write(socket, asio::buffer(text.substr(0, piece)), as_values);
            if (failed) co_return false;
            text.remove_prefix(n);
            if (!slow || text.empty()) continue;
            asio::steady_timer pause(socket.get_executor(), std::chrono::milliseconds(2));
            co_await pause.async_wait(as_values);
        }
        co_return true;
    }

    const chaos_plan plan;
    asio::io_context context;
    tcp::acceptor resources;
    tcp::acceptor tokens;
    std::atomic<std::size_t> connections{};
    mutable std::mutex mutex; // of what follows
    std::mt19937 random;
    std::uint64_t generation{};
    bool revoked{};
    clock::time_point expires{};
    chaos_counts seen;
    std::set<std::uint64_t> killed;
    std::map<std::uint64_t, unsigned> refused;
    std::vector<std::thread> threads;
};

chaos_server::chaos_server(const chaos_plan& plan) : state_(std::make_unique<state>(plan)) {}
chaos_server::~chaos_server() = default;

std::string chaos_server::origin() const
{
    return "http://127.0.0.1:" + std::to_string(state_->resources.local_endpoint().port());
}
std::string chaos_server::token_endpoint() const
{
    return "http://127.0.0.1:" + std::to_string(state_->tokens.local_endpoint().port()) + "/token";
}
void chaos_server::forget(std::uint64_t id)
{
    const std::lock_guard lock(state_->mutex);
    state_->killed.erase(id);
    state_->refused.erase(id);
}
void chaos_server::revoke()
{
    const std::lock_guard lock(state_->mutex);
    state_->revoked = true;
}
bool chaos_server::was_killed(std::uint64_t id) const
{
    const std::lock_guard lock(state_->mutex);
    return state_->killed.contains(id);
}
unsigned chaos_server::refusals(std::uint64_t id) const
{
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->refused.find(id);
    return found == state_->refused.end() ? 0 : found->second;
}
chaos_counts chaos_server::counts() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->seen;
}
std::size_t chaos_server::open_connections() const { return state_->connections; }

} // namespace afresh::test
