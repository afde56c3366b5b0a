#pragma once
// What a source's status and an error say, in words and figures.

#include <afresh/status.hpp>

#include <boost/system/system_error.hpp>

#include <string>
#include <string_view>

namespace afresh::cli {

std::string_view name_of(source_state state) noexcept; // a word
std::string failure_text(const source_status& s);      // of the last failure
double seconds_left(const source_status& s);           // of a token that is known to expire
// what() of a system_error, without the code's name and number, which people need not see.
std::string words_of(const boost::system::system_error& e);

} // namespace afresh::cli
