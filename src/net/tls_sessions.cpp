#include "net/tls_sessions.hpp"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace afresh::net {
namespace {

constexpr std::size_t most_sessions = 256;
constexpr std::ptrdiff_t most_for_one_peer = 4;

void free_name(void*, void* name, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<std::string*>(name); }

// Where a connection keeps the name of its peer, and a context its tls_sessions.
int name_slot()
{
    static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_name);
    return slot;
}
int owner_slot()
{
    static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

} // namespace

void tls_sessions::deleter::operator()(ssl_session_st* s) const { SSL_SESSION_free(s); }

tls_sessions::tls_sessions() = default;
tls_sessions::~tls_sessions() = default;

void tls_sessions::attach(ssl_ctx_st* context)
{
    SSL_CTX_set_ex_data(context, owner_slot(), this);
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, &tls_sessions::on_new_session);
}

int tls_sessions::on_new_session(ssl_st* connection, ssl_session_st* agreed)
{
    auto* const self = static_cast<tls_sessions*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), owner_slot()));
    const auto* const peer = static_cast<const std::string*>(SSL_get_ex_data(connection, name_slot()));
    if (!self || !peer || SSL_SESSION_is_resumable(agreed) != 1) return 0;
    try {
        self->keep(*peer, session(agreed));
    } catch (...) { // out of memory, inside OpenSSL: the next handshake is a full one
    }
    return 1; // it is ours now
}

void tls_sessions::keep(std::string_view peer, session agreed)
{
    const std::lock_guard lock(mutex_);
    newest_first_.push_front({std::string(peer), std::move(agreed)});
    const auto same = [&](const entry& e) { return e.peer == peer; };
    if (std::count_if(newest_first_.begin(), newest_first_.end(), same) > most_for_one_peer) {
        const auto oldest = std::find_if(newest_first_.rbegin(), newest_first_.rend(), same);
        newest_first_.erase(std::next(oldest).base());
    }
    if (newest_first_.size() > most_sessions) newest_first_.pop_back();
}

void tls_sessions::offer(ssl_st* connection, const std::string& peer)
{
    auto name = std::make_unique<std::string>(peer);
    if (SSL_set_ex_data(connection, name_slot(), name.get()) == 1) name.release();
    const std::lock_guard lock(mutex_);
    const auto known =
        std::find_if(newest_first_.begin(), newest_first_.end(), [&](auto& e) { return e.peer == peer; });
    if (known == newest_first_.end()) return;
    SSL_set_session(connection, known->agreed.get());
    if (SSL_SESSION_get_protocol_version(known->agreed.get()) >= TLS1_3_VERSION) newest_first_.erase(known);
}

} // namespace afresh::net
