#include <afresh/key_ring.hpp>

#include "core/text.hpp"
#include "crypto/aead.hpp"
#include "crypto/base64.hpp"
#include "crypto/digest.hpp"

#include <afresh/error.hpp>

#include <boost/system/system_error.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace afresh {
namespace {

constexpr std::string_view scheme = "afresh-sealed:1:"; // then the key's id, a colon, and base64
constexpr std::size_t longest_id = 64;

[[noreturn]] void refuse(const std::string& why) { throw boost::system::system_error(errc::invalid_argument, why); }
[[noreturn]] void fail(const std::string& why) { throw std::runtime_error(why); }

bool is_id(std::string_view text)
{
    return !text.empty() && text.size() <= longest_id &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               std::string_view::npos;
}

// RFC 5116 2.1 calls it associated data; what chain it is of is in the key.
std::string bound_to(std::uint64_t generation) { return "afresh record, generation " + std::to_string(generation); }

} // namespace

struct key_ring::state {
    std::string id;
    std::function<secret_string(const std::string&)> key_of;
    mutable std::mutex mutex;
    mutable std::map<std::string, secret_string, std::less<>> keys; // what key_of has said, too

    void put(std::string name, secret_string key)
    {
        if (!is_id(name)) refuse("a key's id is 1 to 64 letters, digits, '-', '_' or '.'");
        if (key.size() != crypto::aead_key_size)
            refuse("the key '" + name + "' has " + std::to_string(key.size()) +
                   " bytes, not 32 (openssl rand -base64 32)");
        const std::lock_guard lock(mutex);
        if (!keys.emplace(name, std::move(key)).second) refuse("there are two keys with the id '" + name + "'");
    }
    // Empty: there is none.
    secret_string get(const std::string& name) const
    {
        {
            const std::lock_guard lock(mutex);
            if (const auto found = keys.find(name); found != keys.end()) return found->second;
        }
        if (!key_of) return {};
        secret_string key;
        try {
            key = key_of(name);
        } catch (const std::exception&) {
            return {};
        }
        if (key.size() != crypto::aead_key_size) return {};
        const std::lock_guard lock(mutex);
        return keys.emplace(name, std::move(key)).first->second;
    }
    static key_ring parse(std::string_view text, std::string_view line_ends, const std::string& where);
};

key_ring::key_ring(std::string id, secret_string key) : state_(std::make_shared<state>())
{
    state_->id = id;
    state_->put(std::move(id), std::move(key));
}

key_ring& key_ring::add(std::string id, secret_string key)
{
    if (!state_) refuse("the first key of a ring is the one that seals: give it to the constructor");
    state_->put(std::move(id), std::move(key));
    return *this;
}

key_ring key_ring::state::parse(std::string_view text, std::string_view line_ends, const std::string& where)
{
    key_ring ring;
    for (unsigned number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find_first_of(line_ends), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = core::without_blanks(line);
        if (line.empty() || line.front() == '#') continue;
        const std::size_t gap = std::min(line.find_first_of(" \t"), line.size());
        const std::string id(line.substr(0, gap));
        const auto key = crypto::from_base64(core::without_blanks(line.substr(gap)));
        if (!key) refuse(where + ", line " + std::to_string(number) + ": not an id and a key in base64");
        try {
            if (ring.empty())
                ring = key_ring(id, *key);
            else
                ring.add(id, *key);
        } catch (const boost::system::system_error& e) {
            refuse(where + ", line " + std::to_string(number) + ": " + e.what());
        }
    }
    if (ring.empty()) refuse(where + " has no key");
    return ring;
}

key_ring key_ring::from_file(const std::string& path)
{
    struct stat st {};
    std::ifstream file(path, std::ios::binary);
    if (!file || ::stat(path.c_str(), &st) != 0) refuse(path + " cannot be read");
    if (!S_ISREG(st.st_mode)) refuse(path + " is not a file");
    if (st.st_mode & (S_IRWXO)) refuse(path + " can be read or written by everybody; chmod o-rwx it");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    struct wiped {
        std::string& text;
        ~wiped() { wipe(text); }
    } const at_end{text};
    return state::parse(text, "\n", path);
}

key_ring key_ring::from_environment(const char* variable)
{
    const char* const text = std::getenv(variable);
    if (!text) refuse(std::string("the environment variable ") + variable + " is not set");
    return state::parse(text, "\n;", std::string("the environment variable ") + variable);
}

key_ring key_ring::from_callback(std::string id, std::function<secret_string(const std::string&)> key_of)
{
    if (!is_id(id)) refuse("a key's id is 1 to 64 letters, digits, '-', '_' or '.'");
    if (!key_of) refuse("there is no function to ask for keys");
    key_ring ring;
    ring.state_ = std::make_shared<state>();
    ring.state_->id = std::move(id);
    ring.state_->key_of = std::move(key_of);
    if (ring.state_->get(ring.state_->id).empty()) refuse("there is no key '" + ring.state_->id + "' of 32 bytes");
    return ring;
}

const std::string& key_ring::id() const noexcept
{
    static const std::string none;
    return state_ ? state_->id : none;
}

bool key_ring::has(const std::string& id) const { return state_ && !state_->get(id).empty(); }

std::string key_ring::seal(std::string_view chain, std::uint64_t generation, const secret_string& text) const
{
    if (!state_) fail("there is no key to seal with");
    const secret_string key = crypto::hmac_sha256(state_->get(state_->id).reveal(), chain);
    return std::string(scheme) + state_->id + ':' +
           core::base64(crypto::encrypt(key.reveal(), bound_to(generation), text.reveal()));
}

secret_string key_ring::open(std::string_view chain, std::uint64_t generation, std::string_view sealed) const
{
    const std::string id(id_of(sealed));
    if (id.empty()) fail("it is not sealed, though there are keys for that");
    const secret_string key = state_ ? state_->get(id) : secret_string();
    if (key.empty()) fail("it is sealed with the key '" + id + "', which is not in the key ring");
    const auto bytes = crypto::from_base64(sealed.substr(scheme.size() + id.size() + 1));
    auto text = bytes ? crypto::decrypt(crypto::hmac_sha256(key.reveal(), chain).reveal(), bound_to(generation),
                                        bytes->reveal())
                      : std::nullopt;
    if (!text) fail("it was changed by somebody, or sealed with another key '" + id + "' than the one in the key ring");
    return std::move(*text);
}

std::string_view key_ring::id_of(std::string_view sealed) noexcept
{
    if (!sealed.starts_with(scheme)) return {};
    sealed.remove_prefix(scheme.size());
    const std::string_view id = sealed.substr(0, std::min(sealed.find(':'), sealed.size()));
    return id.size() < sealed.size() && is_id(id) ? id : std::string_view();
}

} // namespace afresh
