#pragma once

#include <cstddef>
#include <cstdint>

/// Every limit of rounds. Spec: docs/spec/pole.md; formats: docs/formats/tasks.md.
namespace polis::consensus::pole {

inline constexpr std::size_t kEntriesMax = 200;  ///< trainers in one round
/// A window lasts at least so many blocks: a chain that stood still must not shut everybody out.
inline constexpr std::uint64_t kWindowBlocksMin = 8;
/// Terms that a settled round ranks at most: after them a winner has to win again.
inline constexpr std::uint64_t kStandingTermsMax = 4;
inline constexpr std::uint32_t kPpm = 1'000'000;  ///< one whole, in parts per million

}  // namespace polis::consensus::pole
