#pragma once
// The callers that wait for a token: ordered by deadline, O(1) amortised to join at the end and to leave, released in
// batches.

#include <afresh/detail/waiter.hpp>

#include <chrono>
#include <cstddef>

namespace afresh::detail {

// A singly linked chain of waiters on their way out. Owns them: what is not released is abandoned.
class waiter_list {
public:
    waiter_list() = default;
    waiter_list(waiter_list&& other) noexcept;
    waiter_list& operator=(waiter_list&&) = delete;
    ~waiter_list();

    bool empty() const noexcept { return !head_; }
    void push_back(waiter& w) noexcept;
    waiter& pop_front() noexcept;
    std::size_t size() const noexcept { return size_; }

private:
    waiter* head_{};
    waiter* tail_{};
    std::size_t size_{};
};

// Posts the waiters' handlers to their executors, at most 256 in one post. Never runs one on the caller's stack.
void post_all(waiter_list list);

// Not thread-safe: the chain guards it.
class waiter_queue {
public:
    waiter_queue() noexcept;
    waiter_queue(const waiter_queue&) = delete;
    waiter_queue& operator=(const waiter_queue&) = delete;

    void insert(waiter& w) noexcept;
    void erase(waiter& w) noexcept;
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    // Of the waiter that gives up first; max() when empty.
    std::chrono::steady_clock::time_point earliest() const noexcept;

    // Whether a token of this generation leaves somebody waiting.
    bool wants_newer_than(std::uint64_t generation) const noexcept;

    // Removes those whose deadline has come, and completes them with `ec`.
    waiter_list take_expired(std::chrono::steady_clock::time_point now, error_code ec) noexcept;
    // Removes those that `token` satisfies.
    waiter_list take_satisfied(const access_token& token) noexcept;
    // Removes those that only a generation above `generation` would satisfy, and nothing older.
    waiter_list take_newer_than(std::uint64_t generation, error_code ec) noexcept;
    waiter_list take_impatient(error_code ec) noexcept;
    waiter_list take_all(error_code ec) noexcept;

private:
    template <class Predicate, class Settle>
    waiter_list take_if(Predicate wanted, Settle settle) noexcept;

    waiter_links header_;
    std::size_t size_{};
};

} // namespace afresh::detail
