#pragma once
/// @file
/// The handle that users hold: an access token that is always fresh.

#include <afresh/access_token.hpp>
#include <afresh/client_registration.hpp>
#include <afresh/detail/waiter.hpp>
#include <afresh/get_options.hpp>
#include <afresh/result.hpp>
#include <afresh/status.hpp>
#include <afresh/token_service.hpp>
#include <afresh/token_set.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace afresh {

/// Settings of one token source; goes to its constructor only.
struct source_options {
    /// Names the chain in the store: one for each principal. Sources with one key and service share one chain, so their
    /// registrations, scopes, resources and origins must be equal (`errc::invalid_argument`); the sign-in hook is that
    /// of the first. One that brings a refresh token the chain was never given brings a new sign-in.
    std::string key = "default";
    /// Where the token may be sent: origins such as `https://api.example.com` (a path is ignored). `http_client` and
    /// `authorized` refuse all others; when empty, every one.
    std::vector<std::string> allowed_origins{};
    /// Called once when the grant is refused (of several processes by one: `refresh_policy::sign_in_claim`), or when there
    /// is none; the tokens it returns are taken as by `set_tokens()`. Runs on the chain's strand; callers do not wait for
    /// it. An exception means that nobody signed in: see `retry_grant()`. An empty set means that the hook called
    /// `set_tokens()` itself.
    std::function<asio::awaitable<token_set>()> on_sign_in{};
    /// Of the short form only (a source that makes its own service): see `service_options`.
    service_options service{};
};

/// An access token that is always fresh: one chain (a refresh token and its successors, or another grant), shared by
/// any number of callers. A handle: copies share the chain, and the last one to go closes it.
///
/// However many callers ask, at most one token request is under way for a chain. It is nobody's: a caller that cancels
/// or times out stops waiting, and the exchange goes on and is saved.
///
/// @par Executors     Operations complete on the handler's associated executor; timers and exchanges run on the
///                    service's.
/// @par Thread safety Distinct objects: safe, also as copies. Shared objects: safe, except for assignment and
///                    destruction.
/// @par Lifetime      The execution context must outlive it. It may be destroyed while operations are outstanding: they
///                    complete with `errc::closed`, and an exchange under way finishes and saves.
/// A moved-from source may only be destroyed or assigned to.
class AFRESH_EXPORT token_source {
public:
    using executor_type = asio::any_io_executor;

    /// The short form, which makes its own service on `executor`.
    /// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument` or `errc::insecure_url`; the text
    ///                    says which setting and why.
    token_source(executor_type executor, client_registration registration, grant grant, source_options options = {});
    /// A chain of a service that many share.
    token_source(const token_service& service, std::shared_ptr<const client_registration> registration, grant grant,
                 source_options options = {});

    /// The same refresh token's access tokens for another resource (RFC 8707): a source of its own, with its own waiters,
    /// renewals and origins, on the same record. Exchanges of one chain come one after another, also across processes;
    /// each audience's tokens are kept apart. `origins`: where they may be sent; empty: the origin of `uri` alone.
    /// Calls with the same resource and scope share one chain, as sources with one key do.
    /// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument` or `errc::insecure_url`.
    token_source for_resource(std::string uri, std::vector<std::string> origins = {}) const;
    /// The same for a narrower scope, space-separated (RFC 6749 section 6). Origins and resource are this one's.
    token_source with_scope(std::string scope) const;

    executor_type get_executor() const noexcept;

    /// Obtains an access token that can be used now: `co_await tokens.get()`.
    ///
    /// Returns the held token while it is usable, without suspending; otherwise joins the refresh in flight or starts
    /// one. `get<Executor>()` serves coroutines of another executor type, such as `asio::awaitable<void,
    /// io_context::executor_type>`.
    ///
    /// @par Errors        Thrown as `boost::system::system_error`:
    ///                    errc::sign_in_required, errc::rotation_in_doubt: the grant was refused. Sign in again.
    ///                    errc::temporarily_unavailable, errc::malformed_response, errc::store_failed: three attempts
    ///                    failed; another is scheduled. `status()` says why: log its `last_detail` too.
    ///                    errc::misconfigured: the server refuses this client. Correct the registration.
    ///                    errc::not_renewable: there is no refresh token. Give one with `set_tokens()`.
    ///                    errc::wait_timed_out: no token within `max_wait`. The refresh goes on.
    ///                    errc::closed: the source was closed.
    ///                    asio::error::operation_aborted: this wait was cancelled.
    /// @par Cancellation  terminal, partial and total: this caller stops waiting. The refresh goes on. (A coroutine
    ///                    passes on only terminal, unless it resets its cancellation state.)
    /// @par Thread safety Safe on a shared object.
    /// @par Lifetime      The source must exist when the coroutine starts; afterwards it may be destroyed.
    /// @see RFC 6749 section 6
    template <class Executor = asio::any_io_executor>
    asio::awaitable<access_token, Executor> get(get_options options = {}) const
    {
        if (auto* const held = fresh(options)) co_return access_token(held);
        detail::frame_waiter node;
        co_await asio::async_initiate<const asio::deferred_t, void()>(join{impl_.get(), &node, options},
                                                                      asio::deferred);
        if (node.ec) throw boost::system::system_error(node.ec);
        co_return std::move(node.token);
    }

    /// As `get()`, for any completion token.
    ///
    /// @par Completion    `void(error_code, access_token)`, exactly once, never from within this function, on the
    ///                    handler's associated executor (default: get_executor()). On error the token is empty.
    /// @par Errors, Cancellation, Thread safety: as `get()`.
    /// @par Lifetime      The source may be destroyed while this is outstanding; it then completes with errc::closed.
    template <asio::completion_token_for<void(error_code, access_token)> CompletionToken = asio::deferred_t>
    auto async_get(get_options options, CompletionToken&& token = CompletionToken()) const
    {
        return asio::async_initiate<CompletionToken, void(error_code, access_token)>(
            initiate_get{impl_, get_executor()}, token, options);
    }
    template <asio::completion_token_for<void(error_code, access_token)> CompletionToken = asio::deferred_t>
    auto async_get(CompletionToken&& token = CompletionToken()) const
    {
        return async_get(get_options(), std::forward<CompletionToken>(token));
    }

    /// The held token if it is usable now, without waiting. Asks for a new one behind the scenes when there is none.
    /// @par Errors        errc::temporarily_unavailable: none is held now; `get()` waits for one. errc::closed. Others
    ///                    as `get()`.
    result<access_token> try_get(get_options options = {}) const;

    /// Obtains a token newer than `rejected`, which a resource answered with 401 (RFC 6750 3.1). If a newer one is held
    /// already it is returned as it is; otherwise all callers share one refresh. `origin` names who rejected it: forced
    /// refreshes draw on a bucket for each origin (three at once, one more each 30 s).
    ///
    /// @par Errors        As `get()`, and errc::temporarily_unavailable at once when the origin's bucket is empty.
    /// @par Cancellation, Thread safety, Lifetime: as `get()`.
    template <class Executor = asio::any_io_executor>
    asio::awaitable<access_token, Executor> renew_if_current(access_token rejected, std::string origin = {}) const
    {
        detail::frame_waiter node;
        co_await asio::async_initiate<const asio::deferred_t, void()>(
            join_newer{impl_.get(), &node, &rejected, &origin}, asio::deferred);
        if (node.ec) throw boost::system::system_error(node.ec);
        co_return std::move(node.token);
    }
    /// The same for any completion token.
    /// @par Completion    `void(error_code, access_token)`, as `async_get()`.
    template <asio::completion_token_for<void(error_code, access_token)> CompletionToken = asio::deferred_t>
    auto async_renew_if_current(access_token rejected, std::string origin,
                                CompletionToken&& token = CompletionToken()) const
    {
        return asio::async_initiate<CompletionToken, void(error_code, access_token)>(
            initiate_renew{impl_, get_executor()}, token, std::move(rejected), std::move(origin));
    }

    /// Replaces the chain's tokens after a new sign-in: waits for the exchange under way, raises the generation, lifts
    /// a refusal, and completes when the tokens are durable.
    ///
    /// @par Completion    `void(error_code)`, as `async_get()`.
    /// @par Errors        errc::invalid_argument: neither an access token nor a refresh token, or an access token that
    ///                    no header can carry (RFC 6750 2.1).
    ///                    errc::store_failed: the tokens are in use but not yet saved; saving is retried. errc::closed.
    /// @par Cancellation  terminal, partial and total: stops waiting; the tokens are taken all the same.
    template <asio::completion_token_for<void(error_code)> CompletionToken = asio::deferred_t>
    auto async_set_tokens(token_set tokens, CompletionToken&& token = CompletionToken()) const
    {
        return asio::async_initiate<CompletionToken, void(error_code)>(initiate_set{impl_, get_executor()}, token,
                                                                       std::move(tokens));
    }
    /// The same for coroutines; throws `boost::system::system_error`.
    asio::awaitable<void> set_tokens(token_set tokens) const;

    /// Ends the chain: waits for the exchange under way, forgets the tokens, leaves a tombstone in the store, so that the
    /// other processes forget them too, and has them revoked at `client_registration::revocation_endpoint()` (RFC 7009).
    /// Callers get `errc::sign_in_required` until `set_tokens()` brings the tokens of a new sign-in; the sign-in hook is
    /// not called. An answer that another process still gets for the old refresh token is revoked by it.
    ///
    /// @par Completion    `void(error_code)`, as `async_get()`, when the server has answered.
    /// @par Errors        errc::store_failed: nothing has changed, call it again. errc::revocation_failed: signed out,
    ///                    but the server did not confirm it, in `refresh_policy::revocation_attempts`; the event says
    ///                    why. errc::closed.
    /// @par Cancellation  terminal, partial and total: stops waiting; the chain ends all the same.
    template <asio::completion_token_for<void(error_code)> CompletionToken = asio::deferred_t>
    auto async_sign_out(CompletionToken&& token = CompletionToken()) const
    {
        return asio::async_initiate<CompletionToken, void(error_code)>(initiate_sign_out{impl_, get_executor()}, token);
    }
    /// The same for coroutines; throws `boost::system::system_error`.
    asio::awaitable<void> sign_out() const;

    /// Says that a refused or misconfigured grant is good again (somebody corrected it at the server): sends it once
    /// more. Nothing happens while an exchange is under way. Safe to call from any thread.
    void retry_grant() const;

    /// A picture of the chain now. Safe to call from any thread, as are `key()`, `allows()` and `close()`.
    source_status status() const;
    const std::string& key() const noexcept;
    /// True when the token may be sent to the origin of `url`.
    bool allows(std::string_view url) const;

    /// Completes the waiters with `errc::closed` and starts nothing new. An exchange under way finishes and saves.
    void close() const;
    /// `close()`, then waits until nothing is under way and everything is saved.
    /// @par Completion    `void(error_code)`, as `async_get()`.
    /// @par Errors        errc::wait_timed_out: not done within `deadline`; what is under way goes on.
    ///                    errc::store_failed: not possible to save yet; the tokens are in memory only.
    /// @par Cancellation  terminal, partial and total: stops waiting; what is under way goes on.
    template <asio::completion_token_for<void(error_code)> CompletionToken = asio::deferred_t>
    auto async_shutdown(std::chrono::milliseconds deadline, CompletionToken&& token = CompletionToken()) const
    {
        return asio::async_initiate<CompletionToken, void(error_code)>(initiate_shutdown{impl_, get_executor()}, token,
                                                                       deadline);
    }

    /// For the library's own parts.
    const std::shared_ptr<detail::chain>& implementation() const noexcept { return impl_; }

private:
    using get_handler = asio::any_completion_handler<void(error_code, access_token)>;
    using void_handler = asio::any_completion_handler<void(error_code)>;
    using weak_chain = std::weak_ptr<detail::chain>; // weak: a suspended coroutine keeps these in its frame

    // Of get(): puts the node, which holds the handler in the caller's own frame, into the queue.
    struct join {
        detail::chain* self;
        detail::frame_waiter* node;
        get_options options;
        template <class Handler>
        void operator()(Handler&& handler) const
        {
            auto slot = asio::get_associated_cancellation_slot(handler);
            node->executor = asio::get_associated_executor(handler);
            node->hold(std::forward<Handler>(handler));
            if (slot.is_connected()) slot.template emplace<detail::cancel_wait>(detail::cancel_wait{weak(self), node});
            enqueue(self, *node, options);
        }
    };
    struct join_newer {
        detail::chain* self;
        detail::frame_waiter* node;
        const access_token* rejected;
        const std::string* origin;
        template <class Handler>
        void operator()(Handler&& handler) const
        {
            auto slot = asio::get_associated_cancellation_slot(handler);
            node->executor = asio::get_associated_executor(handler);
            node->hold(std::forward<Handler>(handler));
            if (slot.is_connected()) slot.template emplace<detail::cancel_wait>(detail::cancel_wait{weak(self), node});
            enqueue_newer(self, *node, *rejected, *origin);
        }
    };
    // An initiation has an executor, so that Asio's adapters (cancel_after on newer Boosts) find one.
    struct initiation {
        weak_chain self;
        asio::any_io_executor ex;
        using executor_type = asio::any_io_executor;
        executor_type get_executor() const noexcept { return ex; }
    };
    struct initiate_get : initiation {
        template <class Handler>
        void operator()(Handler&& handler, get_options options) const
        {
            start_get(self, ex, get_handler(std::forward<Handler>(handler)), options);
        }
    };
    struct initiate_renew : initiation {
        template <class Handler>
        void operator()(Handler&& handler, access_token rejected, std::string origin) const
        {
            start_renew(self, ex, get_handler(std::forward<Handler>(handler)), std::move(rejected), std::move(origin));
        }
    };
    struct initiate_set : initiation {
        template <class Handler>
        void operator()(Handler&& handler, token_set tokens) const
        {
            start_set(self, ex, void_handler(std::forward<Handler>(handler)), std::move(tokens));
        }
    };
    struct initiate_sign_out : initiation {
        template <class Handler>
        void operator()(Handler&& handler) const
        {
            start_sign_out(self, ex, void_handler(std::forward<Handler>(handler)));
        }
    };
    struct initiate_shutdown : initiation {
        template <class Handler>
        void operator()(Handler&& handler, std::chrono::milliseconds deadline) const
        {
            start_shutdown(self, ex, void_handler(std::forward<Handler>(handler)), deadline);
        }
    };

    detail::token_ref* fresh(const get_options& options) const noexcept; // counted, or null
    static weak_chain weak(detail::chain* self) noexcept;
    static void enqueue(detail::chain* self, detail::waiter& node, const get_options& options);
    static void enqueue_newer(detail::chain* self, detail::waiter& node, const access_token& rejected,
                              const std::string& origin);
    static void start_get(const weak_chain& self, const asio::any_io_executor& ex, get_handler handler,
                          get_options options);
    static void start_renew(const weak_chain& self, const asio::any_io_executor& ex, get_handler handler,
                            access_token rejected, std::string origin);
    static void start_set(const weak_chain& self, const asio::any_io_executor& ex, void_handler handler,
                          token_set tokens);
    static void start_sign_out(const weak_chain& self, const asio::any_io_executor& ex, void_handler handler);
    static void start_shutdown(const weak_chain& self, const asio::any_io_executor& ex, void_handler handler,
                               std::chrono::milliseconds deadline);

    explicit token_source(std::shared_ptr<detail::chain> chain);

    struct closer; // closes the chain when the last copy of the handle goes
    std::shared_ptr<detail::chain> impl_;
    std::shared_ptr<closer> closer_;
};

} // namespace afresh
