// Tokens without a user: how each grant is written. The first is run, at the server that the environment names (see
// settings.hpp); it must let this client have client credentials.

#include "settings.hpp"

#include <afresh/grant_parameters.hpp>
#include <afresh/server_metadata.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace asio = boost::asio;

//[client_credentials
afresh::grant for_itself() { return afresh::grant::client_credentials().scope("reports"); }
//]

//[jwt_bearer
afresh::grant service_account(const std::string& key_file)
{
    afresh::jwt_bearer_options claims;
    claims.issuer = "robot@project.example.com";
    claims.audience = "https://server.example.com";
    claims.scope = "storage.read";
    return afresh::jwt_bearer(afresh::signing_key::from_pem_file(key_file, "RS256", "key-1"), claims);
}
//]

//[token_exchange
afresh::grant on_behalf_of(afresh::token_source user)
{
    afresh::token_exchange_options options;
    options.audience = "backend";
    return afresh::token_exchange(user, options);
}
//]

//[own
// RFC 7522: `assertion` is what the program's SAML library made.
class saml_assertion : public afresh::grant_parameters {
public:
    explicit saml_assertion(std::function<std::string()> make) : make_(std::move(make)) {}

    asio::awaitable<std::vector<afresh::http_field>> next() override
    {
        std::vector<afresh::http_field> fields;
        fields.emplace_back("assertion", make_()); // base64url
        co_return fields;
    }

private:
    std::function<std::string()> make_;
};

afresh::grant saml(std::function<std::string()> make)
{
    return afresh::grant::extension("urn:ietf:params:oauth:grant-type:saml2-bearer",
                                    std::make_shared<saml_assertion>(std::move(make)));
}
//]

//[dpop
afresh::client_registration bound(const afresh::server_metadata& server)
{
    return afresh::client_registration(server, "my-client").dpop_bound_access_tokens();
}
//]

asio::awaitable<void> run()
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const afresh::token_source tokens(executor, example::registration(), for_itself());
    const afresh::access_token token = co_await tokens.get();
    std::cout << "a token of type " << token.type() << '\n';
}

int main()
{
    asio::io_context context;
    int status = 0;
    asio::co_spawn(context, run(), [&](const std::exception_ptr& failed) {
        try {
            if (failed) std::rethrow_exception(failed);
        } catch (const std::exception& e) {
            std::cerr << e.what() << '\n';
            status = 1;
        }
    });
    context.run();
    return status;
}
