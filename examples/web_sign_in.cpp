// The two calls that a web application puts into its handlers, for a router of its own: "/login" and "/callback".

#include <afresh/sign_in.hpp>
#include <afresh/token_service.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <map>

namespace asio = boost::asio;

// What a session store is in a real application: kept on the server, found by a cookie.
struct session {
    afresh::secret_string kept;
    std::string subject;
};

class login_pages {
public:
    login_pages(afresh::provider provider, afresh::client_registration client, afresh::sign_in_options options)
        : flow_(std::move(provider), std::move(client), std::move(options))
    {
    }

    //[login
    // GET /login: the answer is a redirect to this URL.
    asio::awaitable<std::string> login(session& s) const
    {
        const afresh::started_sign_in started = co_await flow_.start();
        s.kept = started.kept; // binds the answer to this browser
        co_return started.url;
    }
    //]

    //[callback
    // GET /callback?...: the tokens are for a token source whose key is the user.
    asio::awaitable<afresh::token_set> callback(session& s, std::string query) const
    {
        const afresh::secret_string kept = std::move(s.kept);
        const afresh::signed_in user = co_await flow_.finish(kept, query);
        s.subject = user.subject;
        co_return user.tokens;
    }
    //]

private:
    afresh::authorization_code flow_;
};

//[options
login_pages make_pages(const afresh::server_metadata& found, std::string client_id, afresh::signing_key key)
{
    afresh::sign_in_options options;
    options.redirect_uri = "https://app.example.com/callback";
    options.scope = "openid offline_access";
    options.prompt = "consent";
    options.push_request = true; // RFC 9126: nothing but a reference goes through the browser
    return login_pages(afresh::provider(found), afresh::client_registration(found, client_id).private_key_jwt(key),
                       options);
}
//]

asio::awaitable<void> show(std::string issuer, std::string client_id, std::string key_file)
{
    const afresh::server_metadata found = co_await afresh::discover(issuer);
    const login_pages pages = make_pages(found, client_id, afresh::signing_key::from_pem_file(key_file));
    session s;
    const std::string url = co_await pages.login(s);
    std::cout << "302 " << url << '\n';
}

int main(int argc, char** argv)
{
    if (argc < 4) {
        std::cerr << "usage: web_sign_in ISSUER CLIENT_ID KEY.pem\n";
        return 2;
    }
    asio::io_context context;
    asio::co_spawn(context, show(argv[1], argv[2], argv[3]), [](const std::exception_ptr& failed) {
        try {
            if (failed) std::rethrow_exception(failed);
        } catch (const std::exception& e) {
            std::cerr << e.what() << '\n';
        }
    });
    context.run();
}
