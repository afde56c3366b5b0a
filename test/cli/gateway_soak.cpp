// The gateway under load while everything around it and it itself is restarted: tokens rotate and are revoked in bursts,
// authorization servers die, stall and come back, the API restarts, the configuration is reloaded. Every answer is
// compared with what was asked, and a request may fail only where there was no way to serve it.
//
// Arguments: seconds, seed, milliseconds between two requests of a caller.
#include "gateway_process.hpp"
#include "support/client_fixture.hpp"

#include <afresh/http_body.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

// Two routes: tokens of a machine, whose server is killed; and of a user, whose refresh token rotates at another, which
// forgets nothing and is only stalled.
enum kind : unsigned { machine, user };
constexpr std::array<const char*, 2> profiles{"machine", "user"};

std::uint16_t free_port()
{
    asio::io_context context;
    const asio::ip::tcp::acceptor a(context, asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    return a.local_endpoint().port();
}

// Answers with what was asked, and knows which tokens are no good any more.
class api {
public:
    api() { start(); }
    std::uint16_t port() const { return port_; }
    void restart()
    {
        server_.reset();
        start();
    }
    void revoke_all_of(kind k)
    {
        const std::lock_guard lock(mutex_);
        revoked_.insert(seen_[k].begin(), seen_[k].end());
        seen_[k].clear();
    }
    std::size_t refused() const { return refused_; }

private:
    void start()
    {
        server_ = std::make_unique<raw_server>([this](raw_peer& peer) {
            for (std::string head = peer.read_head(); !head.empty(); head = peer.read_head())
                if (!answer(peer, head)) return;
        });
        port_ = server_->port();
    }
    // False: the connection is over.
    bool answer(raw_peer& peer, const std::string& head)
    {
        const bool chunked = head.find("Transfer-Encoding: chunked") != std::string::npos;
        if (!is_good(head)) {
            const std::string_view why = "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n";
            if (chunked) { // no more than the header need be read for that
                peer.write(text_answer("401 Unauthorized", "no", std::string(why) + "Connection: close\r\n"));
                peer.drain();
                return false;
            }
            peer.read_body(head);
            peer.write(text_answer("401 Unauthorized", "no", std::string(why)));
            return true;
        }
        const std::string body = peer.read_body(head);
        const std::string line = line_of(head);
        peer.write(text_answer("200 OK", line.substr(0, line.rfind(' ')) + "|" + (chunked ? unchunked(body) : body)));
        return true;
    }
    bool is_good(const std::string& head)
    {
        const std::string token = token_in(head);
        const kind k = head.find(" /user/") != std::string::npos ? user : machine;
        const std::lock_guard lock(mutex_);
        if (token.empty() || revoked_.contains(token)) {
            ++refused_;
            return false;
        }
        seen_[k].insert(token);
        return true;
    }

    std::unique_ptr<raw_server> server_;
    std::uint16_t port_{};
    std::mutex mutex_;
    std::array<std::set<std::string>, 2> seen_;
    std::set<std::string> revoked_;
    std::atomic<std::size_t> refused_{};
};

// The time in which a request may fail.
class excuses {
public:
    void until(kind k, clock_type::time_point t) { at_[k] = std::max(at_[k].load(), t.time_since_epoch().count()); }
    bool covers(kind k, clock_type::time_point begun) const { return begun.time_since_epoch().count() < at_[k]; }

private:
    std::array<std::atomic<clock_type::rep>, 2> at_{};
};

struct score {
    std::atomic<std::size_t> right{}, excused{}, wrong{};
    std::mutex mutex;
    std::map<std::string, std::size_t> why;
    void add_wrong(const std::string& what)
    {
        ++wrong;
        const std::lock_guard lock(mutex);
        ++why[what];
    }
};

// How many revocations a source follows at once: `refresh_policy::forced_burst` and `forced_interval`. Beyond that a 401
// is the caller's, so that a resource that always says 401 does not bring endless token requests about.
class revocations {
public:
    bool may_follow()
    {
        const auto now = clock_type::now();
        if (last_ != clock_type::time_point())
            left_ = std::min(3.0, left_ + std::chrono::duration<double>(now - last_).count() / 30);
        last_ = now;
        if (left_ < 1) return false;
        left_ -= 1;
        return true;
    }

private:
    double left_ = 3;
    clock_type::time_point last_{};
};

class soak {
public:
    soak(unsigned seed, std::chrono::milliseconds pause) : pause_(pause), chance_(seed)
    {
        as_port_ = free_port();
        start_machine_server();
        user_server_ = std::make_unique<authorization_server>(
            std::initializer_list<authorization_server::environment::value_type>{{"AT_TTL", "10"}});
        const std::string secret = home_.write("secret", "basic-secret");
        const std::string refresh = home_.write("refresh", user_server_->mint().refresh_token);
        const std::string basic = R"("client_id": "basic", "client_authentication": "client_secret_basic", )"
                                  R"("client_secret": {"file": ")" +
                                  secret + "\"}";
        profiles_ = R"("machine": {)" + basic + R"(, "grant": "client_credentials", "issuer": ")" +
                    machine_server_->issuer() + R"("}, "user": {)" + basic + R"(, "refresh_token": {"file": ")" +
                    refresh + R"("}, "issuer": ")" + user_server_->issuer() + "\"}";
        for (auto& p : ports_) p = free_port();
        configure();
        start_gateway();
        for (const kind k : {machine, user}) wait_for_service(k);
    }

    void run(std::chrono::seconds time)
    {
        std::vector<std::thread> callers;
        for (unsigned i = 0; i < 6; ++i) callers.emplace_back([this, i] { call(i); });
        const auto end = clock_type::now() + time;
        std::map<std::string, unsigned> done;
        while (clock_type::now() < end) {
            const std::string what = trouble();
            ++done[what];
            {
                const std::lock_guard lock(result.mutex);
                last_trouble_ = what;
            }
            std::this_thread::sleep_for(2s);
        }
        over_ = true;
        for (std::thread& c : callers) c.join();
        gateway_->send(SIGTERM);
        BOOST_TEST(gateway_->wait() == 0);
        for (const auto& [what, times] : done) std::printf("%4u x %s\n", times, what.c_str());
    }

    score result;
    std::size_t reused() { return user_server_->reuse_events(); }
    std::size_t recovered() const { return api_.refused(); }

private:
    void configure() const
    {
        std::string routes;
        for (const kind k : {machine, user})
            routes += std::string(k == machine ? "" : ", ") + R"({"listen": "127.0.0.1:)" + std::to_string(ports_[k]) +
                      R"(", "profile": ")" + profiles[k] + R"(", "target": "http://127.0.0.1:)" +
                      std::to_string(api_.port()) + "\"}";
        home_.configure(profiles_,
                        R"(, "gateway": {"threads": 2, "log_requests": "none", "routes": [)" + routes + "]}");
    }
    void start_gateway()
    {
        gateway_ = std::make_unique<child_program>(
            std::vector<std::string>{"/bin/sh", "-c", "exec " + home_.command("gateway") + " 2>/dev/null"},
            std::vector<std::string>{});
        for (int i = 0; i < 300; ++i) {
            boost::system::error_code ec;
            asio::io_context context;
            asio::ip::tcp::socket probe(context);
            probe.connect({asio::ip::make_address("127.0.0.1"), ports_[user]}, ec);
            if (!ec) return;
            std::this_thread::sleep_for(20ms);
        }
        BOOST_FAIL("the gateway does not listen");
    }
    // Only who holds a token can do without its server.
    void wait_for_service(kind k) const
    {
        client_fixture mine;
        const http_request r("GET", "http://127.0.0.1:" + std::to_string(ports_[k]) + "/" + profiles[k] + "/first");
        for (int i = 0; i < 100; ++i) {
            if (mine.send(r).response.status() == 200) return;
            std::this_thread::sleep_for(100ms);
        }
        BOOST_FAIL("no token was ever had");
    }
    void start_machine_server()
    {
        machine_server_ =
            std::make_unique<authorization_server>(std::initializer_list<authorization_server::environment::value_type>{
                {"AT_TTL", "30"}, {"PORT", std::to_string(as_port_)}});
    }
    void excuse(kind k, clock_type::duration time) { excuses_.until(k, clock_type::now() + time); }

    // One thing that happens to servers.
    std::string trouble()
    {
        const int which = std::uniform_int_distribution<>(0, 7)(chance_);
        const bool revokes = which == 2 || which == 3 || which == 5;
        if (revokes && !followed_[which == 3 ? user : machine].may_follow()) return "nothing";
        switch (which) {
        case 0:
        case 1: gateway_->send(SIGHUP); return "reload";
        case 2: api_.revoke_all_of(machine); return "machine's tokens revoked";
        case 3: api_.revoke_all_of(user); return "user's tokens revoked";
        case 4: // a token is held that is good for longer: nobody is to notice
            machine_server_->kill();
            std::this_thread::sleep_for(1s);
            start_machine_server();
            return "authorization server restarted";
        case 5: // and now there is no other token: a 401 is the caller's then
            machine_server_->kill();
            excuse(machine, 20s);
            api_.revoke_all_of(machine);
            std::this_thread::sleep_for(3s);
            start_machine_server();
            excuse(machine, 20s); // the next attempt comes after half of the token's life at the latest
            return "authorization server restarted amid a revocation";
        case 6:
            ::kill(user_server_->pid(), SIGSTOP);
            std::this_thread::sleep_for(1s);
            ::kill(user_server_->pid(), SIGCONT);
            return "authorization server stalled";
        default: break;
        }
        for (const kind k : {machine, user}) excuse(k, 10s);
        if (std::uniform_int_distribution<>(0, 1)(chance_) == 0) {
            gateway_->send(SIGTERM);
            BOOST_TEST(gateway_->wait() == 0);
            start_gateway();
            return "gateway restarted";
        }
        api_.restart(); // on another port
        configure();
        gateway_->send(SIGHUP);
        return "API moved";
    }

    std::string last_trouble()
    {
        const std::lock_guard lock(result.mutex);
        return last_trouble_;
    }

    // Most are short; some have many pieces. Each has its own bytes.
    static std::string body_for(const std::string& path, unsigned n)
    {
        const std::size_t size = n % 30 == 0 ? n * 7919 % 300'000 : n % 5000;
        std::string body;
        while (body.size() < size) body += path;
        body.resize(size);
        return body;
    }
    // Of a length that nobody knows before.
    static std::shared_ptr<body_source> unannounced(std::string body)
    {
        const auto given = std::make_shared<bool>();
        return make_generator_body(
            [given, body = std::move(body)]() -> asio::awaitable<std::string> {
                std::string piece = std::exchange(*given, true) ? "" : body;
                co_return piece;
            },
            [given] { *given = false; });
    }

    void call(unsigned number)
    {
        client_fixture mine;
        mine.options.limits.connect = 2s;
        for (unsigned n = 0; !over_; ++n) {
            const kind k = n % 2 == 0 ? machine : user;
            const std::string path =
                std::string("/") + profiles[k] + "/" + std::to_string(number) + "/" + std::to_string(n);
            http_request r(n % 3 == 0 ? "POST" : "GET", "http://127.0.0.1:" + std::to_string(ports_[k]) + path);
            const std::string body = n % 3 == 0 ? body_for(path, n) : "";
            if (n % 60 == 0)
                r.body(unannounced(body));
            else if (!body.empty())
                r.body(body);
            std::this_thread::sleep_for(pause_);
            const auto begun = clock_type::now();
            const transport_outcome o = mine.send(r);
            const std::string wanted = r.method() + " " + path + "|" + body;
            if (!o.ec && o.response.status() == 200 && o.response.body() == wanted)
                ++result.right;
            else if (!o.ec && o.response.status() == 200)
                result.add_wrong("the answer to something else");
            else if (excuses_.covers(k, begun))
                ++result.excused;
            else
                result.add_wrong(std::string(profiles[k]) + ", after " + last_trouble() + ": " +
                                 (o.ec ? o.ec.message() + " " + o.detail
                                       : std::to_string(o.response.status()) + " " + o.response.body()));
        }
    }

    const std::chrono::milliseconds pause_;
    std::mt19937 chance_;
    home home_;
    api api_;
    std::uint16_t as_port_{};
    std::unique_ptr<authorization_server> machine_server_, user_server_;
    std::string profiles_;
    std::array<std::uint16_t, 2> ports_{};
    std::unique_ptr<child_program> gateway_;
    excuses excuses_;
    std::array<revocations, 2> followed_;
    std::string last_trouble_; // under the result's mutex
    std::atomic<bool> over_{};
};

} // namespace

BOOST_AUTO_TEST_CASE(no_answer_is_wrong)
{
    const auto& suite = boost::unit_test::framework::master_test_suite();
    const std::chrono::seconds time(suite.argc > 1 ? std::atoi(suite.argv[1]) : 20);
    const unsigned seed = suite.argc > 2 ? static_cast<unsigned>(std::atoi(suite.argv[2])) : std::random_device{}();
    std::printf("seed %u\n", seed);
    const std::chrono::milliseconds pause(suite.argc > 3 ? std::atoi(suite.argv[3]) : 0);
    soak s(seed, pause);
    s.run(time);
    std::printf("%zu right, %zu excused, %zu wrong; %zu refused by the API; %zu reused refresh tokens\n",
                s.result.right.load(), s.result.excused.load(), s.result.wrong.load(), s.recovered(), s.reused());
    for (const auto& [what, times] : s.result.why) std::printf("%6zu x %s\n", times, what.c_str());
    BOOST_TEST(s.result.wrong == 0u);
    BOOST_TEST(s.result.right > 100u);
    BOOST_TEST(s.reused() == 0u);
}
