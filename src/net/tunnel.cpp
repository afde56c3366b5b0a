#include "net/tunnel.hpp"

#include "core/text.hpp"
#include "net/conversation.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace afresh::net {
namespace {

error_code broken(const error_code& ec)
{
    return ec == asio::error::operation_aborted ? ec : make_error_code(errc::proxy_refused);
}

asio::awaitable<error_code> write_all(connection& link, std::string_view bytes)
{
    while (!bytes.empty()) {
        const asio::const_buffer piece(bytes.data(), bytes.size());
        auto [ec, n] = co_await link.write_some(piece);
        if (ec) co_return broken(ec);
        bytes.remove_prefix(n);
    }
    co_return error_code();
}

asio::awaitable<error_code> read_all(connection& link, unsigned char* into, std::size_t size)
{
    for (std::size_t done = 0; done < size;) {
        const asio::mutable_buffer room(into + done, size - done);
        auto [ec, n] = co_await link.read_some(room);
        if (ec) co_return broken(ec);
        done += n;
    }
    co_return error_code();
}

asio::awaitable<error_code> connect_http(connection& link, const proxy& through, const core::url_parts& to,
                                         clock::time_point until, std::string& detail)
{
    std::string target(to.host());
    if (target.find(':') != std::string::npos) target = '[' + target + ']';
    target += ':' + std::to_string(to.port);
    std::string text = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    const secret_string credentials = through.basic_credentials();
    text.reserve(text.size() + credentials.size() + 32); // so that no half of it is left behind
    if (!credentials.empty()) text.append("Proxy-Authorization: ").append(credentials.reveal()).append("\r\n");
    text.append("\r\n");
    exchange_limits limits;
    limits.header = 16 * 1024;
    limits.by = until;
    // As to HEAD: what follows the header of a success is the tunnel, and a refusal closes.
    conversation talk(link, true, limits);
    error_code ec = co_await talk.send(text);
    wipe(text);
    if (!ec) ec = co_await talk.receive(conversation::until::head);
    if (ec) co_return broken(ec);
    const unsigned status = talk.answer().status();
    if (status / 100 == 2 && talk.nothing_unread()) co_return error_code();
    detail = "the proxy answered " + std::to_string(status);
    co_return errc::proxy_refused;
}

const char* socks_reply(unsigned char code)
{
    static constexpr const char* texts[] = {"",
                                            "general failure",
                                            "not allowed by its rules",
                                            "network unreachable",
                                            "host unreachable",
                                            "connection refused",
                                            "time to live expired",
                                            "command not supported",
                                            "address type not supported"};
    return code < std::size(texts) ? texts[code] : "an unknown failure";
}

asio::awaitable<error_code> log_in(connection& link, const proxy& through, std::string& detail)
{
    const bool with_user = !through.user.empty();
    std::string hello = with_user ? std::string("\x05\x02\x00\x02", 4) : std::string("\x05\x01\x00", 3);
    std::array<unsigned char, 2> reply{};
    error_code ec = co_await write_all(link, hello);
    if (!ec) ec = co_await read_all(link, reply.data(), reply.size());
    if (ec) co_return ec;
    if (reply[0] == 5 && reply[1] == 0) co_return error_code();
    if (reply[0] != 5 || reply[1] != 2 || !with_user) {
        detail = "the SOCKS proxy wants another way to sign in";
        co_return errc::proxy_refused;
    }
    const std::string_view password = through.password.reveal();
    std::string login;
    login.reserve(3 + through.user.size() + password.size());
    login.append(1, '\x01').append(1, static_cast<char>(through.user.size())).append(through.user);
    login.append(1, static_cast<char>(password.size())).append(password);
    ec = co_await write_all(link, login);
    wipe(login);
    if (!ec) ec = co_await read_all(link, reply.data(), reply.size());
    if (!ec && reply[1] != 0) {
        detail = "the SOCKS proxy refused user and password";
        ec = errc::proxy_refused;
    }
    co_return ec;
}

// RFC 1928 5: an address, or a name that the proxy looks up.
std::string socks_address(const core::url_parts& to, const endpoints& looked_up)
{
    error_code no_address;
    const std::string host(to.host());
    const asio::ip::address literal = asio::ip::make_address(host, no_address);
    if (no_address && looked_up.empty()) return std::string(1, '\x03') + static_cast<char>(host.size()) + host;
    const asio::ip::address address = no_address ? looked_up.front().address() : literal;
    if (address.is_v4()) {
        const auto b = address.to_v4().to_bytes();
        return std::string(1, '\x01') + std::string(b.begin(), b.end());
    }
    const auto b = address.to_v6().to_bytes();
    return std::string(1, '\x04') + std::string(b.begin(), b.end());
}

asio::awaitable<error_code> connect_socks(connection& link, const proxy& through, const core::url_parts& to,
                                          address_book& names, clock::time_point until, std::string& detail)
{
    std::string host(to.host());
    if (host.size() > 255) co_return errc::resolve_failed; // no name is so long (RFC 1035 2.3.4)
    endpoints looked_up;
    if (through.what == proxy::kind::socks5) {
        auto found = co_await names.find(std::move(host), to.port, until);
        if (!found) co_return found.error();
        looked_up = std::move(*found);
    }
    error_code ec = co_await log_in(link, through, detail);
    if (ec) co_return ec;
    std::string request("\x05\x01\x00", 3);
    request += socks_address(to, looked_up);
    request.append(1, static_cast<char>(to.port >> 8)).append(1, static_cast<char>(to.port & 0xff));
    ec = co_await write_all(link, request);
    std::array<unsigned char, 5> reply{};
    if (!ec) ec = co_await read_all(link, reply.data(), reply.size());
    if (ec) co_return ec;
    if (reply[0] != 5 || reply[1] != 0) {
        detail = std::string("the SOCKS proxy says: ") + socks_reply(reply[1]);
        co_return errc::proxy_refused;
    }
    // Where it is bound: of no interest, but it has to be read.
    const std::size_t rest = reply[3] == 1 ? 3 : reply[3] == 4 ? 15 : reply[3] == 3 ? reply[4] : 0;
    std::array<unsigned char, 256 + 2> bound{};
    co_return co_await read_all(link, bound.data(), rest + 2);
}

} // namespace

secret_string proxy::basic_credentials() const
{
    if (user.empty()) return {};
    std::string pair = user + ':' + std::string(password.reveal());
    std::string field = "Basic " + core::base64(pair);
    secret_string out(field);
    wipe(pair);
    wipe(field);
    return out;
}

asio::awaitable<error_code> open_tunnel(connection& link, const proxy& through, const core::url_parts& to,
                                        address_book& names, clock::time_point until, std::string& detail)
{
    if (through.is_socks()) co_return co_await connect_socks(link, through, to, names, until, detail);
    co_return co_await connect_http(link, through, to, until, detail);
}

} // namespace afresh::net
