#pragma once
// What an access token refers to: the token with its deadlines, and who counts the references to it.

#include <afresh/access_token.hpp>
#include <afresh/time_source.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace afresh::detail {

class prover;

// A token with its deadlines, published once and never changed but for two flags.
struct snapshot {
    secret_string value;
    secret_string id_token;
    std::string type;
    std::string scope;
    std::shared_ptr<prover> key; // that the token is bound to; null: a Bearer token
    std::string ath;             // then: the token's hash (RFC 9449 4.2)
    std::uint64_t generation{};
    std::optional<std::chrono::system_clock::time_point> expires_at;
    std::optional<std::chrono::seconds> lifetime;
    instant due{};
    instant usable_until{};
    mutable std::atomic<bool> used{};   // somebody got it since the state machine last looked
    mutable std::atomic<bool> nudged{}; // somebody saw that it is due and said so; cleared when no exchange came of it
};

// A reference count that one thread, its owner, need not change atomically: that of the handles made from the owner's
// cache, which mostly come and go on that thread. All other threads count in `others`. While there is an owner,
// `others` is above zero by `owned`; the owner's leaving takes that away and adds what the owner counted.
class token_ref {
public:
    static constexpr std::int64_t owned = std::int64_t(1) << 62;

    // Counts one handle, of nobody's.
    explicit token_ref(std::shared_ptr<const snapshot> s) noexcept : token(std::move(s)), others_(1) {}
    // Counts the entry of the owner's cache.
    token_ref(std::shared_ptr<const snapshot> s, const void* owner) noexcept
        : token(std::move(s)), owner_(owner), own_(1), others_(owned)
    {
    }

    const std::shared_ptr<const snapshot> token;

    // By the owner.
    void retain_own() noexcept { ++own_; }
    // By the owner, whose cache forgets it.
    void disown() noexcept
    {
        owner_.store(nullptr, std::memory_order_relaxed);
        const std::int64_t change = own_ - 1 - owned;
        if (others_.fetch_add(change, std::memory_order_acq_rel) + change == 0) destroy();
    }
    // By any thread; `thread` names the one that calls.
    void retain(const void* thread) noexcept
    {
        if (owner_.load(std::memory_order_relaxed) == thread)
            ++own_;
        else
            others_.fetch_add(1, std::memory_order_relaxed);
    }
    void release(const void* thread) noexcept
    {
        if (owner_.load(std::memory_order_relaxed) == thread)
            --own_;
        else if (others_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            destroy();
    }

private:
    ~token_ref() = default;
    [[gnu::cold, gnu::noinline]] void destroy() noexcept;

    std::atomic<const void*> owner_{}; // null, or the thread in whose cache it is
    std::int64_t own_{};               // the owner's
    std::atomic<std::int64_t> others_;
};

} // namespace afresh::detail
