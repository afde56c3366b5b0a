#include "support/websocket_peer.hpp"

#include "core/text.hpp"

#include <openssl/sha.h>

namespace afresh::test {
namespace {

unsigned long long number(const std::string& bytes)
{
    unsigned long long n = 0;
    for (const char c : bytes) n = n << 8 | static_cast<unsigned char>(c);
    return n;
}

} // namespace

std::string field_of(const std::string& request, const std::string& name)
{
    const auto at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return request.substr(begin, request.find('\r', begin) - begin);
}

std::string websocket_peer::accept_field(const std::string& request)
{
    const std::string text = field_of(request, "Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    return core::base64({reinterpret_cast<const char*>(digest), sizeof digest});
}

std::string websocket_peer::accept(const std::string& more_fields)
{
    std::string request = peer_.read_head();
    if (!request.empty())
        peer_.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: " +
                    accept_field(request) + "\r\n" + more_fields + "\r\n");
    return request;
}

websocket_frame websocket_peer::read()
{
    websocket_frame f;
    const std::string head = peer_.read_bytes(2);
    if (head.size() < 2) return f;
    const auto first = static_cast<unsigned char>(head[0]);
    const auto second = static_cast<unsigned char>(head[1]);
    f.opcode = first & 0x0fu;
    f.final = first & 0x80u;
    f.reserved_bits = first & 0x70u;
    f.masked = second & 0x80u;
    unsigned long long size = second & 0x7fu;
    if (size >= 126) size = number(peer_.read_bytes(size == 126 ? 2 : 8));
    const std::string mask = f.masked ? peer_.read_bytes(4) : std::string(4, '\0');
    f.payload = peer_.read_bytes(size);
    for (std::size_t i = 0; i < f.payload.size(); ++i) f.payload[i] = static_cast<char>(f.payload[i] ^ mask[i % 4]);
    return f;
}

void websocket_peer::send(unsigned opcode, std::string_view payload, bool final)
{
    std::string bytes(1, static_cast<char>((final ? 0x80u : 0u) | opcode));
    const auto append = [&](unsigned size) {
        for (unsigned i = size; i-- > 0;) bytes += static_cast<char>(payload.size() >> (8 * i) & 0xffu);
    };
    if (payload.size() < 126) {
        append(1);
    } else if (payload.size() < 65'536) {
        bytes += static_cast<char>(126);
        append(2);
    } else {
        bytes += static_cast<char>(127);
        append(8);
    }
    peer_.write(bytes.append(payload));
}

void websocket_peer::say_goodbye(std::uint16_t code, std::string_view reason)
{
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    send(websocket_frame::close, payload.append(reason));
}

void websocket_peer::echo()
{
    for (websocket_frame f = read(); f.opcode != websocket_frame::none; f = read()) {
        send(f.opcode == websocket_frame::ping ? +websocket_frame::pong : f.opcode, f.payload, f.final);
        if (f.opcode == websocket_frame::close) return;
    }
}

} // namespace afresh::test
