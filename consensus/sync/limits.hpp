#pragma once

#include <cstddef>
#include <cstdint>

/// Every limit of sync. What a peer sends beyond one is refused before memory is set aside for it.
namespace polis::sync {

/// Bytes of an encoded block; equal to ledger::kBlockBytesMax, which this layer does not see.
inline constexpr std::size_t kSyncBlockBytesMax = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t kAnswerBlocksMax = 32;  ///< blocks in one answer
/// Bytes at which an answer ends. One block or item alone may be larger than that.
inline constexpr std::size_t kAnswerBytes = std::size_t{1024} * 1024;

inline constexpr std::size_t kBodyItemsMax = 4'096;  ///< items asked for, or sent, at once
inline constexpr std::size_t kBodyItemBytesMax = std::size_t{320} * 1024;  ///< of a transaction

inline constexpr std::size_t kOffersMax = 4;  ///< snapshots that one peer may offer
inline constexpr std::size_t kManifestBytesMax = std::size_t{40} * 1024 * 1024;
inline constexpr std::size_t kManifestChunksMax = std::size_t{1} << 20;
inline constexpr std::size_t kChunkBytesMax = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t kLinksMax = 32;  ///< term links in one answer

}  // namespace polis::sync
