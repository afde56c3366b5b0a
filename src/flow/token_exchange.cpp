#include <afresh/grant_parameters.hpp>

#include <boost/system/system_error.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace afresh {
namespace {

class exchanged_tokens : public grant_parameters {
public:
    exchanged_tokens(token_source subject, std::optional<token_source> actor, token_exchange_options options)
        : subject_(std::move(subject)), actor_(std::move(actor)), options_(std::move(options))
    {
    }

    asio::awaitable<std::vector<http_field>> next() override
    {
        std::vector<http_field> fields;
        const access_token subject = co_await subject_.get();
        fields.emplace_back("subject_token", std::string(subject.value().reveal()));
        fields.emplace_back("subject_token_type", options_.subject_token_type);
        if (actor_) {
            const access_token actor = co_await actor_->get();
            fields.emplace_back("actor_token", std::string(actor.value().reveal()));
            fields.emplace_back("actor_token_type", options_.actor_token_type);
        }
        if (!options_.requested_token_type.empty())
            fields.emplace_back("requested_token_type", options_.requested_token_type);
        if (!options_.audience.empty()) fields.emplace_back("audience", options_.audience);
        co_return fields;
    }

private:
    token_source subject_;
    std::optional<token_source> actor_;
    token_exchange_options options_;
};

[[noreturn]] void refuse(const char* why) { throw boost::system::system_error(errc::invalid_argument, why); }

grant make(token_source subject, std::optional<token_source> actor, token_exchange_options options)
{
    if (options.subject_token_type.empty()) refuse("token_exchange: subject_token_type is empty (RFC 8693 2.1)");
    if (actor && options.actor_token_type.empty())
        options.actor_token_type = "urn:ietf:params:oauth:token-type:access_token";
    return grant::extension(
        "urn:ietf:params:oauth:grant-type:token-exchange",
        std::make_shared<exchanged_tokens>(std::move(subject), std::move(actor), std::move(options)));
}

} // namespace

grant token_exchange(token_source subject, token_exchange_options options)
{
    if (!options.actor_token_type.empty()) refuse("token_exchange: actor_token_type is given without an actor");
    return make(std::move(subject), std::nullopt, std::move(options));
}

grant token_exchange(token_source subject, token_source actor, token_exchange_options options)
{
    return make(std::move(subject), std::move(actor), std::move(options));
}

} // namespace afresh
