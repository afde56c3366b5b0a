// What the demo measures, judges and draws.
#include "cli/demo/demo_options.hpp"
#include "cli/demo/latency_histogram.hpp"
#include "cli/demo/run_report.hpp"
#include "cli/demo/timeline_svg.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <stdexcept>

using namespace afresh::cli;
using namespace std::chrono_literals;

namespace {

run_report good_run()
{
    run_report r;
    r.seconds = 30;
    r.callers = 2;
    r.totals.calls = 100;
    r.generations = r.token_requests = r.held_generation = r.saved_generation = 7;
    r.server = server_statistics{.token_requests = 7, .rotations = 7, .calls_served = 100};
    r.saved_token_is_current = true;
    return r;
}

real_server complete()
{
    real_server real;
    real.token_endpoint = "https://as.example.com/token";
    real.client_id = "c";
    real.refresh_token_file = "rt";
    real.api = "https://api.example.com/";
    return real;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_thing_that_is_not_as_it_must_be_is_a_fault_of_the_run)
{
    BOOST_TEST(faults_of(good_run()).empty());
    const auto spoilt = [](auto change) {
        run_report r = good_run();
        change(r);
        BOOST_TEST(summary_of(r, terminal()).find("Not well") != std::string::npos);
        return faults_of(r).size();
    };
    BOOST_TEST(spoilt([](run_report& r) { r.totals.failed = 1; }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) { r.totals.calls = 0; }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) { r.server->token_requests = 8; }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) { r.server->rotations = 8; }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) { r.server->reuse_events = 1; }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) { r.saved_generation = 6; }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) { r.saved_token_is_current = false; }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) { r.errors.push_back("shutdown"); }) == 1u);
    BOOST_TEST(spoilt([](run_report& r) {
                   r.server.reset();
                   r.token_requests = 8;
               }) == 1u);
}

BOOST_AUTO_TEST_CASE(a_real_server_without_a_lasting_store_is_refused)
{
    demo_options o;
    o.real = complete();
    BOOST_CHECK_THROW(check(o), std::invalid_argument);
    o.store = "tokens.sqlite";
    BOOST_CHECK_NO_THROW(check(o));
}

BOOST_AUTO_TEST_CASE(a_real_server_that_is_half_described_is_refused)
{
    const auto refused = [](auto change) {
        demo_options o;
        o.real = complete();
        o.store = "tokens.sqlite";
        change(o);
        BOOST_CHECK_THROW(check(o), std::invalid_argument);
    };
    refused([](demo_options& o) { o.real.token_endpoint.clear(); });
    refused([](demo_options& o) { o.real.issuer = "https://as.example.com"; });
    refused([](demo_options& o) { o.real.client_id.clear(); });
    refused([](demo_options& o) { o.real.refresh_token_file.clear(); });
    refused([](demo_options& o) { o.real.api.clear(); });
    refused([](demo_options& o) { o.sabotage = true; });
    refused([](demo_options& o) { o.serve = true; });
}

BOOST_AUTO_TEST_CASE(a_secret_is_the_first_line_of_its_file_without_the_line_end)
{
    const afresh::test::temp_directory dir;
    BOOST_CHECK_THROW(read_secret(dir / "missing"), std::runtime_error);
    std::ofstream(dir / "empty") << "\n";
    BOOST_CHECK_THROW(read_secret(dir / "empty"), std::runtime_error);
    std::ofstream(dir / "unix") << "s3cret\n";
    std::ofstream(dir / "dos") << "s3cret\r\nmore\r\n";
    std::ofstream(dir / "bare") << "s3cret";
    for (const char* name : {"unix", "dos", "bare"}) BOOST_TEST(read_secret(dir / name) == "s3cret");
}

BOOST_AUTO_TEST_CASE(quantiles_are_at_most_a_sixteenth_too_high)
{
    latency_histogram h;
    BOOST_TEST(h.quantile(0.5).count() == 0);
    for (int i = 1; i <= 100'000; ++i) h.add(std::chrono::nanoseconds(i));
    for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999}) {
        const auto measured = static_cast<double>(h.quantile(q).count());
        BOOST_TEST(measured >= q * 100'000);
        BOOST_TEST(measured <= q * 100'000 * 17 / 16 + 1);
    }
    BOOST_TEST(h.quantile(1).count() == 100'000);
    h.add(std::chrono::nanoseconds::max());
    h.add(-1ns);
    BOOST_TEST((h.max() == std::chrono::nanoseconds::max()));
    BOOST_TEST((h.quantile(1) == std::chrono::nanoseconds::max()));
}

BOOST_AUTO_TEST_CASE(times_and_numbers_are_written_for_people)
{
    BOOST_TEST(with_commas(0) == "0");
    BOOST_TEST(with_commas(999) == "999");
    BOOST_TEST(with_commas(1'000) == "1,000");
    BOOST_TEST(with_commas(1'234'567) == "1,234,567");
    BOOST_TEST(short_time(95ns) == "95 ns");
    BOOST_TEST(short_time(999'600ns) == "1.0 ms");
    BOOST_TEST(short_time(123ms) == "123 ms");
    BOOST_TEST(short_time(1500ms) == "1.5 s");
    BOOST_TEST(plural(1, "call") == "1 call");
    BOOST_TEST(plural(2000, "call") == "2,000 calls");
}

BOOST_AUTO_TEST_CASE(the_picture_of_an_empty_run_and_of_a_long_one_is_whole)
{
    run_history run;
    run.length = 30;
    const std::string empty = timeline_svg(run, "a < b & c");
    BOOST_TEST(empty.find("a &lt; b &amp; c") != std::string::npos);
    for (int i = 0; i < 500; ++i)
        run.tokens.push_back({static_cast<std::uint64_t>(i), i * 3.0, i * 3.0 + 10, i * 3.0 + 3, i % 50 == 0});
    run.length = 1500;
    run.calls.assign(6000, 1000);
    run.failed_refreshes = {600, 601};
    run.outages = {{600, 603}};
    run.revocations = {900};
    const std::string full = timeline_svg(run, "long");
    for (const std::string& svg : {empty, full}) {
        BOOST_TEST(svg.starts_with("<svg"));
        BOOST_TEST(svg.ends_with("</svg>\n"));
        BOOST_TEST(svg.find("nan") == std::string::npos);
        BOOST_TEST(svg.find("inf") == std::string::npos);
        BOOST_TEST(svg.find("height=\"-") == std::string::npos);
    }
    BOOST_TEST(full.find("token endpoint down") != std::string::npos);
}
