// A request that could say something else to the server than to us is refused before a byte of it is sent: there is not
// even a connection.
#include "http/http1_client.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::string_literals;
using http::http1_client;

namespace {

const std::string splitters[] = {"\r",  "\n",          "\r\n",
                                 "\0"s, "\r\nEvil: 1", "\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n"};
const std::string controls[] = {"\x01", "\t", "\v", "\f", "\x1b", "\x1f", "\x7f"};

struct fixture {
    asio::io_context context;
    raw_server server{keep_answering()};
    http1_client client{context.get_executor(), {}, without_sweep()};

    void refused(http_request request)
    {
        const std::string what = request.method() + ' ' + request.url();
        const transport_outcome outcome = run(context, client.send(request, {}));
        BOOST_TEST(outcome.ec == errc::invalid_argument, what << ": " << outcome.ec);
        BOOST_TEST(!outcome.sent);
    }
    void refused_url(const std::string& url) { refused(http_request("GET", url)); }
    std::string origin() const { return server.url(""); }
    ~fixture()
    {
        BOOST_TEST(server.connections() == 0u);
        BOOST_TEST(!run(context, client.send(http_request("GET", server.url("/")))).ec); // it would have been heard
        BOOST_TEST(server.connections() == 1u);
    }
};

// Where an injection may stand.
std::vector<std::string> around(const std::string& text, const std::string& evil)
{
    return {evil + text, text.substr(0, 1) + evil + text.substr(1), text + evil};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(refused_requests, fixture)

BOOST_AUTO_TEST_CASE(a_method_is_a_token)
{
    for (const auto& evil : splitters)
        for (const auto& method : around("GET", evil)) refused(http_request(method, server.url("/")));
    for (const auto& evil : controls)
        for (const auto& method : around("GET", evil)) refused(http_request(method, server.url("/")));
    for (const auto* method :
         {"", " ", "GET ", " GET", "G T", "GET /evil HTTP/1.1", "GET:", "G\"ET", "G\xc3\x89T", "CONNECT"})
        refused(http_request(method, server.url("/")));
}

BOOST_AUTO_TEST_CASE(a_target_ends_no_line_and_no_word)
{
    for (const auto& evil : splitters)
        for (const char* const part : {"/me", "/me?a=b", "/?a=b"})
            for (const auto& target : around(part, evil)) refused_url(origin() + target);
    for (const auto& evil : controls)
        for (const auto& target : around("/me?a=b", evil)) refused_url(origin() + target);
    for (const auto* target : {"/a b", "/?a b", "/ HTTP/1.1", "/\xc3\xa4", "/\x80"}) refused_url(origin() + target);
}

BOOST_AUTO_TEST_CASE(a_fragment_is_no_place_for_it_either)
{
    for (const auto& evil : splitters) refused_url(origin() + "/#" + evil);
}

BOOST_AUTO_TEST_CASE(a_host_is_a_host)
{
    const std::string port = ':' + std::to_string(server.port()) + '/';
    for (const auto& evil : splitters)
        for (const auto& host : around("127.0.0.1", evil)) refused_url("http://" + host + port);
    for (const auto& evil : controls)
        for (const auto& host : around("localhost", evil)) refused_url("http://" + host + port);
    for (const auto* host : {"", " ", "local host", "localhost ", " localhost", "local\"host", "<localhost>",
                             "local%0d%0ahost", "local%00host", "[::1", "[127.0.0.1]", "[::1%0d]", "localhost\\evil"})
        refused_url("http://" + std::string(host) + port);
}

BOOST_AUTO_TEST_CASE(a_port_is_a_number_of_a_port)
{
    for (const auto* p : {":0", ":65536", ":99999999999", ":-1", ":8x", ": 80", ":80 ", ":80\r\n", ":0x50"})
        refused_url("http://127.0.0.1"s + p + "/");
}

BOOST_AUTO_TEST_CASE(a_scheme_is_http_or_https)
{
    const std::string rest = "://127.0.0.1:" + std::to_string(server.port()) + "/";
    for (const auto* scheme : {"", "ftp", "file", "ws", "gopher", "unix", "http\r\n", " http"})
        refused_url(scheme + rest);
    for (const auto* url : {"", "/", "//127.0.0.1/", "http:/127.0.0.1/", "http:", "http://", "127.0.0.1"})
        refused_url(url);
}

BOOST_AUTO_TEST_CASE(a_name_of_a_field_is_a_token)
{
    for (const auto& evil : splitters)
        for (const auto& name : around("X-Id", evil)) refused(http_request("GET", server.url("/")).field(name, "1"));
    for (const auto& evil : controls)
        for (const auto& name : around("X-Id", evil)) refused(http_request("GET", server.url("/")).field(name, "1"));
    for (const auto* name : {"", " ", "X ", " X", "X Y", "X:", ":X", "X(Y)", "X\"", "X\xc3\xa4"})
        refused(http_request("GET", server.url("/")).field(name, "1"));
}

BOOST_AUTO_TEST_CASE(a_value_of_a_field_ends_no_line)
{
    for (const auto& evil : splitters)
        for (const auto& value : around("abc", evil))
            refused(http_request("POST", server.url("/")).field("X-Id", value).body("b"));
    for (const auto& evil : controls)
        if (evil != "\t")
            for (const auto& value : around("abc", evil))
                refused(http_request("GET", server.url("/")).field("X", value));
    for (const auto* name : {"Authorization", "Cookie", "Accept", "Content-Type", "User-Agent"})
        refused(http_request("GET", server.url("/")).field(name, "a\r\nEvil: 1"));
}

BOOST_AUTO_TEST_CASE(framing_is_not_for_the_caller_to_say)
{
    for (const auto* name :
         {"Content-Length", "content-length", "Transfer-Encoding", "Host", "TE", "Trailer", "Upgrade"})
        refused(http_request("POST", server.url("/")).field(name, "5").body("hello"));
}

BOOST_AUTO_TEST_SUITE_END()
