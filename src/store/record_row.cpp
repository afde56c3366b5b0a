#include "store/record_row.hpp"

#include <stdexcept>
#include <utility>

namespace afresh::store {

secret_string record_row::to_text(const std::string& key, const chain_record& record) const
{
    secret_string text = afresh::to_text(record);
    return keys_.empty() ? std::move(text) : secret_string(keys_.seal(key, record.generation, text));
}

chain_record record_row::from_text(const std::string& key, std::uint64_t generation, std::string_view text) const
{
    secret_string opened;
    if (!keys_.empty() || !key_ring::id_of(text).empty()) {
        opened = keys_.open(key, generation, text);
        text = opened.reveal();
    }
    auto record = parse_chain_record(text);
    // Never taken for an empty one: the refresh token in it may be the only one.
    if (!record || record->generation != generation) throw std::runtime_error("it is damaged");
    return std::move(*record);
}

} // namespace afresh::store
