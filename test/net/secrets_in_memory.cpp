// Once an exchange is over, no secret of it is anywhere in this process's memory, freed memory included. The servers
// live in a process of their own, since they know the secrets.
#include "core/token_request.hpp"
#include "core/token_response.hpp"
#include "support/memory_scan.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"
#include "support/test_pki.hpp"

#include <afresh/http_client.hpp>
#include <afresh/http_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <optional>
#include <thread>

using namespace afresh;
using namespace afresh::test;

namespace {

struct secrets {
    canary client_secret{1}, old_refresh_token{2}, refresh_token{3}, access_token{4};

    bool any_in_memory() const
    {
        return client_secret.is_in_memory() || old_refresh_token.is_in_memory() || refresh_token.is_in_memory() ||
               access_token.is_in_memory() || basic_credentials().is_in_memory();
    }
    canary basic_credentials() const
    {
        std::string all = registration("https://as.example.com/").request_field();
        return canary(std::move(all));
    }

    // A client, and what it sends.
    struct client {
        client_registration registration;
        grant held;
        http_request request() const { return core::make_token_request(registration, held, held.token()); }
        std::string request_field() const
        {
            http_request r = request();
            std::string value(r.fields().find("Authorization"));
            wipe(r.body());
            r.fields().wipe();
            return value;
        }
    };
    client registration(const std::string& url, bool in_body = false) const
    {
        client_registration r(url, "client");
        const secret_string secret = client_secret.text();
        return {in_body ? r.client_secret_post(secret) : r.client_secret_basic(secret),
                grant::refresh_token(old_refresh_token.text())};
    }
};

// /token answers in chunks, so that the length is not known before, and /whole in one piece; /half breaks off after the
// tokens. /api takes any token, but not the first time.
void serve(raw_peer& peer, const secrets& known)
{
    bool renewed = false;
    for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request()) {
        if (request.starts_with("GET /api")) {
            peer.write(renewed ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                               : "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
            renewed = true;
            continue;
        }
        std::string body = R"({"token_type":"Bearer","expires_in":3600,"access_token":")";
        body.append(known.access_token.text().reveal()).append(R"(","refresh_token":")");
        body.append(known.refresh_token.text().reveal()).append("\"}");
        body.resize((body.size() + 9) / 10 * 10, ' ');
        const bool half = request.starts_with("POST /half");
        std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
        if (request.starts_with("POST /whole"))
            answer.append("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n").append(body);
        else {
            answer.append("Transfer-Encoding: chunked\r\n\r\n");
            for (std::size_t at = 0; at < body.size(); at += 10) // which are all whole
                answer.append("a\r\n").append(body, at, 10).append("\r\n");
            if (!half) answer.append("0\r\n\r\n");
        }
        peer.write(answer);
        if (half) return;
        peer.say_goodbye();
    }
}

class server_process {
public:
    explicit server_process(const secrets& known, const test_pki* pki = nullptr) : scheme_(pki ? "https" : "http")
    {
        int ends[2];
        BOOST_REQUIRE(::pipe(ends) == 0);
        child_ = ::fork();
        if (child_ == 0) {
            const raw_server server([&](raw_peer& peer) { serve(peer, known); }, pki ? pki->server("server") : nullptr);
            const auto port = server.port();
            if (::write(ends[1], &port, sizeof port) == sizeof port) ::pause();
            ::_exit(1);
        }
        BOOST_REQUIRE(child_ > 0);
        BOOST_REQUIRE(::read(ends[0], &port_, sizeof port_) == sizeof port_);
        ::close(ends[0]);
        ::close(ends[1]);
    }
    server_process(const server_process&) = delete;
    ~server_process()
    {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    std::string url(const std::string& target) const
    {
        return scheme_ + "://127.0.0.1:" + std::to_string(port_) + target;
    }

private:
    const std::string scheme_;
    std::uint16_t port_{};
    pid_t child_;
};

// One token exchange, to the end of all that took part in it.
core::verdict exchange(const secrets& known, const std::string& url, bool in_body, const tls_options& tls = {})
{
    const auto client = known.registration(url, in_body);
    asio::io_context context;
    transport_outcome outcome = run(context, make_http_transport(tls)->send(transport_request(client.request())));
    const auto response =
        core::parse_token_response(outcome, client.registration, client.held, {}, client.held.token());
    wipe(outcome.response.body()); // as its owner does
    return response.outcome;
}

asio::awaitable<unsigned> call(http_client api, std::string url)
{
    const http_response answer = co_await api.get(std::move(url));
    co_return answer.status();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(secrets_in_memory, secrets)

BOOST_AUTO_TEST_CASE(what_is_there_is_found)
{
    std::optional<secret_string> held = access_token.text();
    BOOST_TEST(access_token.is_in_memory());
    BOOST_TEST(any_in_memory());
    held.reset();
    BOOST_TEST(!any_in_memory());
}

BOOST_AUTO_TEST_CASE(a_token_exchange_leaves_nothing_behind)
{
    const server_process as(*this);
    for (const bool in_body : {false, true}) {
        BOOST_TEST((exchange(*this, as.url("/token"), in_body) == core::verdict::ok));
        BOOST_TEST((exchange(*this, as.url("/whole"), in_body) == core::verdict::ok));
        BOOST_TEST(!client_secret.is_in_memory());
        BOOST_TEST(!basic_credentials().is_in_memory());
        BOOST_TEST(!old_refresh_token.is_in_memory());
        BOOST_TEST(!refresh_token.is_in_memory());
        BOOST_TEST(!access_token.is_in_memory());
    }
}

BOOST_AUTO_TEST_CASE(half_an_answer_leaves_nothing_behind)
{
    const server_process as(*this);
    BOOST_TEST((exchange(*this, as.url("/half"), false) == core::verdict::in_doubt));
    BOOST_TEST(!any_in_memory());
}

BOOST_AUTO_TEST_CASE(an_exchange_over_tls_leaves_nothing_behind)
{
    test_pki pki;
    pki.issue("server", {});
    const server_process as(*this, &pki);
    tls_options tls;
    tls.trust_roots_file = pki.roots_file();
    BOOST_TEST((exchange(*this, as.url("/whole"), true, tls) == core::verdict::ok));
    BOOST_TEST(!any_in_memory());
}

BOOST_AUTO_TEST_CASE(a_source_and_its_client_leave_nothing_behind)
{
    const server_process server(*this);
    unsigned status = 0;
    std::thread([&] { // a thread may keep the tokens it saw last
        asio::io_context context;
        const auto client = registration(server.url("/token"));
        source_options options;
        options.allowed_origins = {server.url("")};
        const token_source tokens(context.get_executor(), client.registration, client.held, std::move(options));
        http_client api(tokens);
        asio::co_spawn(context, call(api, server.url("/api")), [&](std::exception_ptr, unsigned s) {
            status = s;
            tokens.close();
            api.close();
        });
        context.run();
        BOOST_TEST(tokens.status().token_requests == 2u);
    })
        .join();
    BOOST_TEST(status == 200u);
    BOOST_TEST(!any_in_memory());
}

BOOST_AUTO_TEST_SUITE_END()
