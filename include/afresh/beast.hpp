#pragma once
/// @file
/// For people who use Boost.Beast themselves: what `authorized` needs to know of Beast's messages. Includes Beast.

#include <afresh/authorized.hpp>

#include <boost/beast/http/message.hpp>

namespace boost::beast::http {

/// Found by argument-dependent lookup; see `afresh::authorized`.
template <class Body, class Fields>
afresh::resource_answer challenge_of(const response<Body, Fields>& r)
{
    afresh::resource_answer answer;
    answer.status = r.result_int();
    const auto [first, last] = r.equal_range(field::www_authenticate);
    for (auto i = first; i != last; ++i) answer.fields.add("WWW-Authenticate", std::string(i->value()));
    return answer;
}

} // namespace boost::beast::http

namespace afresh {

/// Puts the fields that `authorized` hands to `send` into a Beast request.
template <class Body, class Fields>
void set_fields(boost::beast::http::request<Body, Fields>& request, const http_fields& fields)
{
    for (const http_field& f : fields) request.set(f.name, f.value);
}

} // namespace afresh
