#include "net/connection.hpp"

#include "net/tls_context.hpp"
#include "net/tls_version.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>

namespace afresh::net {
namespace ssl = asio::ssl;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// Of send() and recv().
connection::transferred outcome_of(::ssize_t n)
{
    if (n < 0) return {error_code(errno, boost::system::system_category()), 0};
    return {error_code(), static_cast<std::size_t>(n)};
}

} // namespace

struct connection::tls_layer {
    tls_layer(stream_socket& socket, std::shared_ptr<tls_version> v)
        : version(std::move(v)), stream(socket, version->context)
    {
        // Asio asks for less memory of idle connections (34 KiB each); making the buffers anew costs a fifth of a request.
        SSL_clear_mode(stream.native_handle(), SSL_MODE_RELEASE_BUFFERS);
    }
    // OpenSSL forgets the session of a connection that ends without a goodbye, which old TLS asked for and no RFC of today.
    // A fatal alert makes it forget as well, and of that this does not speak.
    ~tls_layer() { SSL_set_shutdown(stream.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }
    tls_layer(const tls_layer&) = delete;
    tls_layer& operator=(const tls_layer&) = delete;

    // RFC 9525: the name must be in subjectAltName, and a wildcard stands for a whole label.
    bool expect(const std::string& host)
    {
        SSL* const handle = stream.native_handle();
        X509_VERIFY_PARAM* const rules = SSL_get0_param(handle);
        X509_VERIFY_PARAM_set_hostflags(rules,
                                        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        error_code not_an_address;
        asio::ip::make_address(host, not_an_address);
        if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1; // RFC 6066 3: no SNI
        return X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1 &&
               SSL_set_tlsext_host_name(handle, host.c_str()) == 1;
    }

    const std::shared_ptr<tls_version> version; // sessions outlive the stream that learns them
    ssl::stream<stream_socket&> stream;
};

connection::connection(stream_socket connected) : socket_(std::move(connected)), limit_(socket_.get_executor())
{
    limit_.guard(socket_.native_handle());
}

connection::~connection() { limit_.guard(-1); } // before the descriptor is closed, and perhaps given to somebody else

asio::awaitable<connection::transferred> connection::read_some(asio::mutable_buffer into)
{
    if (tls_) return tls_->stream.async_read_some(into, as_values);
    return socket_.async_read_some(into, as_values);
}

asio::awaitable<connection::transferred> connection::write_some(asio::const_buffer from)
{
    if (tls_) return tls_->stream.async_write_some(from, as_values);
    return socket_.async_write_some(from, as_values);
}

connection::transferred connection::write_now(asio::const_buffer from)
{
    if (tls_) return {asio::error::would_block, 0};
    return outcome_of(::send(socket_.native_handle(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

connection::transferred connection::read_now(asio::mutable_buffer into)
{
    if (tls_) return {asio::error::would_block, 0};
    const auto n = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (n == 0) return {asio::error::eof, 0};
    return outcome_of(n);
}

void connection::read_some(asio::mutable_buffer into, handler h)
{
    if (tls_) return tls_->stream.async_read_some(into, std::move(h));
    socket_.async_read_some(into, std::move(h));
}

void connection::write_some(asio::const_buffer from, handler h)
{
    if (tls_) return tls_->stream.async_write_some(from, std::move(h));
    socket_.async_write_some(from, std::move(h));
}

asio::awaitable<std::tuple<error_code, std::string>> connection::handshake(tls_context& tls, const std::string& host,
                                                                           std::uint16_t port)
{
    using outcome = std::tuple<error_code, std::string>;
    const auto version = tls.get();
    if (!version) co_return outcome(version.error(), "there are no trust roots; see tls_options::trust_roots_file");
    tls_ = std::make_unique<tls_layer>(socket_, *version);
    if (!tls_->expect(host)) co_return outcome(errc::tls_failed, "the host name cannot be verified");
    if (tls.resumes()) (*version)->sessions.offer(tls_->stream.native_handle(), host + ':' + std::to_string(port));
    auto [ec] = co_await tls_->stream.async_handshake(ssl::stream_base::client, as_values);
    if (!ec) co_return outcome(ec, std::string());
    if (limit_.expired()) co_return outcome(errc::tls_timed_out, std::string());
    if (ec == asio::error::operation_aborted) co_return outcome(ec, std::string());
    // a peer that breaks off (a restart, a balancer) is no matter of trust: the next attempt may succeed
    if (ec.category() != asio::error::get_ssl_category()) co_return outcome(errc::connect_failed, std::string());
    const long verdict = SSL_get_verify_result(tls_->stream.native_handle());
    co_return outcome(errc::tls_failed, verdict == X509_V_OK ? ec.message() : X509_verify_cert_error_string(verdict));
}

bool connection::is_superseded() const noexcept { return tls_ && tls_->version->superseded; }

bool connection::holds_unread()
{
    if (!tls_) return false;
    SSL* const handle = tls_->stream.native_handle();
    return SSL_has_pending(handle) || BIO_ctrl_pending(SSL_get_rbio(handle)) > 0;
}

bool connection::is_quiet()
{
    if (limit_.expired() || holds_unread()) return false;
    char byte;
    const auto n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

} // namespace afresh::net
