#include "source/waiter_queue.hpp"

#include "source/insist.hpp"

#include <boost/intrusive/rbtree_algorithms.hpp>

#include <array>
#include <memory>
#include <utility>

namespace afresh::detail {
namespace {

struct links_traits {
    using node = waiter_links;
    using node_ptr = waiter_links*;
    using const_node_ptr = const waiter_links*;
    using color = char;
    static node_ptr get_parent(const_node_ptr n) { return n->parent; }
    static void set_parent(node_ptr n, node_ptr p) { n->parent = p; }
    static node_ptr get_left(const_node_ptr n) { return n->left; }
    static void set_left(node_ptr n, node_ptr l) { n->left = l; }
    static node_ptr get_right(const_node_ptr n) { return n->right; }
    static void set_right(node_ptr n, node_ptr r) { n->right = r; }
    static color get_color(const_node_ptr n) { return n->color; }
    static void set_color(node_ptr n, color c) { n->color = c; }
    static color black() { return 0; }
    static color red() { return 1; }
};
using tree = boost::intrusive::rbtree_algorithms<links_traits>;

waiter& of(waiter_links* n) noexcept { return *static_cast<waiter*>(n); }

bool earlier(const waiter_links* a, const waiter_links* b) noexcept
{
    return static_cast<const waiter*>(a)->deadline < static_cast<const waiter*>(b)->deadline;
}

// Up to 256 waiters of one executor in one handler. Whatever happens, each handler is run or destroyed once.
class batch {
public:
    static constexpr std::size_t limit = 256;

    void take(waiter_list list) noexcept
    {
        while (!list.empty()) list_.push_back(list.pop_front());
    }
    void operator()()
    {
        while (!list_.empty()) {
            waiter& w = list_.pop_front();
            try {
                w.complete(&w);
            } catch (
                ...) { // a handler's exception leaves through run(), as always in Asio; the others still get theirs
                if (!list_.empty()) post_all(std::move(list_));
                throw;
            }
        }
    }

private:
    waiter_list list_;
};

} // namespace

// --- waiter_list ---

waiter_list::waiter_list(waiter_list&& other) noexcept
    : head_(std::exchange(other.head_, nullptr)),
      tail_(std::exchange(other.tail_, nullptr)),
      size_(std::exchange(other.size_, 0))
{
}

waiter_list::~waiter_list()
{
    while (!empty()) {
        waiter& w = pop_front();
        w.abandon(&w);
    }
}

void waiter_list::push_back(waiter& w) noexcept
{
    w.right = nullptr;
    if (head_)
        tail_->right = &w;
    else
        head_ = &w;
    tail_ = &w;
    ++size_;
}

waiter& waiter_list::pop_front() noexcept
{
    waiter& w = *head_;
    head_ = static_cast<waiter*>(w.right);
    --size_;
    return w;
}

void post_all(waiter_list list)
{
    // Waiters of a few executors may alternate; a slot for each keeps their batches large.
    struct open_batch {
        asio::any_io_executor executor;
        waiter_list list;
    };
    std::array<open_batch, 4> open;
    std::size_t next = 0;
    const auto flush = [](open_batch& b) {
        if (b.list.empty()) return;
        const asio::any_io_executor executor = std::move(b.executor);
        const auto all = insist([] { return std::make_shared<batch>(); });
        all->take(std::move(b.list)); // cannot be lost any more
        post_surely(executor, [all] { (*all)(); });
    };
    while (!list.empty()) {
        waiter& w = list.pop_front();
        open_batch* slot = nullptr;
        for (auto& b : open)
            if (!b.list.empty() && b.executor == w.executor) slot = &b;
        if (!slot) {
            slot = &open[next++ % open.size()];
            flush(*slot);
            slot->executor = w.executor;
        }
        slot->list.push_back(w);
        if (slot->list.size() == batch::limit) flush(*slot);
    }
    for (auto& b : open) flush(b);
}

// --- waiter_queue ---

waiter_queue::waiter_queue() noexcept { tree::init_header(&header_); }

void waiter_queue::insert(waiter& w) noexcept
{
    tree::insert_equal(&header_, &header_, &w,
                       earlier); // the hint is the end: most deadlines are later than all before
    w.linked = true;
    ++size_;
}

void waiter_queue::erase(waiter& w) noexcept
{
    tree::erase(&header_, &w);
    w.linked = false;
    --size_;
}

std::chrono::steady_clock::time_point waiter_queue::earliest() const noexcept
{
    return empty() ? std::chrono::steady_clock::time_point::max() : of(header_.left).deadline;
}

bool waiter_queue::wants_newer_than(std::uint64_t generation) const noexcept
{
    const waiter_links* const end = &header_;
    for (const waiter_links* n = tree::begin_node(end); n != end; n = tree::next_node(const_cast<waiter_links*>(n)))
        if (static_cast<const waiter*>(n)->newer_than >= generation) return true;
    return false;
}

waiter_list waiter_queue::take_expired(std::chrono::steady_clock::time_point now, error_code ec) noexcept
{
    waiter_list out;
    while (!empty() && earliest() <= now) {
        waiter& w = of(header_.left);
        erase(w);
        w.ec = ec;
        out.push_back(w);
    }
    return out;
}

template <class Predicate, class Settle>
waiter_list waiter_queue::take_if(Predicate wanted, Settle settle) noexcept
{
    waiter_list out;
    waiter_list rest;
    while (waiter_links* n = tree::unlink_leftmost_without_rebalance(&header_)) {
        waiter& w = of(n);
        if (wanted(w)) {
            w.linked = false;
            settle(w);
            out.push_back(w);
        } else {
            rest.push_back(w);
        }
    }
    tree::init_header(&header_);
    size_ = 0;
    while (!rest.empty()) insert(rest.pop_front());
    return out;
}

waiter_list waiter_queue::take_satisfied(const access_token& token) noexcept
{
    return take_if([&](const waiter& w) { return token.generation() > w.newer_than; },
                   [&](waiter& w) { w.token = token; });
}

waiter_list waiter_queue::take_newer_than(std::uint64_t generation, error_code ec) noexcept
{
    return take_if([=](const waiter& w) { return w.newer_than >= generation; }, [&](waiter& w) { w.ec = ec; });
}

waiter_list waiter_queue::take_impatient(error_code ec) noexcept
{
    return take_if([](const waiter& w) { return !w.patient; }, [&](waiter& w) { w.ec = ec; });
}

waiter_list waiter_queue::take_all(error_code ec) noexcept
{
    return take_if([](const waiter&) { return true; }, [&](waiter& w) { w.ec = ec; });
}

} // namespace afresh::detail
