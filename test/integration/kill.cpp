// A process that uses tokens of a real authorization server is killed (kill -9) and started again, many times: at
// random, and at each point of the exchange. oidc-provider rotates on every use, grants no second use, and answers one
// by ending the whole grant. So one thing is lost that nobody could save: a successor that the server handed out and
// that died with its only reader. Everything else must go on without a failed call.

#include "support/authorization_server.hpp"
#include "support/child_program.hpp"
#include "support/run.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

// How often it is killed: the argument after "--", 12 unless given.
unsigned wanted_kills()
{
    const auto& suite = boost::unit_test::framework::master_test_suite();
    return suite.argc > 1 ? static_cast<unsigned>(std::stoul(suite.argv[1])) : 12;
}

class killing {
public:
    // One life. Empty `point`: killed from outside at a random time.
    void live_and_die(const std::string& point)
    {
        start({"KILL_AT=" + point});
        const auto life = point.empty() ? std::chrono::milliseconds(random_() % 5000) : 60'000ms;
        listen(steady::now() + life);
        BOOST_TEST((child_->ended() || point.empty()), "it did not reach the point " << point);
        child_->send(SIGKILL);
        BOOST_TEST(child_->wait() == SIGKILL);
        listen(steady::now() + 10s); // what it said before
        child_.reset();
        std::this_thread::sleep_for(400ms); // until the server has done what it was asked for, or noticed the end
        look_for_loss(point);
    }
    // The last life ends as programs do.
    void live_and_end()
    {
        start({});
        for (int i = 0; i < 60 && (lost_ || i < 8); ++i) listen(steady::now() + 500ms);
        BOOST_TEST(!lost_, "the loss was not noticed");
        child_->send(SIGTERM);
        listen(steady::now() + 30s);
        BOOST_TEST(child_->ended());
        BOOST_TEST(child_->wait() == 0);
        BOOST_TEST(calls_ > 0u);
        BOOST_TEST(as_.reuse_events() <= losses_); // one for each answer that died with its reader, none else
        BOOST_TEST(reports_ == losses_);
        BOOST_TEST_MESSAGE(losses_ << " answers died with their reader, " << as_.token_requests() << " rotations");
    }
    unsigned losses() const { return losses_; }

private:
    void start(std::vector<std::string> settings)
    {
        child_ = std::make_unique<child_program>(std::vector<std::string>{KILL_CHILD, as_.token_endpoint(),
                                                                          as_.url("/api/whoami"), as_.issuer(), store(),
                                                                          first_},
                                                 settings);
    }
    std::string store() const { return directory_ / "tokens.db"; }

    void listen(steady::time_point until)
    {
        while (const auto line = child_->read_line(until)) {
            if (line->starts_with("lost ")) {
                if (!lost_ && may_be_lost_) found_loss(); // the server had not handled it yet when we looked
                BOOST_TEST(lost_, "a grant was lost without a reason: " << *line);
                BOOST_TEST(*line == "lost " + make_error_code(errc::rotation_in_doubt).message());
                if (!std::exchange(told_, true)) ++reports_;
                child_->write_line(as_.mint().refresh_token);
            } else if (*line == "healed") {
                lost_ = told_ = may_be_lost_ = false;
            } else if (line->starts_with("calls ")) {
                calls_ = std::stoul(line->substr(6));
            } else {
                BOOST_ERROR(*line); // a call of a living process failed
            }
        }
    }
    // Is the refresh token that is stored still the one that the server takes? Asked without presenting it.
    void look_for_loss(const std::string& point)
    {
        chain_record record;
        {
            const auto file = make_sqlite_token_store({.path = store()});
            asio::io_context context;
            store_command load(store_command::kind::load);
            record = run(context, file->execute("default", load)).record;
        }
        if (record.refresh_token.empty()) return; // it died before it began
        // Sent and not committed: nothing but that loses a token.
        may_be_lost_ = record.intent.rt_hash == record.rt_hash && point != "intent_written";
        const bool active = is_active(std::string(record.refresh_token.reveal()));
        if (active) lost_ = told_ = false; // also when it died right after it was healed
        if (active || lost_) return;
        BOOST_TEST(may_be_lost_, "lost without an intent");
        BOOST_TEST(point != "committed");
        found_loss();
    }
    void found_loss()
    {
        lost_ = true;
        ++losses_;
    }
    // RFC 7662 2.1
    bool is_active(const std::string& token)
    {
        const std::string body = "token_type_hint=refresh_token&token=" + token;
        const std::string answer = loopback_exchange(
            as_.port(), "POST /token/introspection HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(as_.port()) +
                            "\r\nAuthorization: Basic YmFzaWM6YmFzaWMtc2VjcmV0\r\nConnection: close\r\n"
                            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
        BOOST_REQUIRE(answer.find("\"active\":") != std::string::npos);
        return answer.find("\"active\":true") != std::string::npos;
    }

    authorization_server as_{{"AT_TTL", "5"}, {"LATENCY_MS", "60"}, {"ANSWER_DELAY_MS", "100"}};
    const std::string first_ = as_.mint().refresh_token;
    const temp_directory directory_;
    std::unique_ptr<child_program> child_;
    std::minstd_rand random_{std::random_device()()};
    bool lost_{};        // the process to come will find its refresh token spent
    bool told_{};        // ... and has said so
    bool may_be_lost_{}; // the one before died between the intent and the commit
    unsigned losses_{}, reports_{};
    unsigned long calls_{};
};

} // namespace

BOOST_AUTO_TEST_CASE(a_killed_process_loses_no_call_and_no_token_but_an_answer_that_died_with_its_reader)
{
    const std::string points[] = {"intent_written", "bytes_sent", "rotated", "answer_read", "committed"};
    killing k;
    const unsigned kills = wanted_kills();
    unsigned lost_answers = 0;
    for (unsigned i = 0; i < kills; ++i) {
        const std::string point = i % 2 ? points[(i / 2) % std::size(points)] : std::string();
        BOOST_TEST_CONTEXT("kill " << i << " at " << (point.empty() ? "random" : point))
        {
            const unsigned before = k.losses();
            k.live_and_die(point);
            if (point == "answer_read" && k.losses() > before) ++lost_answers;
        }
    }
    k.live_and_end();
    BOOST_TEST((lost_answers > 0 || kills < 8)); // this test does kill where it hurts
}
