#pragma once
// A real authorization server as a child process: oidc-provider under node, on loopback, with rotation and reuse
// detection.

#include <boost/json/object.hpp>

#include <sys/types.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::test {

struct minted_grant {
    std::string refresh_token;
    std::string grant_id;
};

struct mint_params {
    std::string client_id = "basic";
    std::string scope = "openid offline_access api:read";
    std::string resource = {}; // empty: none
    std::string sub = "alice";
    std::string jkt = {};         // thumbprint of the key it is bound to (RFC 9449)
    std::string certificate = {}; // file, in pki(), of the one it is bound to (RFC 8705)
};

// Blocking, and for tests only. test/integration/authorization-server/README.md lists the settings and the clients.
class authorization_server {
public:
    using environment = std::map<std::string, std::string>;

    // Starts it and waits until it listens. Throws std::runtime_error, with the remedy, where node or a package is
    // missing.
    explicit authorization_server(const environment& settings);
    authorization_server() : authorization_server(environment{}) {}
    authorization_server(std::initializer_list<environment::value_type> settings)
        : authorization_server(environment(settings))
    {
    }
    // Kills it. It also stops by itself when this process dies in any way: its standard input is a pipe from us.
    ~authorization_server();
    authorization_server(const authorization_server&) = delete;
    authorization_server& operator=(const authorization_server&) = delete;

    const std::string& issuer() const noexcept { return issuer_; }
    std::string url(std::string_view path) const { return issuer_ + std::string(path); }
    std::string token_endpoint() const { return url("/token"); }
    unsigned short port() const noexcept { return port_; }
    // Directory of ca.pem, client certificates and keys.
    static std::string pki();

    // A refresh token as after a sign-in.
    minted_grant mint(const mint_params& params = {});
    // Counts: requests, connections, token{grant_type}, errors{reason}, revoked, lost.
    boost::json::object stats();
    // Successful token requests with this grant type.
    std::size_t token_requests(std::string_view grant_type = "refresh_token");
    // How often a refresh token was presented that had been rotated away.
    std::size_t reuse_events();
    void revoke_grant(std::string_view grant_id);
    void drop_connections();

    // What a user does in a browser, without one: signs in and consents (or aborts). Returns the URL that the browser is sent
    // back to, which begins with `until`; or, when it is a page that ends it, status and title.
    std::string browse(const std::string& url, const std::string& until, const std::string& user = "alice") const;
    // The same in a real browser, headless, whose last page is photographed. Returns that page's title, and what the browser
    // complained about there.
    static std::string browse_really(const std::string& url, const std::string& screenshot);
    // What a page shows in a real browser after some seconds, and what the browser complains about ("error: ..."). `scheme`:
    // light or dark.
    static std::string look(const std::string& url, const std::string& screenshot, const std::string& scheme, int width,
                            int seconds);
    // The same on the page of the device flow.
    std::string approve_device(const std::string& url) const;

    // The process: to stop and continue it, or to kill it early.
    pid_t pid() const noexcept { return pid_; }
    // Ends it now; the port is free afterwards.
    void kill() noexcept;

private:
    static std::string run_script(const char* name, const std::vector<std::string>& arguments);
    void spawn(const environment& settings);
    void read_ready_line();
    boost::json::object control(const std::string& path_and_query);

    pid_t pid_ = -1;
    int leash_ = -1;  // write end of its standard input
    int output_ = -1; // read end of its standard output
    std::string issuer_;
    unsigned short port_ = 0;
    unsigned short control_port_ = 0;
};

// Sends the text to a loopback port and returns all that comes back until the connection ends.
std::string loopback_exchange(unsigned short port, const std::string& request);
// GET over plain http on loopback; the body of a 200. Throws std::runtime_error on anything else.
std::string loopback_get(unsigned short port, const std::string& path_and_query);

} // namespace afresh::test
