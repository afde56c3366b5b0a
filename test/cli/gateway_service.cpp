// `afresh gateway` as a service: it is reloaded under its callers, looks at who calls, takes systemd's sockets, has
// several threads, speaks oidc-agent's language, and tells its operator what happens.

#include "gateway_process.hpp"
#include "support/client_fixture.hpp"

#include "cli/gateway/agent_channel.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <thread>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

// A conversation over a UNIX socket, message by message.
class local_client {
public:
    explicit local_client(const std::string& path) : socket_(context_)
    {
        socket_.connect(asio::local::stream_protocol::endpoint(path));
    }
    void write(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
    std::string read()
    {
        std::array<char, 65536> room{};
        boost::system::error_code ec;
        const std::size_t n = socket_.read_some(asio::buffer(room), ec);
        return {room.data(), n};
    }

private:
    asio::io_context context_;
    asio::local::stream_protocol::socket socket_;
};

json::object ask_agent(const std::string& socket, const std::string& question)
{
    local_client agent(socket);
    agent.write(question);
    return json::parse(agent.read()).as_object();
}

std::string text_of(const json::object& o, std::string_view name)
{
    return o.contains(name) ? std::string(o.at(name).as_string()) : std::string();
}

} // namespace

BOOST_AUTO_TEST_CASE(a_reload_changes_what_is_served_and_breaks_nothing_off)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen, seen_then;
    raw_server before(answering(seen, [](const std::string&) { return text_answer("200 OK", "before"); }));
    raw_server after(answering(seen_then, [](const std::string&) { return text_answer("200 OK", "after"); }));
    gateway_process g(robot(as), before.url(""));
    // One connection, kept over the reload; and others, which come all the time.
    std::atomic<bool> over{};
    std::atomic<unsigned> wrong{}, right{};
    std::thread busy([&] {
        while (!over) {
            const std::string answer = g.get("/");
            (answer.ends_with("before") || answer.ends_with("after") ? right : wrong)++;
        }
    });
    client_fixture kept;
    const std::string url = "http://127.0.0.1:" + std::to_string(g.port) + "/";
    BOOST_TEST(kept.get(url).response.body() == "before");
    g.target = after.url("");
    g.configure();
    g.program->send(SIGHUP);
    g.line_with("reloaded");
    BOOST_TEST(kept.get(url).response.body() == "after");
    BOOST_TEST(kept.client().metrics().origins.at(0).opened == 1u);
    // What cannot be served changes nothing, and is told.
    g.where.write("config.json", "{\n  \"profiles\": {},\n}");
    g.program->send(SIGHUP);
    const std::string refused = g.line_with("reload refused");
    BOOST_TEST(refused.find("config.json:") != std::string::npos, refused);
    BOOST_TEST(g.get("/").ends_with("after"));
    BOOST_TEST(g.ask("/status.json").find("\"refused_reload\":") != std::string::npos);
    // Listeners come and go.
    g.configure({}, R"("tokens": "unix:)" + g.where.file("tokens") + R"(", )");
    g.program->send(SIGHUP);
    g.line_with("reloaded");
    BOOST_TEST(std::filesystem::exists(g.where.file("tokens")));
    BOOST_TEST(g.ask("/status.json").find("\"refused_reload\":") == std::string::npos);
    g.configure();
    g.program->send(SIGHUP);
    g.line_with("listening no more");
    g.line_with("reloaded");
    BOOST_TEST(!std::filesystem::exists(g.where.file("tokens")));
    over = true;
    busy.join();
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(right > 0u);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(several_threads_serve_and_count_together)
{
    authorization_server as({{"AT_TTL", "3"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string&) { return text_answer("200 OK", "hello"); }));
    gateway_process g(robot(as), api.url(""), {}, R"("threads": 3, )");
    std::vector<std::thread> callers;
    std::atomic<unsigned> right{};
    for (int i = 0; i < 6; ++i)
        callers.emplace_back([&] {
            for (int n = 0; n < 50; ++n)
                if (g.get("/").ends_with("hello")) ++right;
        });
    g.configure({}, R"("threads": 3, )");
    g.program->send(SIGHUP);
    for (std::thread& c : callers) c.join();
    BOOST_TEST(right == 300u);
    const std::string metrics = g.ask("/metrics");
    BOOST_TEST(metrics.find("code=\"2xx\"} 300\n") != std::string::npos, metrics);
    BOOST_TEST(g.ask("/readyz").find("\"ready\":true") != std::string::npos);
    // One series for one API, however many clients there are.
    const std::string series = "afresh_http_client_connections_opened_total{";
    BOOST_TEST(metrics.find(series) == metrics.rfind(series), metrics);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(clients_of_oidc_agent_get_tokens)
{
    authorization_server as({{"AT_TTL", "60"}});
    const temp_directory directory;
    const std::string socket = directory / "agent";
    gateway_process g(robot(as), as.issuer(), {}, R"("tokens": "unix:)" + socket + R"(",)");
    g.line_with("for=tokens");
    const json::object token =
        ask_agent(socket, R"({"request":"access_token","account":"robot","min_valid_period":5})");
    BOOST_TEST(text_of(token, "status") == "success");
    BOOST_TEST(text_of(token, "issuer") == as.issuer());
    BOOST_TEST(text_of(token, "access_token").size() > 20u);
    BOOST_TEST(token.at("expires_at").as_int64() > std::time(nullptr));
    const std::string value = text_of(token, "access_token");
    const json::object by_issuer = ask_agent(socket, R"({"request":"access_token","issuer":")" + as.issuer() + "\"}");
    BOOST_TEST(text_of(by_issuer, "access_token") == value);
    BOOST_TEST(ask_agent(socket, R"({"request":"loaded_accounts"})").at("info").as_array().at(0).as_string() ==
               "robot");
    for (const char* bad : {R"({"request":"access_token","account":"other"})", R"({"request":"add"})", "{}",
                            R"({"request":"access_token","account":"robot","scope":"more"})",
                            R"({"request":)"
                            "\n}",
                            R"({"request":"access_token","issuer":"https://elsewhere.example.com"})"})
        BOOST_TEST(text_of(ask_agent(socket, bad), "status") == "failure", bad);
    // As oidc-token asks: in secret.
    std::array<unsigned char, 32> pk{}, sk{}, shared{}, theirs{};
    crypto_box_keypair(pk.data(), sk.data());
    std::array<char, 45> text{};
    sodium_bin2base64(text.data(), text.size(), pk.data(), pk.size(), sodium_base64_VARIANT_ORIGINAL);
    local_client agent(socket);
    agent.write(text.data());
    const std::string key = agent.read();
    BOOST_REQUIRE(key.size() == 44u);
    BOOST_REQUIRE(sodium_base642bin(theirs.data(), theirs.size(), key.data(), key.size(), nullptr, nullptr, nullptr,
                                    sodium_base64_VARIANT_ORIGINAL) == 0);
    BOOST_REQUIRE(crypto_box_beforenm(shared.data(), theirs.data(), sk.data()) == 0);
    const cli::agent_channel ours(shared);
    agent.write(ours.seal(R"({"request":"access_token","account":"robot"})"));
    const auto answer = ours.open(agent.read());
    BOOST_REQUIRE(answer);
    BOOST_TEST(text_of(json::parse(*answer).as_object(), "access_token") == value);
    local_client liar(socket);
    liar.write(text.data());
    liar.read();
    liar.write(cli::agent_channel(pk).seal("{}"));
    BOOST_TEST(ours.open(liar.read()).has_value() == false);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(callers_of_a_unix_socket_are_looked_at)
{
    if (::geteuid() != 0) { // only root can be somebody else
        BOOST_TEST_MESSAGE("not run: needs root");
        return;
    }
    authorization_server as({{"AT_TTL", "60"}});
    char name[] = "/tmp/afresh-peers-XXXXXX"; // where others may look
    BOOST_REQUIRE(::mkdtemp(name));
    ::chmod(name, 0755);
    const std::string socket = std::string(name) + "/tokens";
    const auto with = [&](const std::string& users) {
        return R"("tokens": "unix:)" + socket + R"(", "allow_users": [)" + users + "], ";
    };
    gateway_process g(robot(as), as.issuer(), {}, with("\"nobody\""));
    g.line_with("for=tokens");
    const auto ask_as = [&](const std::string& user) {
        const std::string out = g.where.file("out");
        const int status = std::system(("setpriv --reuid=" + user + " --clear-groups curl -s --unix-socket " + socket +
                                        " http://x/token >" + out + " 2>&1")
                                           .c_str());
        return std::to_string(WEXITSTATUS(status)) + " " + content(out);
    };
    const std::string allowed = ask_as("nobody");
    BOOST_TEST(allowed.starts_with("0 "), allowed);
    BOOST_TEST(allowed.size() > 20u, allowed);
    const std::string refused = ask_as("daemon");
    BOOST_TEST(refused.find("\"status\":403") != std::string::npos, refused);
    g.line_with("caller refused");
    g.configure({}, with("\"daemon\""));
    g.program->send(SIGHUP);
    g.line_with("reloaded");
    BOOST_TEST(ask_as("nobody").find("\"status\":403") != std::string::npos);
    BOOST_TEST(ask_as("daemon").find("403") == std::string::npos);
    g.configure({}, with(""));
    g.program->send(SIGHUP);
    g.line_with("reloaded");
    BOOST_TEST(!ask_as("daemon").starts_with("0 ")); // the file is closed to them
    g.configure({}, with("\"nobody-knows\""));
    g.program->send(SIGHUP);
    BOOST_TEST(g.line_with("reload refused").find("nobody-knows") != std::string::npos);
    BOOST_TEST(g.stop() == 0);
    std::filesystem::remove_all(name);
}

BOOST_AUTO_TEST_CASE(sockets_may_come_from_systemd)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string&) { return text_answer("200 OK", "hello"); }));
    // As systemd passes it: as descriptor 3.
    asio::io_context context;
    asio::ip::tcp::acceptor open(context, asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    const unsigned short port = open.local_endpoint().port();
    home where;
    const auto configure = [&](const std::string& name) {
        where.configure(robot(as), R"(, "gateway": {"routes": [{"listen": "systemd:)" + name + R"(", "target": ")" +
                                       api.url("") + "\"}]}");
    };
    const auto start = [&] {
        const int fd = open.native_handle();
        ::fcntl(fd, F_SETFD, 0); // the child is to have it
        return std::make_unique<child_program>(
            std::vector<std::string>{"/bin/bash", "-c",
                                     "exec 3<&" + std::to_string(fd) + "; exec env -i HOME=" + where.path +
                                         " AFRESH_CONFIG=" + where.file("config.json") +
                                         " LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=api " AFRESH_COMMAND
                                         " gateway 2>&1"},
            std::vector<std::string>{});
    };
    configure("api");
    {
        const auto program = start();
        const auto line = program->read_line(std::chrono::steady_clock::now() + 30s);
        BOOST_REQUIRE(line);
        BOOST_TEST(line->find("address=systemd:api") != std::string::npos, *line);
        const std::string answer = loopback_exchange(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        BOOST_TEST(answer.ends_with("hello"), answer);
        program->send(SIGTERM);
        BOOST_TEST(program->wait() == 0);
    }
    configure("other");
    const auto program = start();
    const auto line = program->read_line(std::chrono::steady_clock::now() + 30s);
    BOOST_REQUIRE(line);
    BOOST_TEST(line->find("no socket of this name, but api") != std::string::npos, *line);
}

BOOST_AUTO_TEST_CASE(the_log_says_what_happened_and_no_secret)
{
    auto as = std::make_unique<authorization_server>(
        std::initializer_list<authorization_server::environment::value_type>{{"AT_TTL", "4"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string& r) {
        return line_of(r).find("/broken") != std::string::npos ? text_answer("500 Internal Server Error", "")
                                                               : text_answer("200 OK", "hello");
    }));
    gateway_process g(robot(*as), api.url(""), {}, R"("log": "json", "log_requests": "all", )");
    std::string all;
    const auto event = [&](const std::string& what) {
        const std::string line = g.line_with("\"event\":\"" + what + "\"");
        all += line;
        return json::parse(line).as_object();
    };
    BOOST_TEST(text_of(event("token renewed"), "profile") == "robot");
    BOOST_TEST(g.get("/good?password=hunter2").ends_with("hello"));
    BOOST_TEST(status_of(g.get("/broken?password=hunter2")) == "HTTP/1.1 500 Internal Server Error");
    const json::object good = event("request");
    BOOST_TEST(text_of(good, "path") == "/good");
    BOOST_TEST(text_of(good, "status") == "200");
    BOOST_TEST(text_of(good, "level") == "info");
    BOOST_TEST(text_of(good, "time").size() == 20u);
    const json::object broken = event("request failed");
    BOOST_TEST(text_of(broken, "status") == "500");
    BOOST_TEST(text_of(broken, "why") == "the API's own answer");
    as->kill();
    for (int i = 0; i < 40; ++i) { // a token that nobody wants is not renewed
        g.get("/good");
        std::this_thread::sleep_for(100ms);
    }
    BOOST_TEST(text_of(event("token request failed"), "profile") == "robot");
    BOOST_TEST(all.find("hunter2") == std::string::npos);
    BOOST_TEST(all.find(token_in(seen.at(0))) == std::string::npos);
    BOOST_TEST(g.stop() == 0);
}
