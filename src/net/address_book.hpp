#pragma once
// Answers of the name service, kept for a while and asked for once however many want them. Asio.

#include "net/deadline.hpp"

#include <afresh/error.hpp>
#include <afresh/result.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace afresh::net {

using endpoints = std::vector<asio::ip::tcp::endpoint>;

// Thread-safe. getaddrinfo() cannot be cancelled, and Asio has one thread for it: a lookup that takes too long is left
// to end on its own, and its answer serves whoever comes later.
class address_book : public std::enable_shared_from_this<address_book> {
public:
    explicit address_book(clock::duration keep);
    ~address_book();
    address_book(const address_book&) = delete;
    address_book& operator=(const address_book&) = delete;

    // In the order of RFC 8305 4: the families in turn, beginning with the one the system prefers. Fails with
    // resolve_failed, connect_timed_out or operation_aborted.
    asio::awaitable<result<endpoints>> find(std::string host, std::uint16_t port, clock::time_point until);
    // None of the addresses worked: the next caller asks anew.
    void forget(const std::string& host, std::uint16_t port);

private:
    class waiter;
    struct lookup;
    struct book;
    const clock::duration keep_;
    const std::unique_ptr<book> book_;
};

// RFC 8305 4. Pure.
endpoints interleaved(const endpoints& in_order_of_preference);

} // namespace afresh::net
