#pragma once
// A server on loopback that plays exactly the bytes it is told, also wrong ones, and ends connections as it is told.

#include <afresh/http_limits.hpp>

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace afresh::test {

// One accepted connection; blocking, on a thread of its own. Everything gives up after five seconds.
class raw_peer {
public:
    raw_peer(int socket, unsigned number, SSL* tls) : number(number), socket_(socket), tls_(tls) {}

    const unsigned number; // of the connection, from 0
    // Header and body (by Content-Length, or in chunks as they come) of one request; less if the client goes away.
    std::string read_request();
    std::string read_once(); // what comes next; empty: the client has gone
    std::string read_head();
    std::string read_body(const std::string& head); // of the request that begins so
    std::string read_bytes(std::size_t size);
    void write(std::string_view bytes);
    void pause(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }
    // How many bytes come until the client ends the stream.
    std::size_t drain();
    // Carries bytes to that port of this machine and back, until either side has ended.
    void tunnel_to(std::uint16_t port);
    bool resumed() const;                 // TLS: a session of before
    std::string certificate_name() const; // the client's common name
    void say_goodbye();                   // TLS close_notify
    void reset();                         // RST instead of FIN when the script ends

private:
    std::ptrdiff_t read_some(char* into, std::size_t size);
    bool read_more(); // false: the client has gone

    int socket_;
    SSL* tls_;
    std::string ahead_;
};

class raw_server {
public:
    // Called for each connection; when it returns, the connection is closed.
    using script = std::function<void(raw_peer&)>;

    // `address` may be the path of a UNIX socket to make.
    explicit raw_server(script s, std::shared_ptr<SSL_CTX> tls = {}, const char* address = "127.0.0.1");
    ~raw_server(); // ends all connections
    raw_server(const raw_server&) = delete;
    raw_server& operator=(const raw_server&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url(std::string_view target, std::string_view host = "127.0.0.1") const;
    unsigned connections() const { return connections_; }
    void wait_until_all_closed(); // by us, that is: the scripts have ended

private:
    void accept_all();
    void serve(int socket, unsigned number);

    const script script_;
    const std::shared_ptr<SSL_CTX> tls_;
    std::uint16_t port_{};
    int listener_;
    std::atomic<unsigned> connections_{};
    std::mutex mutex_;
    std::list<int> open_; // sockets of running scripts
    std::list<std::thread> threads_;
    bool stopping_{};
    std::thread acceptor_;
};

inline const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
// Answers the requests on a connection until the client goes.
raw_server::script keep_answering(std::string bytes = hello);

// A context has no work left when its calls have ended.
inline http_limits without_sweep()
{
    http_limits l;
    l.background_sweep = false;
    return l;
}

// A port of this machine where nobody listens.
std::uint16_t unused_port();

} // namespace afresh::test
