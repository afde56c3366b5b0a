#include "store/sqlite_sealing.hpp"

#include "store/private_file.hpp"

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace afresh::store {
namespace {

constexpr std::uint64_t no_generation = std::numeric_limits<std::uint64_t>::max();
constexpr std::string_view remedy = "give the store the key ring that it was sealed with";

std::string proof_of(const key_ring& keys) { return keys.seal("", no_generation, "these are the keys"); }

// The ids of the keys that this store was ever sealed with. Those in the ring must be the same keys.
std::vector<std::string> known_keys(sqlite_handle& db, const key_ring& keys)
{
    std::vector<std::string> ids;
    sqlite_statement select(db, "SELECT id, proof FROM sealing");
    const rewinding after(select);
    while (select.step()) {
        ids.emplace_back(select.text(0));
        if (!keys.has(ids.back())) continue;
        try {
            (void)keys.open("", no_generation, select.text(1));
        } catch (const std::exception&) {
            fail(db.path(), "was sealed with another key '" + ids.back() + "' than the one in the key ring", remedy);
        }
    }
    return ids;
}

// A key that is not in the ring any more is not needed any more, or missing.
void check_absent(sqlite_handle& db, const std::string& id)
{
    sqlite_statement select(db, "SELECT 1 FROM chain WHERE substr(record, 1, length(?1)) = ?1 LIMIT 1");
    const rewinding after(select);
    const std::string begin = "afresh-sealed:1:" + id + ':';
    select.bind(1, std::string_view(begin));
    if (select.step())
        fail(db.path(), "has records sealed with the key '" + id + "', which is not in the key ring", remedy);
}

void seal_all(sqlite_handle& db, const key_ring& keys)
{
    sqlite_statement select(db, "SELECT key, generation, record FROM chain");
    sqlite_statement update(db, "UPDATE chain SET record = ?2 WHERE key = ?1");
    std::vector<std::pair<std::string, secret_string>> sealed;
    {
        const rewinding after(select);
        while (select.step()) {
            const std::string key(select.text(0));
            const auto generation = static_cast<std::uint64_t>(select.integer(1));
            sealed.emplace_back(key, keys.seal(key, generation, secret_string(select.text(2))));
        }
    }
    for (const auto& [key, record] : sealed) {
        const rewinding after(update);
        update.bind(1, std::string_view(key));
        update.bind(2, record.reveal());
        update.step();
    }
}

} // namespace

void check_seals(sqlite_handle& db, const key_ring& keys)
{
    write_transaction all(db);
    const std::vector<std::string> known = known_keys(db, keys);
    if (keys.empty() && !known.empty()) fail(db.path(), "is sealed", remedy);
    bool is_new = !keys.empty();
    for (const std::string& id : known) {
        if (!keys.has(id)) check_absent(db, id);
        if (id == keys.id()) is_new = false;
    }
    if (is_new) {
        if (known.empty()) seal_all(db, keys);
        sqlite_statement insert(db, "INSERT INTO sealing(id, proof) VALUES(?1, ?2)");
        const std::string proof = proof_of(keys);
        insert.bind(1, std::string_view(keys.id()));
        insert.bind(2, std::string_view(proof));
        insert.step();
    }
    all.commit();
}

} // namespace afresh::store
