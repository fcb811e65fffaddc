#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

/// Binary Merkle trees over a list, shaped as in RFC 6962 (section 2.1): a tree of n leaves splits
/// at the largest power of two below n, so no leaf is ever duplicated. Leaves and inner nodes are
/// hashed under different domain tags; the root of an empty list is 32 zero bytes.
///
/// Differs from RFC 6962 in one point: the root also hashes the number of leaves. RFC 6962 roots do
/// not bind it (a log signs its tree size beside the root), and without that a proof may lie about
/// count and index together: in a tree of 4, the last leaf also "stands at 5 of 6".
namespace polis::merkle {

[[nodiscard]] Hash leaf_hash(ByteView content);
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);

/// Root over leaf hashes, of their order and of their number. O(n).
[[nodiscard]] Hash root(std::span<const Hash> leaves);

/// The siblings from a leaf up to the root.
struct Proof {
    std::uint64_t index = 0;  ///< of the leaf, from 0
    std::uint64_t count = 0;  ///< leaves in the tree
    std::vector<Hash> siblings;

    bool operator==(const Proof&) const = default;
    static constexpr std::size_t kSiblingsMax = 64;
    static constexpr auto kFields =
        codec::fields(&Proof::index, &Proof::count, codec::bounded(&Proof::siblings, kSiblingsMax));
};

/// @pre index < leaves.size()
[[nodiscard]] Proof prove(std::span<const Hash> leaves, std::size_t index);

/// True only if `leaf` stands at proof.index of a list of proof.count leaves with this root.
/// Exact: one sibling more or fewer than the shape needs is refused.
[[nodiscard]] bool verify(const Hash& root, const Hash& leaf, const Proof& proof);

}  // namespace polis::merkle
