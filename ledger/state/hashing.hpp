#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <core/bytes.hpp>
#include <core/small_bytes.hpp>
#include <core/types.hpp>

/// The shape of the authenticated map, in one place: what a state root means (docs/spec/state.md).
///
/// A binary tree over 256-bit paths, most significant bit first. A subtree with no record is 32
/// zero bytes; with one record it is that record's leaf hash, at whatever depth; otherwise it is
/// the hash of its two halves. So the root depends on the records alone, not on how they came
/// about.
namespace polis::ledger::state {

/// A record as the tree sees it.
struct Leaf {
    Hash path;
    Hash hash;
    SmallBytes value;
};

enum class NodeKind : std::uint8_t { kEmpty, kLeaf, kInner };

/// What a parent needs to know of a subtree.
struct Summary {
    Hash hash;
    NodeKind kind = NodeKind::kEmpty;

    bool operator==(const Summary&) const = default;
};

[[nodiscard]] inline bool path_bit(const Hash& path, std::size_t depth) {
    return ((path.data[depth / 8] >> (7 - depth % 8)) & 1) != 0;
}

/// Number of leading bits that two paths share.
[[nodiscard]] std::size_t common_bits(const Hash& left, const Hash& right);

[[nodiscard]] Hash leaf_hash(const Hash& path, ByteView value);
[[nodiscard]] Hash inner_hash(const Hash& left, const Hash& right);
[[nodiscard]] Summary combine(const Summary& left, const Summary& right);

/// Index of the first leaf whose bit at `depth` is 1. @pre leaves sorted, equal above `depth`
[[nodiscard]] std::size_t split_at(std::span<const Leaf> leaves, std::size_t depth);

/// The subtree of sorted leaves that share their first `depth` bits.
[[nodiscard]] Summary summarize(std::span<const Leaf> leaves, std::size_t depth);

/// Hashes beside the way from `depth` down to where `path` ends, outermost first.
/// @return how the way ends: empty, or at the one leaf of that place (perhaps another path's).
const Leaf* descend(
    std::span<const Leaf> leaves, std::size_t depth, const Hash& path, std::vector<Hash>& siblings);

}  // namespace polis::ledger::state
