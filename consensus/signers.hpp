#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <consensus/committee.hpp>
#include <core/bytes.hpp>

/// Sets of members as certificates carry them: bit i mod 8 of byte i / 8 is member i, in
/// ceil(n / 8) bytes for a committee of n.
namespace polis::consensus {

/// @pre the indexes are distinct and below `members`
[[nodiscard]] Bytes signer_bits(std::span<const MemberIndex> signers, std::size_t members);

/// The members whose bit is set, ascending.
[[nodiscard]] std::vector<MemberIndex> signers_of(const Bytes& bits);

/// True if `bits` has the length for `members`, no bit beyond them, and `count` bits in all. So a
/// set has one encoding.
[[nodiscard]] bool signers_valid(const Bytes& bits, std::size_t members, std::size_t count);

}  // namespace polis::consensus
