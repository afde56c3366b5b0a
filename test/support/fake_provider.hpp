#pragma once
// An OpenID provider in memory, that can be made to do everything wrong.

#include "crypto/base64.hpp"
#include "crypto/half_hash.hpp"
#include "crypto/jws.hpp"
#include "crypto/signature.hpp"

#include <afresh/provider.hpp>
#include <afresh/transport.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace afresh::test {

namespace asio = boost::asio;

inline http_response json_answer(unsigned status, std::string body)
{
    http_fields fields;
    fields.add("Content-Type", "application/json");
    return http_response(status, std::move(fields), std::move(body));
}

class fake_provider : public transport {
public:
    const std::string issuer = "https://server.example.com";

    fake_provider()
    {
        answers[issuer + "/.well-known/openid-configuration"] = [this] {
            return json_answer(200, boost::json::serialize(metadata));
        };
        answers[issuer + "/jwks"] = [this] { return json_answer(200, jwks()); };
        answers[issuer + "/revoke"] = [] { return json_answer(200, ""); };
        for (const char* name : {"authorization", "token", "revocation", "pushed_authorization_request"})
            metadata[std::string(name) + "_endpoint"] =
                issuer + "/" + (name == std::string("revocation") ? "revoke" : name);
        metadata["issuer"] = issuer;
        metadata["jwks_uri"] = issuer + "/jwks";
        claims["iss"] = issuer;
        claims["sub"] = "alice";
        claims["aud"] = "client";
        claims["iat"] = wall;
        claims["exp"] = wall + 300;
    }

    asio::awaitable<transport_outcome> send(transport_request request) override
    {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); // as a network would
        const std::string& url = request.request.url();
        ++asked[url];
        last = request.request;
        requests.push_back(request.request.method() + " " + url + " " + request.request.body());
        const auto found = answers.find(url);
        if (found == answers.end()) co_return transport_outcome(json_answer(404, "{}"));
        if (!found->second) co_return transport_outcome(errc::connection_lost, true);
        co_return transport_outcome(found->second());
    }

    // From now on a path of this server answers so.
    void answer(const char* path, unsigned status, std::string body)
    {
        answers[issuer + path] = [status, body] { return json_answer(status, body); };
    }

    instant now() const
    {
        return {std::chrono::steady_clock::time_point(mono),
                std::chrono::system_clock::time_point(std::chrono::seconds(wall))};
    }

    std::string jwks() const
    {
        boost::json::array keys;
        for (const auto& [kid, key] : signers) {
            auto jwk = boost::json::parse(key.public_jwk()).as_object();
            jwk["kid"] = kid;
            keys.push_back(jwk);
        }
        boost::json::object set;
        set["keys"] = keys;
        return boost::json::serialize(set);
    }

    std::string sign(const boost::json::object& header, std::string_view payload, const std::string& kid = "k1") const
    {
        const auto alg = crypto::algorithm_named(std::string(header.at("alg").as_string()));
        std::string input = crypto::signing_input(boost::json::serialize(header), payload);
        std::string signature = crypto::sign(*alg, signers.at(kid), input);
        return crypto::compact(std::move(input), signature);
    }
    boost::json::object header(std::string_view alg = "ES256", std::string_view kid = "k1") const
    {
        boost::json::object h;
        h["alg"] = alg;
        h["kid"] = kid;
        return h;
    }
    std::string id_token() const { return sign(header(), boost::json::serialize(claims)); }

    std::map<std::string, std::function<http_response()>> answers; // by URL; empty: the connection is lost
    std::map<std::string, int> asked;
    http_request last;
    std::vector<std::string> requests;
    boost::json::object metadata, claims;
    std::map<std::string, crypto::key> signers{{"k1", crypto::key::generate(crypto::key::kind::ec_p256)}};
    std::int64_t wall = 1'700'000'000;
    std::chrono::seconds mono{1000};
};

inline provider_options options_for(const std::shared_ptr<fake_provider>& p)
{
    provider_options o;
    o.transport = p;
    o.clock = [p] { return p->now(); };
    return o;
}

} // namespace afresh::test
