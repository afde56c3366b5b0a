#include "store/owner_lock.hpp"

#include "store/private_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <limits>
#include <mutex>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace afresh::store {
namespace {

constexpr std::size_t id_size = 20;

// "Open file description" locks: unlike the older ones they are not lost when some other descriptor of the file is
// closed, and two stores of one process see each other's.
int lock_call(int fd, int command, std::int64_t byte, short& type) noexcept
{
    struct flock l {};
    l.l_type = type;
    l.l_whence = SEEK_SET;
    l.l_start = byte;
    l.l_len = 1;
    const int done = ::fcntl(fd, command, &l);
    type = l.l_type;
    return done;
}

} // namespace

// A forked child shares the open file, and would keep a dead parent's lock for as long as it lives itself. So it closes
// it.
struct fork_guard {
    std::mutex mutex;
    std::vector<owner_lock*> all;

    static fork_guard& instance()
    {
        static fork_guard* const guard = [] { // never destroyed: fork() may come after static destructors
            auto* g = new fork_guard;
            ::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); }, &in_child);
            return g;
        }();
        return *guard;
    }
    static void in_child()
    {
        for (owner_lock* l : instance().all) ::close(std::exchange(l->fd_, -1));
        instance().all.clear();
        instance().mutex.unlock();
    }
};

owner_lock::owner_lock(const std::string& path)
{
    if (!is_there(path)) {
        const std::string fresh = fresh_name(path);
        const int fd = create(fresh);
        std::string id = std::to_string(random_bits());
        id.insert(0, id_size - id.size(), '0'); // 2^64 has 20 digits
        const bool written = ::write(fd, id.data(), id.size()) == static_cast<ssize_t>(id.size()) && ::fsync(fd) == 0;
        const int error = errno;
        ::close(fd);
        if (!written) {
            ::unlink(fresh.c_str());
            fail_errno(fresh, "cannot be written", error);
        }
        publish(fresh, path);
    }
    fork_guard& guard = fork_guard::instance();
    std::lock_guard lock(guard.mutex);
    open(path);
    try {
        guard.all.push_back(this);
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

void owner_lock::open(const std::string& path)
{
    fd_ = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd_ < 0) fail_errno(path, "cannot be opened", errno);
    std::array<char, id_size + 1> text{};
    const ssize_t size = ::read(fd_, text.data(), text.size());
    if (size != static_cast<ssize_t>(id_size)) {
        ::close(fd_);
        fail(path, "is damaged", "end all programs that use the store, and remove this file (it holds no tokens)");
    }
    id_.assign(text.data(), id_size);
}

owner_lock::~owner_lock()
{
    fork_guard& guard = fork_guard::instance();
    std::lock_guard lock(guard.mutex);
    std::erase(guard.all, this);
    if (fd_ >= 0) ::close(fd_); // frees all its bytes
}

bool owner_lock::set(std::int64_t byte, short type) const noexcept
{
    return lock_call(fd_, F_OFD_SETLK, byte, type) == 0;
}

std::string owner_lock::suffix(std::int64_t byte) const { return "#" + id_ + ":" + std::to_string(byte); }

// -1: none of this file
std::int64_t owner_lock::byte_of(std::string_view text) const
{
    const std::size_t mark = text.rfind('#');
    if (mark == std::string_view::npos) return -1;
    text.remove_prefix(mark + 1);
    if (text.size() < id_size + 2 || text.substr(0, id_size) != id_ || text[id_size] != ':') return -1;
    text.remove_prefix(id_size + 1);
    std::int64_t byte = -1;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), byte);
    return ec == std::errc() && end == text.data() + text.size() ? byte : -1;
}

owner_lock::life owner_lock::look(std::string_view owner_text, clock::time_point now) const
{
    const std::int64_t byte = byte_of(owner_text);
    if (byte < 0) return life::unknown;
    // A descriptor's own locks never stand in its way, so the kernel cannot be asked about these.
    for (const auto& [key, h] : held_)
        if (h.byte == byte) return now < h.until ? life::alive : life::dead;
    short type = F_WRLCK;
    if (lock_call(fd_, F_OFD_GETLK, byte, type) != 0) return life::unknown;
    return type == F_UNLCK ? life::dead : life::alive;
}

std::string owner_lock::text_of(const std::string& key, std::string_view owner, clock::time_point now) const
{
    const auto found = held_.find(key);
    if (found == held_.end() || now >= found->second.until) return {};
    return found->second.text == std::string(owner) + suffix(found->second.byte) ? found->second.text : std::string();
}

bool owner_lock::holds(const std::string& key, std::uint64_t fence) const
{
    const auto found = held_.find(key);
    return found != held_.end() && found->second.fence == fence;
}

void owner_lock::touch() const noexcept { (void)!::futimens(fd_, nullptr); }

void owner_lock::drop_claims() noexcept
{
    for (const std::int64_t byte : claimed_) set(byte, F_UNLCK);
    claimed_.clear();
}

std::string owner_lock::claim(std::string_view owner)
{
    // 2^50 bytes to draw from: the file does not grow, and a byte is never drawn twice while anybody remembers it.
    for (int attempt = 0; attempt < 8; ++attempt) {
        const auto byte = static_cast<std::int64_t>(random_bits() >> 14);
        if (!set(byte, F_WRLCK)) continue;
        claimed_.push_back(byte);
        return std::string(owner) + suffix(byte);
    }
    return std::string(owner); // a file system without locks: the clock alone decides
}

void owner_lock::confirm(const std::string& key, const std::string& owner_text, std::uint64_t fence,
                         clock::time_point until)
{
    const std::int64_t byte = byte_of(owner_text);
    if (byte < 0) return;
    const auto [place, fresh] = held_.try_emplace(key);
    held& h = place->second;
    if (!fresh && h.byte != byte) set(h.byte, F_UNLCK);
    h = {owner_text, byte, fence, until};
    std::erase(claimed_, byte);
}

void owner_lock::prolong(const std::string& key, std::uint64_t fence, clock::time_point until)
{
    const auto found = held_.find(key);
    if (found != held_.end() && found->second.fence == fence)
        found->second.until = std::max(found->second.until, until);
}

void owner_lock::settle(const std::string& key, std::string_view holder_text)
{
    const auto found = held_.find(key);
    if (found == held_.end() || found->second.text == holder_text) return;
    set(found->second.byte, F_UNLCK);
    held_.erase(found);
}

void owner_lock::forget(const std::string& key, std::uint64_t fence)
{
    const auto found = held_.find(key);
    if (found == held_.end() || found->second.fence != fence) return;
    set(found->second.byte, F_UNLCK);
    held_.erase(found);
}

owner_lock::clock::time_point owner_lock::drop_abandoned(clock::time_point now)
{
    clock::time_point next = clock::time_point::max();
    for (auto h = held_.begin(); h != held_.end();) {
        const clock::time_point end = h->second.until + abandoned_after;
        if (end <= now) {
            set(h->second.byte, F_UNLCK);
            h = held_.erase(h);
        } else {
            next = std::min(next, end);
            ++h;
        }
    }
    return next;
}

} // namespace afresh::store
