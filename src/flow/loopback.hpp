#pragma once
// A listener on loopback for one answer (RFC 8252 7.3, 8.3).

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace afresh::detail {

namespace asio = boost::asio;

class loopback : public std::enable_shared_from_this<loopback> {
public:
    struct answer {
        answer() = default;
        bool is_final{}; // no further request is waited for
        std::string why; // for the page; empty: signed in
    };
    // Given the query, or the body of a form_post; nothing else of a request reaches anybody.
    using taker = std::function<asio::awaitable<answer>(std::string)>;

    // Binds an ephemeral port, that nobody else may bind.
    loopback(const asio::any_io_executor& executor, bool ipv6, std::string path, std::string application);

    std::string redirect_uri() const { return "http://" + host_ + path_; }
    // Serves until `take` says that it is final, or close(). Each connection is served beside the others, so that one that
    // says nothing delays nobody.
    void start(taker take);
    void close();

private:
    static asio::awaitable<void> listen(std::shared_ptr<loopback> self);
    static asio::awaitable<void> serve(std::shared_ptr<loopback> self, asio::ip::tcp::socket socket);

    asio::strand<asio::any_io_executor> strand_;
    asio::ip::tcp::acceptor acceptor_;
    std::string host_; // with the port
    std::string path_;
    std::string application_;
    taker take_;
    int open_{};
};

} // namespace afresh::detail
