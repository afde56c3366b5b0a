#pragma once
#include <string>
#include <string_view>
namespace afresh::crypto {
// What OpenSSL calls bytes.
inline const unsigned char* data_of(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
inline unsigned char* data_of(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }
} // namespace afresh::crypto
