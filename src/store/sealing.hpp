#pragma once
// How a database proves which keys it is sealed with: a text for each key, which only that key opens.

#include <afresh/key_ring.hpp>

#include <string>
#include <string_view>

namespace afresh::store {

constexpr std::string_view sealing_remedy = "give the store the key ring that it was sealed with";

std::string sealing_proof(const key_ring& keys);
// The ring has a key of this id, and it is another one.
bool is_other_key(const key_ring& keys, const std::string& id, std::string_view proof);
// What every record begins with that the key with this id has sealed.
std::string sealed_beginning(const std::string& id);

} // namespace afresh::store
