#pragma once

#include <cstddef>
#include <cstdint>

#include <consensus/quorum.hpp>

/// Every protocol limit of the ledger. A value beyond one is refused with a named error.
namespace polis::ledger {

inline constexpr std::size_t kTxnBytesMax = std::size_t{64} * 1024;
inline constexpr std::size_t kBlockTxnsMax = 65'536;
inline constexpr std::size_t kBlockBytesMax = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t kEventNameBytesMax = 32;
inline constexpr std::size_t kEventDataBytesMax = 4'096;
inline constexpr std::size_t kReceiptEventsMax = 64;
inline constexpr std::size_t kStateKeyBytesMax = 63;
inline constexpr std::size_t kStateValueBytesMax = std::size_t{64} * 1024;
inline constexpr std::size_t kValidatorsMax = 1'024;  ///< candidates in the list
inline constexpr std::uint32_t kCommitteeMax = consensus::kCommitteeMax;
inline constexpr std::uint64_t kUnbondingErasMax = 1'024;  ///< that a slashing may have to visit
inline constexpr std::uint16_t kBasisPoints = 10'000;  ///< one whole, in hundredths of a percent

}  // namespace polis::ledger
