#include "cli/config/setup.hpp"

#include "cli/config/grant_of.hpp"
#include "cli/config/metadata_cache.hpp"
#include "cli/config/places.hpp"
#include "cli/config/secret.hpp"

#include <afresh/key_ring.hpp>
#include <afresh/provider.hpp>
#include <afresh/sign_in_error.hpp>
#include <afresh/sqlite_token_store.hpp>
#ifdef AFRESH_CLI_POSTGRES
#include <afresh/postgres_token_store.hpp>
#endif

#include <boost/asio/this_coro.hpp>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace afresh::cli {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

// 32 random bytes as key_ring::from_file() wants them. Made once; whoever comes second finds it.
void make_key_file(const std::string& path)
{
    const std::string mine = path + "." + std::to_string(::getpid());
    const int fd = ::open(mine.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) fail(mine + ": " + std::strerror(errno));
    std::array<unsigned char, 32> key{};
    std::array<unsigned char, 48> text{}; // 44 digits and a zero
    const bool made = RAND_bytes(key.data(), static_cast<int>(key.size())) == 1;
    EVP_EncodeBlock(text.data(), key.data(), static_cast<int>(key.size()));
    std::string line = "key-1 " + std::string(reinterpret_cast<const char*>(text.data())) + "\n";
    const bool written =
        made && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
    wipe(line);
    ::close(fd);
    // Not over another's: what is sealed with that could not be opened any more.
    const bool linked = written && (::link(mine.c_str(), path.c_str()) == 0 || errno == EEXIST);
    const int why = errno;
    ::unlink(mine.c_str());
    if (!linked) fail(path + ": " + std::strerror(why));
}

std::shared_ptr<token_store> open_sqlite(const std::string& path)
{
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    if (!directory.empty() && !std::filesystem::exists(directory)) {
        std::filesystem::create_directories(directory);
        std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
    }
    const std::string key = path + ".key";
    if (!std::filesystem::exists(key)) {
        if (std::filesystem::exists(path))
            fail(key + ": is missing, and " + path +
                 " is sealed with it; put it back from a backup, or remove both and sign in again");
        make_key_file(key);
    }
    sqlite_store_options options;
    options.path = path;
    options.keys = key_ring::from_file(key);
    return make_sqlite_token_store(std::move(options));
}

} // namespace

tls_options tls_of(const profile& p)
{
    tls_options o;
    o.trust_roots_file = p.trust_roots_file;
    o.certificate_chain_file = p.certificate_chain_file;
    o.private_key_file = p.certificate_key_file;
    return o;
}

asio::awaitable<server_metadata> metadata_of(profile p)
{
    server_metadata named;
    named.issuer = p.issuer;
    named.token_endpoint = p.token_endpoint;
    named.revocation_endpoint = p.revocation_endpoint;
    if (!p.token_endpoint.empty()) co_return named;
    const std::string directory = state_directory();
    const auto cached = read_metadata_cache(directory, p.issuer);
    if (cached && cached->fresh) co_return cached->known;
    std::exception_ptr failed;
    try {
        named = co_await discover(p.issuer, make_http_transport(tls_of(p)));
    } catch (const sign_in_error& e) {
        if (!cached || e.code() != errc::temporarily_unavailable) throw;
        co_return cached->known;
    }
    if (!p.certificate_chain_file.empty()) named = named.with_mtls_aliases();
    if (!p.revocation_endpoint.empty()) named.revocation_endpoint = p.revocation_endpoint;
    write_metadata_cache(directory, named);
    co_return named;
}

client_registration registration_of(const profile& p, const server_metadata& server)
{
    client_registration r(server, p.client_id);
    const std::string& how = p.client_authentication;
    if (how == "client_secret_basic") r.client_secret_basic(read_secret(p.client_secret));
    if (how == "client_secret_post") r.client_secret_post(read_secret(p.client_secret));
    if (how == "client_secret_jwt") r.client_secret_jwt(read_secret(p.client_secret));
    if (how == "private_key_jwt")
        r.private_key_jwt(signing_key::from_pem_file(p.private_key_file, p.signing_algorithm, p.key_id));
    if (how == "tls_client_auth") r.tls_client_auth();
    if (how == "self_signed_tls_client_auth") r.self_signed_tls_client_auth();
    if (p.dpop) r.dpop_bound_access_tokens();
    return r;
}

std::shared_ptr<token_store> open_store(const asio::any_io_executor& executor, const configuration& all)
{
    const bool postgres = all.store.starts_with("postgresql://") || all.store.starts_with("postgres://");
    if (!postgres) return open_sqlite(all.store);
#ifdef AFRESH_CLI_POSTGRES
    postgres_store_options options;
    options.conninfo = all.store;
    return make_postgres_token_store(executor, std::move(options));
#else
    (void)executor;
    fail(all.path + ": store: this afresh was built without PostgreSQL");
#endif
}

asio::awaitable<token_source> open_source(configuration all, profile p, std::shared_ptr<token_store> store)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::optional<token_source> subject;
    if (!p.token_exchange.subject.empty()) {
        const profile of = find_profile(all, p.token_exchange.subject);
        token_source opened = co_await open_source(all, of, store);
        subject = std::move(opened);
    }
    const server_metadata server = co_await metadata_of(p);
    grant g = grant_of(p, subject);
    source_options options;
    options.key = p.name;
    options.allowed_origins = p.origins;
    options.service.transport = make_http_transport(tls_of(p));
    options.service.store = std::move(store);
    co_return token_source(executor, registration_of(p, server), std::move(g), std::move(options));
}

} // namespace afresh::cli
