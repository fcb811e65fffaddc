#pragma once

#include <cstddef>

namespace polis::fuzz {

/// A decoder may ask for this much memory in total, freed or not, for an input of `n` bytes:
/// 64 * n + 64 KiB. A count on the wire that is believed before it is checked exceeds it at once.
inline constexpr std::size_t kAllocatedPerInputByte = 64;
inline constexpr std::size_t kAllocatedAnyway = std::size_t{64} * 1024;

/// While it lives, an `operator new` beyond the bound of `input_bytes` ends the program.
/// One at a time: guards do not nest.
class AllocGuard {
  public:
    explicit AllocGuard(std::size_t input_bytes);
    ~AllocGuard();

    AllocGuard(const AllocGuard&) = delete;
    AllocGuard& operator=(const AllocGuard&) = delete;
};

}  // namespace polis::fuzz
