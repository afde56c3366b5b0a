#pragma once
// A JWT taken apart, whoever signed it.

#include "crypto/base64.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <string>
#include <string_view>

namespace afresh::test {

struct jwt {
    boost::json::object header, claims;
    std::string input, signature;
};

inline jwt read_jwt(std::string_view text)
{
    const auto first = text.find('.'), second = text.rfind('.');
    const auto decoded = [](std::string_view part) {
        return boost::json::parse(std::string(crypto::from_base64url(part)->reveal())).as_object();
    };
    return {decoded(text.substr(0, first)), decoded(text.substr(first + 1, second - first - 1)),
            std::string(text.substr(0, second)),
            std::string(crypto::from_base64url(text.substr(second + 1))->reveal())};
}

} // namespace afresh::test
