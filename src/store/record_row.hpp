#pragma once
// A record as a database keeps it: text, sealed when there are keys (FAULTS B12).

#include <afresh/chain_record.hpp>
#include <afresh/key_ring.hpp>

#include <cstdint>
#include <string>

namespace afresh::store {

class record_row {
public:
    explicit record_row(key_ring keys) : keys_(std::move(keys)) {}

    secret_string to_text(const std::string& key, const chain_record& record) const;
    // `generation` stands beside it in the row. Throws std::runtime_error, whose text says what is wrong with the record.
    chain_record from_text(const std::string& key, std::uint64_t generation, std::string_view text) const;
    const key_ring& keys() const noexcept { return keys_; }

private:
    key_ring keys_;
};

} // namespace afresh::store
