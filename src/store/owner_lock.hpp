#pragma once
// Which lease holders are alive, answered by the kernel instead of a clock (FAULTS A8, A9).
//
// While a lease is held, its process holds a lock on a byte of `<store>.lock`, and the record's owner text names that
// byte. The kernel frees the lock when the process dies, so a crash is known at once, and a holder that is merely
// paused stays one.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::store {

class owner_lock {
public:
    using clock = std::chrono::steady_clock;

    // A holder in a living process that neither renews nor releases its lease (its io_context was stopped) is gone for
    // its own process when the lease ends, and for others this much later: no exchange stays open longer than 120 s.
    static constexpr std::chrono::seconds abandoned_after{120};

    enum class life {
        alive,
        dead,
        unknown, // the text names no byte of this file: only the clock can tell
    };

    // Creates the file, mode 0600, when it is missing.
    explicit owner_lock(const std::string& path);
    ~owner_lock();
    owner_lock(const owner_lock&) = delete;
    owner_lock& operator=(const owner_lock&) = delete;

    life look(std::string_view owner_text, clock::time_point now) const;
    // The text under which `owner` holds the lease of `key` now, in this process; empty if it does not.
    std::string text_of(const std::string& key, std::string_view owner, clock::time_point now) const;
    // This process holds the lease of `key` under this fence, and did not give it up when it ended by the clock.
    bool holds(const std::string& key, std::uint64_t fence) const;
    // A byte for a lease about to be taken: confirm() follows, or drop_claims().
    std::string claim(std::string_view owner);
    // The lease of `key` was granted for the claim, or prolonged.
    void confirm(const std::string& key, const std::string& owner_text, std::uint64_t fence, clock::time_point until);
    // Called before the record is written.
    void prolong(const std::string& key, std::uint64_t fence, clock::time_point until);
    // Tells those who watch the file that something was committed.
    void touch() const noexcept;
    // Frees what was claimed and not confirmed: the transaction failed.
    void drop_claims() noexcept;
    // What the record says now: when that is somebody else, or nobody, the byte is freed.
    void settle(const std::string& key, std::string_view holder_text);
    // The holder has finished, whatever the record says.
    void forget(const std::string& key, std::uint64_t fence);
    // Frees what is abandoned; the time of the next one.
    clock::time_point drop_abandoned(clock::time_point now);

private:
    friend struct fork_guard;
    struct held {
        std::string text;
        std::int64_t byte{};
        std::uint64_t fence{};
        clock::time_point until;
    };
    void open(const std::string& path);
    bool set(std::int64_t byte, short type) const noexcept;
    std::string suffix(std::int64_t byte) const;
    std::int64_t byte_of(std::string_view owner_text) const;

    int fd_ = -1;
    std::string id_; // of the file: a byte of a file that was removed and made anew says nothing
    std::map<std::string, held, std::less<>> held_;
    std::vector<std::int64_t> claimed_;
};

} // namespace afresh::store
