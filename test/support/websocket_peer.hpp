#pragma once
// The server's side of RFC 6455 by hand, frame by frame, also wrong ones. Independent of the library that the client uses.

#include "support/raw_server.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace afresh::test {

struct websocket_frame {
    enum kind : unsigned { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10, none = 16 };
    unsigned opcode = none; // none: the client has gone
    bool final = true;
    bool masked = false;
    bool reserved_bits = false; // any of the three
    std::string payload;
};

class websocket_peer {
public:
    explicit websocket_peer(raw_peer& p) : peer_(p) {}

    // What the answer to this handshake must say (RFC 6455 4.2.2).
    static std::string accept_field(const std::string& request);
    // Reads the handshake and answers it; gives what was asked.
    std::string accept(const std::string& more_fields = {});

    websocket_frame read();
    void send(unsigned opcode, std::string_view payload, bool final = true);
    void say_goodbye(std::uint16_t code, std::string_view reason = {});
    // Until the client goes or says goodbye, which is answered.
    void echo();

private:
    raw_peer& peer_;
};

// A field of a request, by its exact name.
std::string field_of(const std::string& request, const std::string& name);

} // namespace afresh::test
