#include "net/tls_context.hpp"

#include "net/ocsp_staple.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/system_error.hpp>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace afresh::net {
namespace ssl = boost::asio::ssl;

namespace {

[[noreturn]] void refuse(const std::string& what)
{
    throw boost::system::system_error(make_error_code(errc::invalid_argument), "tls_options: " + what);
}

void check_file(const error_code& ec, const char* member, const std::string& file)
{
    if (ec) refuse(std::string(member) + ": cannot use '" + file + "': " + ec.message());
}

// An encrypted key must not make OpenSSL ask for its password on the terminal.
int no_password(char*, int, int, void*) { return -1; }

bool has_roots(SSL_CTX* context)
{
    const auto* objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    if (sk_X509_OBJECT_num(objects) > 0) return true;
    // certificates in a directory are looked up during the handshake, so they are not counted above
    const char* directory = std::getenv(X509_get_default_cert_dir_env());
    std::error_code ec;
    std::filesystem::directory_iterator entries(directory ? directory : X509_get_default_cert_dir(), ec);
    return !ec && entries != std::filesystem::directory_iterator{};
}

void set_rules(SSL_CTX* context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION); // Asio's default would take TLS 1.0
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT); // else an answer's tokens stay in a buffer of OpenSSL's
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    static constexpr unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    honour_staples(context);
}

} // namespace

struct tls_context::impl {
    std::mutex mutex;
    std::optional<ssl::context> context;
    bool with_system_roots{};
    bool ready{};
};

tls_context::tls_context(const tls_options& o) : impl_(std::make_unique<impl>())
{
    if (o.certificate_chain_file.empty() != o.private_key_file.empty())
        refuse("certificate_chain_file and private_key_file go together");
    impl_->with_system_roots = o.trust_roots_file.empty();
    if (impl_->with_system_roots && o.certificate_chain_file.empty()) return; // all of it later

    auto& context = impl_->context.emplace(ssl::context::tls_client);
    set_rules(context.native_handle());
    error_code ec;
    if (!impl_->with_system_roots) {
        context.load_verify_file(o.trust_roots_file, ec);
        check_file(ec, "trust_roots_file", o.trust_roots_file);
    }
    if (!o.certificate_chain_file.empty()) {
        context.use_certificate_chain_file(o.certificate_chain_file, ec);
        check_file(ec, "certificate_chain_file", o.certificate_chain_file);
        context.use_private_key_file(o.private_key_file, ssl::context::pem, ec);
        check_file(ec, "private_key_file", o.private_key_file);
        if (SSL_CTX_check_private_key(context.native_handle()) != 1) refuse("the private key is not the certificate's");
    }
}

tls_context::~tls_context() = default;

result<ssl::context*> tls_context::get()
{
    const std::lock_guard lock(impl_->mutex);
    if (impl_->ready) return &*impl_->context;
    if (!impl_->context) set_rules(impl_->context.emplace(ssl::context::tls_client).native_handle());
    error_code ec;
    if (impl_->with_system_roots) {
        impl_->context->set_default_verify_paths(ec);
        if (ec || !has_roots(impl_->context->native_handle())) return make_error_code(errc::tls_failed);
    }
    impl_->context->set_verify_mode(ssl::verify_peer, ec);
    if (ec) return make_error_code(errc::tls_failed);
    impl_->ready = true;
    return &*impl_->context;
}

std::shared_ptr<tls_context> shared_tls_context(const tls_options& o)
{
    if (!o.trust_roots_file.empty() || !o.certificate_chain_file.empty() || !o.private_key_file.empty())
        return std::make_shared<tls_context>(o);
    static std::mutex mutex;
    static std::weak_ptr<tls_context> shared;
    const std::lock_guard lock(mutex);
    auto context = shared.lock();
    if (!context) shared = context = std::make_shared<tls_context>(o);
    return context;
}

} // namespace afresh::net
