#include <afresh/token_source.hpp>

#include "core/token_request.hpp"
#include "core/url.hpp"
#include "source/chain.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <new>
#include <utility>

namespace afresh {
namespace {

void require(const core::config_fault& fault)
{
    if (fault) throw boost::system::system_error(fault.code, fault.text);
}

// An audience has a name of its own among the service's chains, and shares the record of its key.
enum class place { chain, audience };

std::shared_ptr<detail::chain> find_chain(const std::shared_ptr<detail::service>& service,
                                          std::shared_ptr<const client_registration> registration, grant g,
                                          source_options options, place where = place::chain)
{
    if (!registration)
        throw boost::system::system_error(errc::invalid_argument, "token_source: the client_registration is null");
    require(core::check(*registration));
    require(core::check(g));
    require(core::check(*registration, g));
    if (options.key.empty()) throw boost::system::system_error(errc::invalid_argument, "source_options: key is empty");
    for (std::string& origin : options.allowed_origins) {
        const auto parts = core::parse_url(origin);
        if (!parts) // not quoted: the user information of a URL would be in it
            throw boost::system::system_error(errc::invalid_argument,
                                              "source_options: allowed_origins has a text that is no absolute URL "
                                              "without user information; write it as https://api.example.com");
        origin = parts->origin;
        if (!parts->is_https() && !parts->is_loopback() && !registration->plain_http_allowed())
            throw boost::system::system_error(errc::insecure_url, "source_options: allowed_origins has '" + origin +
                                                                      "', which is neither https nor loopback");
    }
    const std::string key = options.key;
    std::string name = key;
    if (where == place::audience) name = key + '\0' + g.resource() + '\0' + g.scope();
    bool made = false;
    auto found = service->find_or_add(name, key, [&] {
        made = true;
        return std::make_shared<detail::chain>(service, std::move(registration), std::move(g), std::move(options),
                                               name);
    });
    if (made) return found;
    // One key, one chain: what this handle wants of it must be what the others have.
    const std::string_view other = found->differs_in(*registration, g, options);
    if (!other.empty()) {
        found->release_handle();
        throw boost::system::system_error(
            errc::invalid_argument, "source_options: key '" + key + "' is in use with another " + std::string(other) +
                                        "; give each its own key, or close the older source");
    }
    found->offer(g);
    return found;
}

// A caller with a handler of any kind. It lives on the heap, keeps the handler's context at work, and completes through
// the handler's associated executor.
struct heap_waiter : detail::waiter {
    using handler_type = asio::any_completion_handler<void(error_code, access_token)>;
    using work_type = asio::executor_work_guard<asio::any_completion_executor>;

    heap_waiter(handler_type h, const asio::any_io_executor& ex)
        : handler(std::move(h)), work(asio::get_associated_executor(handler, asio::any_completion_executor(ex)))
    {
        executor = ex;
        complete = [](detail::waiter* w) {
            const auto self = std::move(static_cast<heap_waiter*>(w)->self);
            const asio::any_io_executor ex = self->executor;
            // It lives until the caller's executor has cleared the caller's slot: until then a signal may still reach
            // it.
            for (int tries = 3;; --tries) try {
                    return asio::dispatch(ex, asio::bind_executor(self->work.get_executor(), [self]() mutable {
                                              self->begun = true;
                                              finish(std::move(self));
                                          }));
                } catch (const std::bad_alloc&) { // as in insist(), but for what the handler itself throws
                    if (self->begun || tries == 0) throw;
                }
        };
        abandon = [](detail::waiter* w) { static_cast<heap_waiter*>(w)->self.reset(); };
    }
    static void finish(std::shared_ptr<heap_waiter> self)
    {
        asio::get_associated_cancellation_slot(self->handler).clear();
        auto handler = std::move(self->handler);
        const error_code ec = self->ec;
        access_token token = std::move(self->token);
        self->work.reset();
        self.reset();
        std::move(handler)(ec, std::move(token));
    }

    std::shared_ptr<heap_waiter> self; // until it completes or is abandoned
    handler_type handler;
    work_type work;
    bool begun{};
};

template <class Join>
void start_heap_waiter(const std::weak_ptr<detail::chain>& weak, const asio::any_io_executor& ex,
                       heap_waiter::handler_type handler, Join join)
{
    const auto self = weak.lock();
    const auto w = std::make_shared<heap_waiter>(std::move(handler), ex);
    if (!self) { // a deferred operation that was started after the source was gone
        w->self = w;
        w->ec = errc::closed;
        detail::waiter_list one;
        one.push_back(*w);
        return detail::post_all(std::move(one));
    }
    auto slot = asio::get_associated_cancellation_slot(w->handler);
    if (slot.is_connected()) slot.emplace<detail::cancel_wait>(detail::cancel_wait{self, w.get()});
    w->self = w;
    join(*self, *w);
}

} // namespace

struct token_source::closer {
    std::shared_ptr<detail::chain> chain;
    explicit closer(std::shared_ptr<detail::chain> c) noexcept : chain(std::move(c)) {} // which was acquired
    closer(const closer&) = delete;
    closer& operator=(const closer&) = delete;
    ~closer() { chain->release_handle(); }
};

token_source::token_source(executor_type executor, client_registration registration, grant g, source_options options)
{
    const token_service own(std::move(executor), std::move(options.service));
    *this = token_source(own, std::make_shared<const client_registration>(std::move(registration)), std::move(g),
                         std::move(options));
}

token_source::token_source(const token_service& service, std::shared_ptr<const client_registration> registration,
                           grant g, source_options options)
    : impl_(find_chain(service.implementation(), std::move(registration), std::move(g), std::move(options))),
      closer_(std::make_shared<closer>(impl_))
{
}

token_source::token_source(std::shared_ptr<detail::chain> chain)
    : impl_(std::move(chain)), closer_(std::make_shared<closer>(impl_))
{
}

token_source token_source::for_resource(std::string uri, std::vector<std::string> origins) const
{
    grant g = impl_->grant;
    source_options options = impl_->options;
    if (origins.empty()) origins.push_back(uri); // never to whom the other audience's tokens go
    g.resource(std::move(uri));
    options.allowed_origins = std::move(origins);
    return token_source(
        find_chain(impl_->service, impl_->registration, std::move(g), std::move(options), place::audience));
}

token_source token_source::with_scope(std::string scope) const
{
    grant g = impl_->grant;
    g.scope(std::move(scope));
    return token_source(find_chain(impl_->service, impl_->registration, std::move(g), impl_->options, place::audience));
}

token_source::executor_type token_source::get_executor() const noexcept { return impl_->service->executor; }

result<access_token> token_source::try_get(get_options options) const
{
    if (auto* const held = fresh(options)) return access_token(held);
    if (const error_code ec = impl_->standing_error()) return ec;
    impl_->ask();
    return error_code(errc::temporarily_unavailable);
}

asio::awaitable<void> token_source::set_tokens(token_set tokens) const
{
    auto op = async_set_tokens(std::move(tokens), asio::deferred);
    co_await std::move(op);
}

asio::awaitable<void> token_source::sign_out() const
{
    auto op = async_sign_out(asio::deferred);
    co_await std::move(op);
}

void token_source::retry_grant() const { impl_->retry_grant(); }
source_status token_source::status() const { return impl_->status(); }
const std::string& token_source::key() const noexcept { return impl_->options.key; }
void token_source::close() const { impl_->close(); }

bool token_source::allows(std::string_view url) const
{
    const auto parts = core::parse_url(url);
    if (!parts) return false;
    const std::string origin = parts->origin;
    for (const std::string& allowed : impl_->options.allowed_origins)
        if (allowed == origin) return true;
    return false;
}

std::weak_ptr<detail::chain> token_source::weak(detail::chain* self) noexcept { return self->weak_from_this(); }

void token_source::enqueue(detail::chain* self, detail::waiter& node, const get_options& options)
{
    self->join(node, options);
}

void token_source::enqueue_newer(detail::chain* self, detail::waiter& node, const access_token& rejected,
                                 const std::string& origin)
{
    self->join_newer(node, rejected, origin);
}

void token_source::start_get(const weak_chain& self, const asio::any_io_executor& ex, get_handler handler,
                             get_options options)
{
    start_heap_waiter(self, ex, std::move(handler), [&](detail::chain& c, detail::waiter& w) {
        if (auto* const held = c.fresh(options)) { // never inline, but without the strand
            w.token = access_token(held);
            detail::waiter_list one;
            one.push_back(w);
            return detail::post_all(std::move(one));
        }
        c.join(w, options);
    });
}

void token_source::start_renew(const weak_chain& self, const asio::any_io_executor& ex, get_handler handler,
                               access_token rejected, std::string origin)
{
    start_heap_waiter(self, ex, std::move(handler),
                      [&](detail::chain& c, detail::waiter& w) { c.join_newer(w, rejected, origin); });
}

void token_source::start_set(const weak_chain& self, const asio::any_io_executor& ex, void_handler handler,
                             token_set tokens)
{
    if (const auto c = self.lock()) return c->set_tokens(std::move(tokens), {std::move(handler), ex});
    asio::post(ex, asio::append(std::move(handler), error_code(errc::closed)));
}

void token_source::start_sign_out(const weak_chain& self, const asio::any_io_executor& ex, void_handler handler)
{
    if (const auto c = self.lock()) return c->sign_out({std::move(handler), ex});
    asio::post(ex, asio::append(std::move(handler), error_code(errc::closed)));
}

void token_source::start_shutdown(const weak_chain& self, const asio::any_io_executor& ex, void_handler handler,
                                  std::chrono::milliseconds deadline)
{
    if (const auto c = self.lock()) return c->shutdown(deadline, {std::move(handler), ex});
    asio::post(ex, asio::append(std::move(handler), error_code()));
}

token_service::token_service(executor_type executor, service_options options)
    : impl_(detail::service::make(std::move(executor), std::move(options)))
{
}

token_service::executor_type token_service::get_executor() const noexcept { return impl_->executor; }

} // namespace afresh
