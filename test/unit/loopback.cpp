// FAULTS B11: a listener on loopback takes the answer of this sign-in, and nothing that others on this machine send it.

#include "flow/loopback.hpp"
#include "flow/result_page.hpp"
#include "support/run.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace afresh;
using detail::loopback;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

struct world {
    asio::io_context context;
    std::shared_ptr<loopback> listener =
        std::make_shared<loopback>(context.get_executor(), false, "/callback", "the program");
    std::vector<std::string> taken;
    std::string final_one = "state=good";

    world()
    {
        listener->start([this](std::string said) { return take(this, std::move(said)); });
    }
    static asio::awaitable<loopback::answer> take(world* w, std::string said)
    {
        w->taken.push_back(said);
        loopback::answer a;
        a.is_final = said == w->final_one;
        if (!a.is_final) a.why = "not this one <b>";
        co_return a;
    }
    std::string host() const
    {
        const std::string uri = listener->redirect_uri();
        return uri.substr(7, uri.find('/', 7) - 7);
    }
    tcp::endpoint endpoint() const
    {
        return {asio::ip::address_v4::loopback(), static_cast<unsigned short>(std::stoi(host().substr(10)))};
    }
    static asio::awaitable<std::string> exchange(tcp::endpoint to, std::string request)
    {
        tcp::socket socket(co_await asio::this_coro::executor);
        boost::system::error_code ec;
        co_await socket.async_connect(to, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return "refused";
        co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
        std::string answer;
        co_await asio::async_read(socket, asio::dynamic_buffer(answer), asio::redirect_error(asio::use_awaitable, ec));
        co_return answer;
    }
    std::string ask(const std::string& request) { return test::finish(context, exchange(endpoint(), request)); }
    std::string get(const std::string& target)
    {
        return ask("GET " + target + " HTTP/1.1\r\nHost: " + host() + "\r\n\r\n");
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(B11_what_is_not_the_redirect_reaches_nobody)
{
    world w;
    for (const auto target : {"/", "/callback/", "/Callback?state=good", "//callback?state=good",
                              "/callback%3Fstate=good", "/favicon.ico", "http://127.0.0.1/callback?state=good"})
        BOOST_TEST(w.get(target).starts_with("HTTP/1.1 404"), target);
    // Another name for this machine: a page that had its own name resolve to 127.0.0.1
    BOOST_TEST(
        w.ask("GET /callback?state=good HTTP/1.1\r\nHost: evil.example.com\r\n\r\n").starts_with("HTTP/1.1 404"));
    BOOST_TEST(w.ask("GET /callback?state=good HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    for (const auto method : {"PUT", "DELETE", "OPTIONS", "HEAD"})
        BOOST_TEST(w.ask(method + (" /callback?state=good HTTP/1.1\r\nHost: " + w.host()) + "\r\n\r\n")
                       .starts_with("HTTP/1.1 404"),
                   method);
    for (const std::string& garbage :
         {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("\x16\x03\x01 TLS\r\n\r\n"),
          "GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\n\r\n"})
        BOOST_TEST(!w.ask(garbage).starts_with("HTTP/1.1 200"));
    BOOST_TEST(w.taken.empty());
    BOOST_TEST(w.get("/callback?state=good").starts_with("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(B11_who_comes_first_with_something_else_does_not_end_it)
{
    world w;
    const std::string bad = w.get("/callback?state=guess");
    BOOST_TEST(bad.starts_with("HTTP/1.1 400"));
    BOOST_TEST(bad.find("not this one &lt;b&gt;") != std::string::npos);
    // Ten that connect and say nothing
    std::vector<tcp::socket> silent;
    for (int i = 0; i < 10; ++i) silent.emplace_back(w.context).connect(w.endpoint());
    const std::string good = w.get("/callback?state=good");
    BOOST_TEST(good.starts_with("HTTP/1.1 200"));
    BOOST_TEST(good.find("You are signed in") != std::string::npos);
    for (const auto field : {"Content-Security-Policy: default-src 'none'", "Referrer-Policy: no-referrer",
                             "Cache-Control: no-store", "Connection: close", "X-Content-Type-Options: nosniff"})
        BOOST_TEST(good.find(field) != std::string::npos, field);
    // And that was the last one.
    BOOST_TEST(w.get("/callback?state=good") == "refused");
    BOOST_TEST(w.taken.size() == 2u);
}

BOOST_AUTO_TEST_CASE(B11_nobody_else_may_bind_the_port)
{
    world w;
    tcp::acceptor thief(w.context);
    thief.open(tcp::v4());
    boost::system::error_code ec;
    thief.set_option(tcp::acceptor::reuse_address(true));
    thief.bind(w.endpoint(), ec);
    BOOST_TEST((ec == asio::error::address_in_use));
}

BOOST_AUTO_TEST_CASE(a_form_is_taken_as_a_query_is)
{
    world w;
    const std::string body = "state=good";
    const std::string answer =
        w.ask("POST /callback HTTP/1.1\r\nHost: " + w.host() +
              "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
    BOOST_TEST(answer.starts_with("HTTP/1.1 200"));
    BOOST_TEST((w.taken == std::vector<std::string>{"state=good"}));
}

BOOST_AUTO_TEST_CASE(the_page_shows_text_as_text)
{
    const std::string page = detail::result_page("<script>alert(1)</script>", "a \"quoted\" & <i>bad</i> reason");
    BOOST_TEST(page.find("<script") == std::string::npos);
    BOOST_TEST(page.find("<i>") == std::string::npos);
    BOOST_TEST(page.find("&quot;quoted&quot; &amp; &lt;i&gt;") != std::string::npos);
    BOOST_TEST(page.find("You are not signed in") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_may_be_abandoned_at_each_step)
{
    for (int steps = 0; steps < 12; ++steps) {
        world w;
        tcp::socket client(w.context);
        client.connect(w.endpoint());
        const std::string request = "GET /callback?state=good HTTP/1.1\r\nHost: " + w.host() + "\r\n\r\n";
        asio::write(client, asio::buffer(request));
        for (int i = 0; i < steps; ++i) w.context.run_one_for(std::chrono::milliseconds(20));
        if (steps % 2) w.listener->close();
    }
}
