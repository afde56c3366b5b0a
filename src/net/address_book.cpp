#include "net/address_book.hpp"

#include "net/timed_wait.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace afresh::net {
using asio::ip::tcp;

// A coroutine that waits for a lookup, its own or another's.
class address_book::waiter : public timed_wait<endpoints> {
public:
    using timed_wait::timed_wait;
    void start(std::shared_ptr<address_book> owner, std::string host, std::uint16_t port, clock::time_point until);

private:
    static void ask(const std::shared_ptr<address_book>& owner, const asio::any_io_executor& executor,
                    const std::string& host, std::uint16_t port);
};

struct address_book::book {
    struct page {
        endpoints known;
        clock::time_point until{}; // known; the beginning of time: not yet
        bool asking{};
        std::vector<std::weak_ptr<waiter>> waiters; // weak: see timed_wait
    };
    using name = std::pair<std::string, std::uint16_t>;

    std::mutex mutex;
    std::map<name, page> pages;
};

address_book::address_book(clock::duration keep) : keep_(keep), book_(std::make_unique<book>()) {}
address_book::~address_book() = default;

void address_book::waiter::start(std::shared_ptr<address_book> owner, std::string host, std::uint16_t port,
                                 clock::time_point until)
{
    arm(until, errc::connect_timed_out);
    bool first = false;
    endpoints known;
    {
        const std::lock_guard lock(owner->book_->mutex);
        book::page& p = owner->book_->pages[{host, port}];
        if (clock::now() < p.until) {
            known = p.known;
        } else {
            p.waiters.push_back(std::static_pointer_cast<waiter>(shared_from_this()));
            first = !std::exchange(p.asking, true);
        }
    }
    if (!known.empty()) finish({}, std::move(known));
    if (first) ask(owner, executor(), host, port);
}

// A lookup ends also when the context goes away on which it was begun: then others who wait for it are told.
struct address_book::lookup {
    lookup(std::shared_ptr<address_book> o, book::name n, const asio::any_io_executor& executor)
        : owner(std::move(o)), name(std::move(n)), resolver(executor)
    {
    }
    ~lookup() { end(endpoints()); }
    void end(endpoints known)
    {
        if (!owner) return;
        const error_code ec = known.empty() ? make_error_code(errc::resolve_failed) : error_code();
        std::vector<std::weak_ptr<waiter>> waiting;
        {
            const std::lock_guard lock(owner->book_->mutex);
            book::page& p = owner->book_->pages[name];
            waiting.swap(p.waiters);
            p.asking = false;
            p.known = known;
            p.until = clock::now() + owner->keep_;
            if (ec || owner->keep_ <= clock::duration::zero()) owner->book_->pages.erase(name);
        }
        for (const auto& weak : waiting)
            if (const auto w = weak.lock()) w->finish(ec, endpoints(known));
        owner.reset();
    }

    std::shared_ptr<address_book> owner; // null: it has ended
    const book::name name;
    tcp::resolver resolver;
};

void address_book::waiter::ask(const std::shared_ptr<address_book>& owner, const asio::any_io_executor& executor,
                               const std::string& host, std::uint16_t port)
{
    const auto asked = std::make_shared<lookup>(owner, book::name(host, port), executor);
    asked->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                                  [asked](error_code, const tcp::resolver::results_type& found) {
                                      asked->end(interleaved(endpoints(found.begin(), found.end())));
                                  });
}

asio::awaitable<result<endpoints>> address_book::find(std::string host, std::uint16_t port, clock::time_point until)
{
    error_code ec;
    const auto literal = asio::ip::make_address(host, ec);
    if (!ec) co_return endpoints(1, tcp::endpoint(literal, port));
    // RFC 6761 6.3: nobody is asked where this machine is. Plain http is allowed there, so no resolver may send it
    // elsewhere.
    if (host == "localhost")
        co_return endpoints{{asio::ip::address_v6::loopback(), port}, {asio::ip::address_v4::loopback(), port}};
    auto executor = co_await asio::this_coro::executor;
    auto self = shared_from_this();
    auto [failed, found] = co_await wait_for<waiter>(executor, self, host, port, until);
    if (failed) co_return failed;
    co_return std::move(found);
}

void address_book::forget(const std::string& host, std::uint16_t port)
{
    const std::lock_guard lock(book_->mutex);
    const auto page = book_->pages.find({host, port});
    if (page != book_->pages.end() && !page->second.asking) book_->pages.erase(page);
}

endpoints interleaved(const endpoints& in)
{
    endpoints out;
    out.reserve(in.size());
    std::vector<endpoints> families; // in the order of their first address
    for (const tcp::endpoint& e : in) {
        const auto same = std::find_if(families.begin(), families.end(),
                                       [&](const endpoints& f) { return f.front().protocol() == e.protocol(); });
        if (same == families.end())
            families.push_back({e});
        else
            same->push_back(e);
    }
    for (std::size_t i = 0; out.size() < in.size(); ++i)
        for (const endpoints& f : families)
            if (i < f.size()) out.push_back(f[i]);
    return out;
}

} // namespace afresh::net
