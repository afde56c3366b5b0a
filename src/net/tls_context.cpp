#include "net/tls_context.hpp"

#include "net/ocsp_staple.hpp"
#include "net/tls_version.hpp"

#include <boost/system/system_error.hpp>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

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

namespace {

using file_time = std::filesystem::file_time_type;

// Of the files' last change; the epoch for one that is not there.
std::vector<file_time> changes_of(const tls_options& o)
{
    std::vector<file_time> times;
    for (const std::string& file : {o.trust_roots_file, o.certificate_chain_file, o.private_key_file}) {
        std::error_code ec;
        times.push_back(std::filesystem::last_write_time(file, ec));
    }
    return times;
}

// All but the system's roots. Throws for a file that cannot be used.
std::shared_ptr<tls_version> read_files(const tls_options& o, tls_resumption resumption)
{
    auto made = std::make_shared<tls_version>();
    ssl::context& context = made->context;
    set_rules(context.native_handle());
    if (resumption == tls_resumption::on) made->sessions.attach(context.native_handle());
    error_code ec;
    if (!o.trust_roots_file.empty()) {
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
    context.set_verify_mode(ssl::verify_peer, ec);
    return made;
}

} // namespace

struct tls_context::impl {
    impl(const tls_options& o, tls_resumption r) : options(o), resumption(r) {}

    const tls_options options;
    const tls_resumption resumption;
    std::mutex mutex;
    std::shared_ptr<tls_version> current;
    std::vector<file_time> changed;
    std::chrono::steady_clock::time_point looked{};
    bool complete{}; // with the system's roots, if those are trusted

    void complete_roots(tls_version& v, error_code& ec) const
    {
        if (!options.trust_roots_file.empty()) return;
        v.context.set_default_verify_paths(ec);
        if (ec || !has_roots(v.context.native_handle())) ec = errc::tls_failed;
    }
    // A look at the files each second at most.
    void follow_files()
    {
        const auto now = std::chrono::steady_clock::now();
        if (changed.empty() || now < looked + std::chrono::seconds(1)) return;
        looked = now;
        auto newer = changes_of(options);
        if (newer == changed) return;
        try {
            auto made = read_files(options, resumption);
            error_code ec;
            complete_roots(*made, ec);
            if (ec) return;
            current->superseded = true;
            current = std::move(made);
            changed = std::move(newer);
        } catch (const std::exception&) { // being replaced just now, or wrong: the next connection looks again
        }
    }
};

tls_context::tls_context(const tls_options& o, tls_resumption resumption) : impl_(std::make_unique<impl>(o, resumption))
{
    if (o.certificate_chain_file.empty() != o.private_key_file.empty())
        refuse("certificate_chain_file and private_key_file go together");
    if (o.trust_roots_file.empty() && o.certificate_chain_file.empty()) return; // all of it later
    impl_->changed = changes_of(o);
    impl_->current = read_files(o, resumption);
}

tls_context::~tls_context() = default;

result<std::shared_ptr<tls_version>> tls_context::get()
{
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->current) impl_->current = read_files(impl_->options, impl_->resumption);
    if (!impl_->complete) {
        error_code ec;
        impl_->complete_roots(*impl_->current, ec);
        if (ec) return ec;
        impl_->complete = true;
    }
    impl_->follow_files();
    return impl_->current;
}

void tls_context::follow_files()
{
    const tls_options& o = impl_->options;
    if (o.trust_roots_file.empty() && o.certificate_chain_file.empty()) return;
    const std::lock_guard lock(impl_->mutex);
    if (impl_->complete) impl_->follow_files();
}

bool tls_context::resumes() const noexcept { return impl_->resumption == tls_resumption::on; }

std::shared_ptr<tls_context> shared_tls_context(const tls_options& o, tls_resumption resumption)
{
    if (!o.trust_roots_file.empty() || !o.certificate_chain_file.empty() || !o.private_key_file.empty())
        return std::make_shared<tls_context>(o, resumption);
    static std::mutex mutex;
    static std::weak_ptr<tls_context> shared[2];
    const std::lock_guard lock(mutex);
    std::weak_ptr<tls_context>& mine = shared[resumption == tls_resumption::on];
    auto context = mine.lock();
    if (!context) mine = context = std::make_shared<tls_context>(o, resumption);
    return context;
}

} // namespace afresh::net
