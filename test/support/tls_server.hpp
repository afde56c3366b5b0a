#pragma once
// Calls over TLS to a server with a certificate of our own making.

#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"
#include "support/test_pki.hpp"

#include <afresh/http_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace afresh::test {

inline tls_options trusting(const test_pki& pki)
{
    tls_options o;
    o.trust_roots_file = pki.roots_file();
    return o;
}

inline transport_outcome get(const std::string& url, const tls_options& options)
{
    const auto transport = make_http_transport(options);
    asio::io_context context;
    transport_request request(http_request("GET", url));
    request.connect_limit = std::chrono::seconds(5);
    request.exchange_limit = std::chrono::seconds(5);
    return run(context, transport->send(std::move(request)));
}

// Counts the requests that got through.
struct tls_server {
    explicit tls_server(std::shared_ptr<SSL_CTX> context, std::string answer = hello)
        : server(
              [this, answer](raw_peer& peer) {
                  if (!peer.read_request().empty()) ++requests;
                  peer.write(answer);
                  if (goodbye) peer.say_goodbye();
              },
              std::move(context))
    {
    }
    std::atomic<unsigned> requests{};
    std::atomic<bool> goodbye{true};
    raw_server server;
};

// Says why.
inline std::string check_refused(const std::shared_ptr<SSL_CTX>& context, const tls_options& options,
                                 const char* host = "127.0.0.1")
{
    tls_server s(context);
    const auto outcome = get(s.server.url("/", host), options);
    BOOST_TEST(outcome.ec == errc::tls_failed);
    BOOST_TEST(!outcome.sent);
    BOOST_TEST(s.requests == 0u);
    BOOST_TEST(!outcome.detail.empty());
    return outcome.detail;
}

} // namespace afresh::test
