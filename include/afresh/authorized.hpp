#pragma once
/// @file
/// The layer that carries a token over anybody's HTTP client: attaches it, and replays once after a 401.

#include <afresh/http_message.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <array>
#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace afresh {

/// What `authorized` reads of an answer. Overload `challenge_of(const Response&)` beside your response type; Afresh
/// brings it for its own `http_response` and, in `<afresh/beast.hpp>`, for Beast's.
struct resource_answer {
    unsigned status{};
    http_fields fields; ///< `WWW-Authenticate`, `DPoP-Nonce`, `Date` and `Age` matter; all their occurrences
};
/// The names of those fields.
inline constexpr std::array<const char*, 4> challenge_fields{"WWW-Authenticate", "DPoP-Nonce", "Date", "Age"};
AFRESH_EXPORT resource_answer challenge_of(const http_response& response);

/// Where a request goes. Overload `target_of(const Request&)` beside your request type, or name the URL in each call.
struct request_target {
    std::string method;
    std::string url; ///< absolute
    request_target() = default;
    request_target(std::string m, std::string u) : method(std::move(m)), url(std::move(u)) {}
};
AFRESH_EXPORT request_target target_of(const http_request& request);

namespace detail {
AFRESH_EXPORT std::string require_allowed(const token_source& tokens,
                                          const request_target& target); // returns the origin
// What a token adds to a request. Wiped in the end.
struct token_fields {
    token_fields() = default;
    token_fields(const token_fields&) = delete;
    token_fields& operator=(const token_fields&) = delete;
    ~token_fields() { fields.wipe(); }
    http_fields fields;
};
// False: the key that the token is bound to is elsewhere, and has to be waited for.
AFRESH_EXPORT bool attach_now(const token_source& tokens, const access_token& token, const request_target& target,
                              http_fields& fields);
using attach_handler = asio::any_completion_handler<void(std::exception_ptr)>;
AFRESH_EXPORT void start_attaching(const token_source& tokens, const access_token& token, const request_target& target,
                                   std::shared_ptr<token_fields> into, attach_handler handler);
struct initiate_attach {
    initiate_attach(const token_source& s, const access_token& t, const request_target& r,
                    std::shared_ptr<token_fields> i)
        : tokens(s), token(t), target(r), into(std::move(i))
    {
    }
    const token_source& tokens;
    const access_token& token;
    const request_target& target;
    std::shared_ptr<token_fields> into;
    template <class Handler>
    void operator()(Handler&& handler) const
    {
        start_attaching(tokens, token, target, into, attach_handler(std::forward<Handler>(handler)));
    }
};

// What may still follow in one call: one replay with a newer token, and one with another proof of possession.
struct replays {
    bool renewed{};
    bool proved_again{};
};
enum class next_step { none, renew, prove_again };
AFRESH_EXPORT next_step next_after(const resource_answer& answer, const token_source& tokens, const access_token& sent,
                                   const std::string& origin, replays& done);
AFRESH_EXPORT bool is_cancellation(const error_code& ec) noexcept;
} // namespace detail

/// Carries a token over an HTTP client of yours. `send(const Request&, const http_fields& authorization)` returns an
/// `asio::awaitable<Response>`; it adds the fields to the request, sends it and reads the answer. It is called once,
/// and again when the resource answered 401 in a way that a new token may cure (RFC 6750 3.1), or another proof that the
/// token's key is here (RFC 9449 9): each once, so the request must be replayable. The last answer is the caller's whatever
/// it is. Give a request type that is passed as a
/// temporary a declared constructor, as g++ 12 destroys temporary aggregates twice inside a `co_await`.
///
/// @code
/// afresh::authorized call(tokens, [&](const request& r, const afresh::http_fields& authorization) {
///     return send(r, authorization);
/// });
/// response answer = co_await call(r);
/// @endcode
///
/// @par Thread safety Distinct objects: safe. Shared objects: as safe as `send`.
/// @par Lifetime      It and the request's parts must outlive the call.
template <class Send>
class authorized {
public:
    authorized(token_source tokens, Send send) : tokens_(std::move(tokens)), send_(std::move(send)) {}

    /// Sends `request` with the token.
    ///
    /// @par Errors        Thrown as `boost::system::system_error`:
    ///                    errc::origin_not_allowed, before anything is sent; those of `token_source::get()` when there
    ///                    is no token; whatever `send` throws. If no new token is to be had after a 401, that 401 is
    ///                    returned: it is what the resource said.
    /// @par Cancellation  As `send` and `get()`. The refresh goes on.
    /// @see RFC 6750 section 3
    template <class Request>
    auto operator()(Request request) -> std::invoke_result_t<Send&, const Request&, const http_fields&>
    requires requires
    {
        {
            target_of(request)
            } -> std::convertible_to<request_target>;
    }
    {
        request_target target = target_of(request);
        return call(std::move(request), std::move(target));
    }

    /// For requests that do not know their own URL, such as Beast's.
    template <class Request>
    auto operator()(Request request, request_target target)
        -> std::invoke_result_t<Send&, const Request&, const http_fields&>
    {
        return call(std::move(request), std::move(target));
    }

    const token_source& tokens() const noexcept { return tokens_; }

private:
    template <class Awaitable>
    struct awaitable_parts;
    template <class T, class E>
    struct awaitable_parts<asio::awaitable<T, E>> {
        using executor = E;
    };

    template <class Request>
    auto call(Request request, request_target target) -> std::invoke_result_t<Send&, const Request&, const http_fields&>
    {
        using executor =
            typename awaitable_parts<std::invoke_result_t<Send&, const Request&, const http_fields&>>::executor;
        const std::string origin = detail::require_allowed(tokens_, target);
        access_token token = co_await tokens_.template get<executor>();
        detail::replays done;
        for (;;) {
            const auto attached = std::make_shared<detail::token_fields>();
            if (!detail::attach_now(tokens_, token, target, attached->fields))
                co_await asio::async_initiate<const asio::deferred_t, void(std::exception_ptr)>(
                    detail::initiate_attach{tokens_, token, target, attached}, asio::deferred);
            auto response = co_await send_(request, attached->fields);
            const auto step = detail::next_after(challenge_of(response), tokens_, token, origin, done);
            if (step == detail::next_step::none) co_return response;
            if (step == detail::next_step::prove_again) continue;
            error_code ec;
            try {
                token = co_await tokens_.template renew_if_current<executor>(token, origin);
            } catch (const boost::system::system_error& e) {
                ec = e.code();
            }
            if (ec && detail::is_cancellation(ec)) throw boost::system::system_error(ec);
            if (ec) co_return response;
        }
    }

    token_source tokens_;
    Send send_;
};

} // namespace afresh
