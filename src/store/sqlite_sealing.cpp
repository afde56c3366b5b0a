#include "store/sqlite_sealing.hpp"

#include "store/private_file.hpp"
#include "store/sealing.hpp"

#include <string>
#include <utility>
#include <vector>

namespace afresh::store {
namespace {

// The ids of the keys that this store was ever sealed with. Those in the ring must be the same keys.
std::vector<std::string> known_keys(sqlite_handle& db, const key_ring& keys)
{
    std::vector<std::string> ids;
    sqlite_statement select(db, "SELECT id, proof FROM sealing");
    const rewinding after(select);
    while (select.step()) {
        ids.emplace_back(select.text(0));
        if (is_other_key(keys, ids.back(), select.text(1)))
            fail(db.path(), "was sealed with another key '" + ids.back() + "' than the one in the key ring",
                 sealing_remedy);
    }
    return ids;
}

// A key that is not in the ring any more is not needed any more, or missing.
void check_absent(sqlite_handle& db, const std::string& id)
{
    sqlite_statement select(db, "SELECT 1 FROM chain WHERE substr(record, 1, length(?1)) = ?1 LIMIT 1");
    const rewinding after(select);
    const std::string begin = sealed_beginning(id);
    select.bind(1, std::string_view(begin));
    if (select.step())
        fail(db.path(), "has records sealed with the key '" + id + "', which is not in the key ring", sealing_remedy);
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
    if (keys.empty() && !known.empty()) fail(db.path(), "is sealed", sealing_remedy);
    bool is_new = !keys.empty();
    for (const std::string& id : known) {
        if (!keys.has(id)) check_absent(db, id);
        if (id == keys.id()) is_new = false;
    }
    if (is_new) {
        if (known.empty()) seal_all(db, keys);
        sqlite_statement insert(db, "INSERT INTO sealing(id, proof) VALUES(?1, ?2)");
        const std::string proof = sealing_proof(keys);
        insert.bind(1, std::string_view(keys.id()));
        insert.bind(2, std::string_view(proof));
        insert.step();
    }
    all.commit();
}

} // namespace afresh::store
