#include <afresh/signing_key.hpp>

#include "crypto/digest.hpp"
#include "crypto/key_holder.hpp"

#include <afresh/error.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <boost/system/system_error.hpp>

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace afresh {
namespace {

[[noreturn]] void refuse(const std::string& why)
{
    throw boost::system::system_error(errc::invalid_argument, "signing_key: " + why);
}

template <class F>
auto or_refuse(const std::string& where, F read)
{
    try {
        return read();
    } catch (const std::runtime_error& e) {
        refuse(where + e.what());
    }
}

class held_key : public detail::key_holder {
public:
    explicit held_key(crypto::key k) : key_(std::move(k)) {}
    std::optional<crypto::key> here() override { return key_; }
    std::string public_jwk() override { return key_.public_jwk(); }

private:
    crypto::key key_;
};

class key_elsewhere : public detail::key_holder {
public:
    key_elsewhere(std::shared_ptr<signer> s, std::string jwk) : signer_(std::move(s)), jwk_(std::move(jwk)) {}
    std::optional<crypto::key> here() override { return std::nullopt; }
    std::shared_ptr<signer> elsewhere() override { return signer_; }
    std::string public_jwk() override { return jwk_; }

private:
    std::shared_ptr<signer> signer_;
    std::string jwk_;
};

// A replaced file is another inode, or has another time or size.
struct file_state {
    explicit file_state(const std::string& path)
    {
        struct ::stat s {};
        if (::stat(path.c_str(), &s) == 0) inode = s.st_ino, size = s.st_size, time = s.st_mtim;
    }
    bool operator==(const file_state& o) const noexcept
    {
        return inode == o.inode && size == o.size && time.tv_sec == o.time.tv_sec && time.tv_nsec == o.time.tv_nsec;
    }
    ino_t inode{};
    off_t size{};
    timespec time{};
};

crypto::key read_pem_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot be read");
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const secret_string kept(text);
    wipe(text);
    return crypto::key::private_from_pem(kept.reveal());
}

class key_in_file : public detail::key_holder {
public:
    explicit key_in_file(std::string path) : path_(std::move(path)), state_(path_), key_(read_pem_file(path_)) {}

    std::optional<crypto::key> here() override
    {
        const std::lock_guard lock(mutex_);
        const file_state now(path_);
        if (now == state_) return key_;
        state_ = now; // a broken file is looked at once
        try {
            const crypto::key next = read_pem_file(path_);
            if (next.type() == key_.type()) key_ = next;
        } catch (const std::runtime_error&) { // half written, perhaps
        }
        return key_;
    }
    std::string public_jwk() override { return here()->public_jwk(); }

private:
    std::string path_;
    std::mutex mutex_;
    file_state state_;
    crypto::key key_;
};

boost::json::object object_of(std::string_view json)
{
    boost::system::error_code ec;
    const auto value = boost::json::parse({json.data(), json.size()}, ec);
    if (ec || !value.is_object()) refuse("the JWK is not a JSON object");
    return value.as_object();
}

std::string text_member(const boost::json::object& o, std::string_view name)
{
    const auto* v = o.if_contains(name);
    return v && v->is_string() ? boost::json::value_to<std::string>(*v) : std::string();
}

std::string algorithm_for(std::string wanted, crypto::key::kind k)
{
    if (wanted.empty()) return std::string(crypto::name_of(crypto::usual_algorithm(k)));
    const auto known = crypto::algorithm_named(wanted);
    if (!known) refuse("the algorithm is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA");
    if (!crypto::fits(*known, k)) refuse("the algorithm " + wanted + " needs another kind of key (RFC 7518 3.1)");
    return wanted;
}

} // namespace

signing_key::signing_key(std::shared_ptr<detail::key_holder> holder, std::string algorithm, std::string key_id)
    : holder_(std::move(holder)),
      algorithm_(std::move(algorithm)),
      key_id_(std::move(key_id)),
      public_jwk_(holder_->public_jwk()),
      thumbprint_(crypto::sha256_text(public_jwk_))
{
}

signing_key::signing_key(std::shared_ptr<signer> elsewhere, std::string_view public_jwk, std::string algorithm,
                         std::string key_id)
{
    if (!elsewhere) refuse("there is no signer");
    const auto known = crypto::key::public_from_jwk(object_of(public_jwk));
    if (!known) refuse("public_jwk is not a public key of RSA, EC or Ed25519 (RFC 7517)");
    *this = signing_key(std::make_shared<key_elsewhere>(std::move(elsewhere), known->public_jwk()),
                        algorithm_for(std::move(algorithm), known->type()), std::move(key_id));
}

signing_key signing_key::from_pem(const secret_string& text, std::string algorithm, std::string key_id)
{
    crypto::key k = or_refuse("", [&] { return crypto::key::private_from_pem(text.reveal()); });
    std::string name = algorithm_for(std::move(algorithm), k.type());
    return signing_key(std::make_shared<held_key>(std::move(k)), std::move(name), std::move(key_id));
}

signing_key signing_key::from_pem_file(std::string path, std::string algorithm, std::string key_id)
{
    auto holder = or_refuse(path + ": ", [&] { return std::make_shared<key_in_file>(path); });
    std::string name = algorithm_for(std::move(algorithm), holder->here()->type());
    return signing_key(std::move(holder), std::move(name), std::move(key_id));
}

signing_key signing_key::from_jwk(const secret_string& json, std::string algorithm, std::string key_id)
{
    const boost::json::object jwk = object_of(json.reveal());
    crypto::key k = or_refuse("", [&] { return crypto::key::private_from_jwk(jwk); });
    if (algorithm.empty()) algorithm = text_member(jwk, "alg");
    if (key_id.empty()) key_id = text_member(jwk, "kid");
    std::string name = algorithm_for(std::move(algorithm), k.type());
    return signing_key(std::make_shared<held_key>(std::move(k)), std::move(name), std::move(key_id));
}

signing_key signing_key::generate(std::string algorithm)
{
    using kind = crypto::key::kind;
    const auto known = crypto::algorithm_named(algorithm);
    for (const kind k : {kind::rsa, kind::ec_p256, kind::ec_p384, kind::ec_p521, kind::ed25519})
        if (known && crypto::fits(*known, k))
            return signing_key(std::make_shared<held_key>(crypto::key::generate(k)), std::move(algorithm), {});
    refuse("the algorithm is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA");
}

secret_string signing_key::to_pem() const
{
    const auto k = holder_ ? holder_->here() : std::nullopt;
    return k ? k->to_pem() : secret_string();
}

} // namespace afresh
