#pragma once

#include <cstddef>

/// How many members decide. All of PBFT's safety rests on these two numbers: spec [Q1] to [Q3].
namespace polis::consensus {

inline constexpr std::size_t kCommitteeMax = 200;

/// f: how many of n members may lie or be silent. @pre n >= 1
[[nodiscard]] constexpr std::size_t faults_max(std::size_t n) { return (n - 1) / 3; }

/// ceil((n + f + 1) / 2): any two quorums share at least f + 1 members, hence an honest one, and
/// the n - f honest members alone are a quorum. @pre n >= 1
[[nodiscard]] constexpr std::size_t quorum(std::size_t n) { return (n + faults_max(n) + 2) / 2; }

}  // namespace polis::consensus
