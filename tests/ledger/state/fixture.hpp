#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <core/bytes.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <ledger/state/hashing.hpp>
#include <ledger/state/key.hpp>
#include <ledger/state/tree.hpp>

/// A state in a std::map, as source of the tree and as the truth that tests compare with.
namespace polis::ledger::test {

/// Records in path order, each with its key.
struct MapRecord {
    StateKey key;
    Bytes value;
};

using RecordMap = std::map<Hash, MapRecord>;

inline StateKey key_of(std::uint64_t number) {
    return StateKey(RecordKind::kAccount, {ByteView{big_endian(number)}});
}

inline Bytes big_endian_bytes(std::uint64_t number) { return to_bytes(big_endian(number)); }

inline Bytes random_value(Random& random) {
    // Lengths around those where the leaf hash changes its way: 96 bytes.
    static constexpr std::uint64_t kLengths[] = {0, 1, 16, 40, 95, 96, 97, 300};
    Bytes out(kLengths[random.below(std::size(kLengths))]);
    random.fill(out);
    return out;
}

/// What a store would do, with ways to do it wrong.
class MapSource : public LeafSource {
  public:
    RecordMap records;
    std::optional<StoreErrc> failure;
    mutable std::uint64_t loads = 0;
    std::vector<state::Leaf> (*tamper)(std::vector<state::Leaf>) = nullptr;

    [[nodiscard]] StoreResult<std::vector<state::Leaf>> load(
        const Hash& path, std::size_t bits) const override {
        ++loads;
        if (failure) {
            return std::unexpected(StoreError{*failure, "test"});
        }
        Hash first = path;
        for (std::size_t bit = bits; bit < Hash::kSize * 8; ++bit) {
            first.data[bit / 8] =
                static_cast<std::uint8_t>(first.data[bit / 8] & ~(0x80U >> (bit % 8)));
        }
        std::vector<state::Leaf> out;
        for (auto it = records.lower_bound(first);
             it != records.end() && state::common_bits(it->first, path) >= bits;
             ++it) {
            out.push_back({.path = it->first, .hash = {}, .value = it->second.value});
        }
        return tamper != nullptr ? tamper(std::move(out)) : out;
    }
};

/// Changes keyed by path, so that they come out sorted.
class Batch {
  public:
    void put(const StateKey& key, Bytes value) { changes_[key.path()] = {key, std::move(value)}; }

    void remove(const StateKey& key) { changes_[key.path()] = {key, std::nullopt}; }

    [[nodiscard]] StateChanges changes() const {
        StateChanges out;
        for (const auto& [path, change] : changes_) {
            out.push_back(change);
        }
        return out;
    }

    void apply_to(RecordMap& records) const {
        for (const auto& [path, change] : changes_) {
            if (change.value) {
                records[path] = {change.key, to_bytes(*change.value)};
            } else {
                records.erase(path);
            }
        }
    }

  private:
    std::map<Hash, StateChange> changes_;
};

/// The root of a set of records, straight from the rules in ledger/state/hashing.hpp: nothing is
/// zero, one record is its leaf hash, more are the hash of the two halves.
Hash reference_root(const RecordMap& records);

/// A tree over a map, changed together with it.
struct TreeAndMap {
    MapSource source;
    StateTree tree;

    explicit TreeAndMap(StateTree::Options options = {}) : tree(source, options) {}

    TreeAndMap(const TreeAndMap&) = delete;
    TreeAndMap& operator=(const TreeAndMap&) = delete;

    /// Applies to the tree first: what it loads must be the state before.
    [[nodiscard]] StoreResult<Hash> apply(const Batch& batch) {
        auto root = tree.apply(batch.changes());
        batch.apply_to(source.records);
        return root;
    }

    void put(std::uint64_t number, Bytes value) {
        Batch batch;
        batch.put(key_of(number), std::move(value));
        POLIS_ASSERT(apply(batch).has_value());
    }

    void remove(std::uint64_t number) {
        Batch batch;
        batch.remove(key_of(number));
        POLIS_ASSERT(apply(batch).has_value());
    }
};

/// Keys whose paths share their first `bits` bits with that of key 0, found by counting.
std::vector<StateKey> keys_with_common_bits(std::size_t bits, std::size_t count);

}  // namespace polis::ledger::test
