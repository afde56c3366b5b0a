// The `afresh` command as people use it, at a real authorization server: sign in, get a token in a script, sign out; and what
// it says when something is wrong.

#include "command_home.hpp"
#include "support/authorization_server.hpp"
#include "support/client_fixture.hpp"
#include "support/raw_server.hpp"
#include "support/test_pki.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>

using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

std::string user_profile(const authorization_server& as)
{
    return R"("me": {"client_id": "native", "redirect_path": "/cb", "scope": "openid offline_access api:read", "issuer": ")" +
           as.issuer() + "\"}";
}

// Signs in as alice, without a browser's window.
int sign_in(home& h, authorization_server& as, const std::string& arguments)
{
    child_program login({"/bin/sh", "-c", h.command("login " + arguments + " --no-browser") + " 2>&1; echo code $?"},
                        {});
    std::string url, last;
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (const auto line = login.read_line(until)) {
        last = *line;
        const auto at = last.find("http://127.0.0.1");
        if (at == std::string::npos || !url.empty()) continue;
        url = last.substr(at);
        const auto port_at = url.find("127.0.0.1%3A") + 12;
        const std::string port = url.substr(port_at, url.find('%', port_at) - port_at);
        const std::string back = as.browse(url, "http://127.0.0.1:" + port + "/");
        loopback_get(static_cast<unsigned short>(std::stoi(port)), back.substr(back.find('/', 7)));
    }
    BOOST_REQUIRE(last.starts_with("code "));
    return std::stoi(last.substr(5));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_user_signs_in_uses_the_token_in_a_script_and_signs_out)
{
    authorization_server as({{"AT_TTL", "60"}});
    home h;
    h.configure(user_profile(as));
    const ended before = h.run("token");
    BOOST_TEST(before.code == 77);
    BOOST_TEST(before.out == "");
    BOOST_TEST(before.err.find("afresh login me") != std::string::npos, before.err);
    BOOST_TEST(h.run("status").out.find("nobody has signed in") != std::string::npos);
    BOOST_TEST(sign_in(h, as, "") == 0);
    const ended token = h.run("token");
    BOOST_TEST(token.code == 0);
    BOOST_TEST(token.err == "");
    BOOST_TEST(h.run("token me").out == token.out); // held
    const ended newer = h.run("token --force");
    BOOST_TEST(newer.out != token.out);
    BOOST_TEST(h.run("token --format header").out == "Authorization: Bearer " + newer.out);
    BOOST_TEST(h.run("exec -- sh -c 'echo \"$BEARER_TOKEN\"'").out == newer.out);
    BOOST_TEST(h.run("exec --env T -- sh -c 'test -n \"$T\"; exit 7'").code == 7);
    BOOST_TEST(h.run("status").out.find("good") != std::string::npos);
    const ended out = h.run("logout");
    BOOST_TEST(out.code == 0);
    BOOST_TEST(h.run("token").code == 77);
    BOOST_TEST(h.run("status").out.find("signed out") != std::string::npos);
    BOOST_TEST(sign_in(h, as, "me") == 0);
    BOOST_TEST(h.run("token").code == 0);
}

BOOST_AUTO_TEST_CASE(a_token_is_printed_for_each_kind_of_program)
{
    authorization_server as({{"AT_TTL", "60"}});
    home h;
    h.configure(machine_profile(as.issuer(), h.write("secret", "basic-secret\n")));
    const std::string token = h.run("token").out;
    const std::string bare = token.substr(0, token.size() - 1);
    BOOST_TEST(h.run("token --json").out.starts_with("{\"access_token\":\"" + bare + "\",\"token_type\":\"Bearer\""));
    BOOST_TEST(h.run("token --format env").out.starts_with("BEARER_TOKEN=" + token + "BEARER_TOKEN_EXPIRES_AT="));
    BOOST_TEST(h.run("token --format git-credential").out.starts_with("username=oauth2\npassword=" + token));
    const std::string kube = h.run("token --format exec-credential").out;
    BOOST_TEST(kube.find("\"kind\":\"ExecCredential\"") != std::string::npos);
    BOOST_TEST(kube.find("\"expirationTimestamp\":\"20") != std::string::npos);
    const std::string file = h.file("token");
    std::ofstream(file) << "old";
    ::chmod(file.c_str(), 0644);
    BOOST_TEST(h.run("token --write-file " + file).out == "");
    BOOST_TEST(content(file) == token);
    struct ::stat s {};
    BOOST_TEST(::stat(file.c_str(), &s) == 0);
    BOOST_TEST((s.st_mode & 0777) == 0600u);
    BOOST_TEST(as.token_requests("client_credentials") == 1u);
    BOOST_TEST(h.run("token --write-file /nonexistent/t").code == 69);
}

BOOST_AUTO_TEST_CASE(a_request_carries_the_token_where_it_may_go)
{
    authorization_server as({{"AT_TTL", "60"}});
    home h;
    const std::string secret = h.write("secret", "basic-secret");
    const std::string whoami = as.url("/api/whoami");
    h.configure(machine_profile(as.issuer(), secret));
    const ended kept = h.run("request " + whoami);
    BOOST_TEST(kept.code == 78);
    BOOST_TEST(kept.err.find("\"origins\"") != std::string::npos, kept.err);
    h.configure(machine_profile(as.issuer(), secret, ", \"origins\": [\"" + as.issuer() + "\"]"));
    const ended me = h.run("request " + whoami);
    BOOST_TEST(me.code == 0);
    BOOST_TEST(me.out.find("\"sub\":\"basic\"") != std::string::npos, me.out + me.err);
    BOOST_TEST(h.run("request -i " + whoami).out.starts_with("HTTP/1.1 200\r\n"));
    BOOST_TEST(h.run("request " + as.url("/nothing")).code == 0);
    BOOST_TEST(h.run("request -f " + as.url("/nothing")).code == 65);
    BOOST_TEST(h.run("request -H broken " + whoami).code == 69);
    const std::string file = h.file("answer");
    BOOST_TEST(h.run("request -d @" + secret + " -o " + file + " " + whoami).out == "");
    BOOST_TEST(content(file) == me.out);
    // Bound to a key: the proof is made for this request.
    h.configure(
        R"("bound": {"client_id": "dpop", "client_authentication": "client_secret_basic", "dpop": true, "grant": )"
        R"("client_credentials", "client_secret": {"file": ")" +
        h.write("dpop", "dpop-secret") + R"("}, "issuer": ")" + as.issuer() + R"(", "origins": [")" + as.issuer() +
        "\"]}");
    BOOST_TEST(h.run("request " + whoami).out.find("\"scheme\":\"DPoP\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_doctor_says_what_is_wrong)
{
    authorization_server as({{"AT_TTL", "60"}});
    home h;
    const std::string secret = h.write("secret", "basic-secret");
    h.configure(machine_profile(as.issuer(), secret) + ", " + user_profile(as));
    const ended well = h.run("doctor robot");
    BOOST_TEST(well.code == 0);
    BOOST_TEST(well.out.find("no  ") == std::string::npos, well.out);
    BOOST_TEST(well.out.find("ok  the clocks agree") != std::string::npos, well.out);
    const ended nobody = h.run("doctor me");
    BOOST_TEST(nobody.code == 78);
    BOOST_TEST(nobody.out.find("no  nobody is signed in\n    afresh login me") != std::string::npos, nobody.out);
    h.configure(machine_profile(as.issuer() + "/x", h.file("missing")));
    const ended ill = h.run("doctor");
    BOOST_TEST(ill.out.find("no  client_secret: ") != std::string::npos, ill.out);
    BOOST_TEST(ill.out.find("no  its metadata: ") != std::string::npos, ill.out);
    h.configure(R"("key": {"client_id": "c", "client_authentication": "tls_client_auth", "issuer": ")" + as.issuer() +
                R"(", "tls": {"certificate_chain_file": "/c.pem", "private_key_file": "/k.pem"}})");
    const ended no_file = h.run("doctor");
    BOOST_TEST(no_file.out.find("cannot use '/c.pem': No such file") != std::string::npos, no_file.out);
    BOOST_TEST(no_file.out.find("ok  the store can be read") != std::string::npos, no_file.out);
    test_pki pki;
    pki.issue("client", {});
    h.configure(R"("key": {"client_id": "c", "client_authentication": "tls_client_auth", "issuer": ")" + as.issuer() +
                R"(", "tls": {"certificate_chain_file": ")" + pki.certificate_file("client") +
                R"(", "private_key_file": ")" + pki.key_file("client") + "\"}}");
    const ended method = h.run("--json doctor");
    BOOST_TEST(method.out.find("does not take client_authentication tls_client_auth") != std::string::npos, method.out);
    h.configure(machine_profile("http://127.0.0.1:1", secret));
    BOOST_TEST(h.run("doctor").out.find("check the network") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(many_commands_at_once_share_one_refresh)
{
    authorization_server as({{"AT_TTL", "10"}});
    home h;
    h.configure(user_profile(as));
    BOOST_TEST(sign_in(h, as, "") == 0);
    std::this_thread::sleep_for(10'500ms); // now the token is no good any more
    const std::string all =
        "for i in 1 2 3 4 5 6 7 8; do " + h.command("token") + " >" + h.file("t") + "$i & done; wait";
    BOOST_TEST(std::system(all.c_str()) == 0);
    for (int i = 1; i <= 8; ++i) BOOST_TEST(content(h.file("t" + std::to_string(i))) == content(h.file("t1")));
    BOOST_TEST(content(h.file("t1")).size() > 20u);
    BOOST_TEST(as.token_requests() == 1u);
    BOOST_TEST(as.reuse_events() == 0u);
}

BOOST_AUTO_TEST_CASE(a_usable_token_needs_no_server)
{
    authorization_server as({{"AT_TTL", "60"}});
    home h;
    h.configure(machine_profile(as.issuer(), h.write("secret", "basic-secret")));
    const std::string token = h.run("token").out;
    as.kill();
    BOOST_TEST(h.run("token").out == token);
    const ended discovered = h.run("discover " + as.issuer());
    BOOST_TEST(discovered.code == 75);
    BOOST_TEST(discovered.err.find("try again") != std::string::npos, discovered.err);
}

BOOST_AUTO_TEST_CASE(each_refusal_says_what_to_do)
{
    authorization_server as({{"AT_TTL", "60"}});
    home h;
    h.configure(machine_profile(as.issuer(), h.write("secret", "wrong")));
    const ended wrong = h.run("token");
    BOOST_TEST(wrong.code == 78);
    BOOST_TEST(wrong.err.find("invalid_client") != std::string::npos, wrong.err);
    BOOST_TEST(wrong.err.find("afresh doctor robot") != std::string::npos, wrong.err);
    h.configure(machine_profile(as.issuer(), h.file("nothing")));
    const ended no_file = h.run("token");
    BOOST_TEST(no_file.err.find("nothing: No such file") != std::string::npos, no_file.err);
    h.configure(machine_profile("https://127.0.0.1:1", h.file("secret")));
    const ended nobody_there = h.run("token");
    BOOST_TEST(nobody_there.code == 75);
    BOOST_TEST(nobody_there.err.find("try again later; what is wrong is found by: afresh doctor robot") !=
                   std::string::npos,
               nobody_there.err);
    h.configure("\"a\": {\"clint_id\": \"x\"}");
    const ended config = h.run("config check");
    BOOST_TEST(config.code == 78);
    BOOST_TEST(config.err.find("config.json:1: profiles.a: unknown name \"clint_id\"; did you mean \"client_id\"?") !=
                   std::string::npos,
               config.err);
    BOOST_TEST(h.run("--json config check").err.starts_with("{\"error\":"));
    BOOST_TEST(h.run("").code == 64);
    BOOST_TEST(h.run("token --bogus").code == 64);
    BOOST_TEST(h.run("exec").code == 64);
    BOOST_TEST(h.run("inspect /nonexistent").code == 65);
}

BOOST_AUTO_TEST_CASE(a_jwt_is_read_and_not_believed)
{
    home h;
    std::ofstream(h.file("jwt")) << "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDAwMH0.c2ln\n";
    const ended read = h.run("inspect " + h.file("jwt"));
    BOOST_TEST(read.code == 0);
    BOOST_TEST(read.out.find("sub         \"alice\"") != std::string::npos, read.out);
    BOOST_TEST(read.out.find("2023-11-14T22:13:20Z") != std::string::npos, read.out);
    BOOST_TEST(read.out.find("was not verified") != std::string::npos);
    BOOST_TEST(h.run("inspect --json " + h.file("jwt")).out.find("\"verified\":false") != std::string::npos);
    std::ofstream(h.file("opaque")) << "abc";
    BOOST_TEST(h.run("inspect " + h.file("opaque")).code == 65);
    std::ofstream(h.file("broken")) << "a.b.c";
    BOOST_TEST(h.run("inspect " + h.file("broken")).code == 65);
}

// Another service's token, or an assertion, for one of one's own (RFC 8693, RFC 7523).
BOOST_AUTO_TEST_CASE(a_token_is_got_for_another)
{
    home h;
    notes seen;
    raw_server as(answering(seen, [&](const std::string&) {
        const std::string n = std::to_string(seen.size());
        return text_answer("200 OK",
                           R"({"access_token": "token-)" + n + R"(", "token_type": "Bearer", "expires_in": 300,)" +
                               R"("issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})",
                           "Content-Type: application/json\r\n");
    }));
    const std::string found = h.write("found", "of-the-platform\n");
    const std::string common = R"({"client_id": "c", "client_authentication": "client_secret_basic",)"
                               R"("client_secret": {"file": ")" +
                               found + R"("}, "token_endpoint": ")" + as.url("/token") + R"(", "grant": )";
    const std::string key = h.file("key.pem");
    BOOST_REQUIRE(
        std::system(
            ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + key + " 2>/dev/null").c_str()) ==
        0);
    h.configure(R"("machine": )" + common + R"("client_credentials"},)" + R"("exchanged": )" + common +
                R"("token_exchange", "token_exchange": {"subject": "machine", "audience": "b"}},)" +
                R"("federated": )" + common + R"("token_exchange", "token_exchange": {"subject_token": {"file": ")" +
                found + R"("}, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}},)" + R"("signed": )" +
                common + R"("jwt_bearer", "scope": "s", "jwt_bearer": {"key_file": ")" + key +
                R"(", "audience": "https://as.example.com"}},)" + R"("asserted": )" + common +
                R"("jwt_bearer", "jwt_bearer": {"assertion": {"file": ")" + found + R"("}}})");
    const auto form_for = [&](const std::string& profile) {
        const std::size_t before = seen.size();
        const ended e = h.run("token " + profile);
        BOOST_TEST(e.code == 0, e.err);
        BOOST_TEST(e.out == "token-" + std::to_string(seen.size()) + "\n");
        BOOST_REQUIRE(seen.size() > before);
        return body_of(seen.at(seen.size() - 1));
    };
    const auto has = [](const std::string& form, const std::string& what) {
        return form.find(what) != std::string::npos;
    };
    const std::string exchanged = form_for("exchanged");
    BOOST_TEST(has(exchanged, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"), exchanged);
    BOOST_TEST(has(exchanged, "subject_token=token-1"), exchanged);
    BOOST_TEST(has(exchanged, "audience=b"), exchanged);
    const std::string federated = form_for("federated");
    BOOST_TEST(has(federated, "subject_token=of-the-platform"), federated);
    BOOST_TEST(has(federated, "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"), federated);
    const std::string signed_here = form_for("signed");
    BOOST_TEST(has(signed_here, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"), signed_here);
    BOOST_TEST(has(signed_here, "assertion=eyJ"), signed_here);
    BOOST_TEST(has(signed_here, "scope=s"), signed_here);
    BOOST_TEST(has(form_for("asserted"), "assertion=of-the-platform"));
}
