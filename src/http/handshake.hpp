#pragma once
// How a connection of its own for another protocol comes about: dial, ask, and ask once more with other credentials. Asio.

#include "http/http1_client.hpp"
#include "http/wiped_fields.hpp"
#include "net/run_on.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace afresh::http {

// Of a message of Beast's.
template <class BeastFields>
http_fields copied(const BeastFields& from)
{
    const auto text = [](auto view) { return std::string(view.data(), view.size()); };
    http_fields out;
    for (const auto& f : from) out.add(text(f.name_string()), text(f.value()));
    return out;
}

// What is the same for both attempts.
struct handshake {
    core::url_parts to;
    std::string method = "GET";
    http_fields own; // of the request
    net::clock::time_point by = net::clock::time_point::max();

    handshake() = default;
    ~handshake() { own.wipe(); } // there may be credentials among them
    handshake(const handshake&) = delete;
    handshake& operator=(const handshake&) = delete;
    void end_within(std::chrono::milliseconds total)
    {
        if (total > std::chrono::milliseconds::zero()) by = net::clock::now() + total;
    }
    // When the answer must have come at the latest.
    net::clock::time_point until(const http_limits& limits) const
    {
        if (limits.first_byte <= std::chrono::milliseconds::zero()) return by;
        return std::min(by, net::clock::now() + limits.first_byte);
    }
    error_code late(net::clock::time_point until) const
    {
        return until == by ? errc::total_timed_out : errc::first_byte_timed_out;
    }
};

// `attempt(http, what, fields)` runs on a strand of its own and returns a Result: `ec`, `detail`, and of the answer
// `status()` and `fields()`.
template <class Result, class Attempt>
asio::awaitable<Result> shake_hands_with_credentials(std::shared_ptr<http1_client> http,
                                                     std::shared_ptr<handshake> what, authorizer* who, Attempt attempt)
{
    Result r;
    const std::string origin = what->to.origin;
    for (;;) {
        const auto fields = std::make_shared<wiped_fields>(what->own);
        if (who) {
            const auto asked = net::clock::now();
            r.ec = co_await who->authorize(what->method, what->to, fields->fields, r.detail);
            if (r.ec) co_return r;
            // not the time of the resource
            if (what->by != net::clock::time_point::max()) what->by += net::clock::now() - asked;
        }
        const asio::any_io_executor strand = asio::make_strand(http->executor());
        r = co_await net::run_on(strand, attempt(http, what, fields));
        if (r.ec || !who || !who->is_refusal(origin, r.status(), r.fields())) co_return r;
        const error_code ec = co_await who->renew(origin);
        if (ec == asio::error::operation_aborted) r.ec = ec;
        if (ec) co_return r; // the refusal is the caller's
    }
}

} // namespace afresh::http
