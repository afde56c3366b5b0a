#pragma once
// So that BOOST_TEST(ec == errc::x) can say what it saw.

#include <afresh/error.hpp>

#include <ostream>

namespace afresh {

inline std::ostream& operator<<(std::ostream& out, errc e) { return out << make_error_code(e); }

} // namespace afresh
