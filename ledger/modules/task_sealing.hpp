#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <core/bytes.hpp>
#include <core/crypto/secret.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

/// Sealed test sets: a dataset behind a key until its owner reveals it. Segments are sealed one by
/// one, so that neither side needs the whole in memory twice. Format: docs/formats/tasks.md.
namespace polis::ledger::tasks {

inline constexpr std::array<std::uint8_t, 8> kSealMagic{'P', 'O', 'L', 'I', 'S', 'E', 'N', 'C'};
inline constexpr std::uint8_t kSealVersion = 1;
inline constexpr std::size_t kSealSegmentBytes = std::size_t{256} << 10;  ///< before sealing
inline constexpr std::size_t kSealHeaderBytes = 8 + 1 + 8;  ///< magic, version, bytes inside

using SealHeader = std::array<std::uint8_t, kSealHeaderBytes>;

/// Why bytes are not a sealed test set, or not under this key.
enum class SealError : std::uint8_t {
    kBadMagic,       ///< the first eight bytes are not kSealMagic
    kBadVersion,     ///< not kSealVersion
    kBadSize,        ///< nothing inside, or more than a dataset may have
    kTruncated,      ///< fewer bytes than the header promises
    kTrailingBytes,  ///< more bytes than the header promises
    kNotAuthentic,   ///< another key, or changed bytes
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(SealError error);

/// @pre 1 <= plain_bytes <= exact::kDatasetBytesMax
[[nodiscard]] SealHeader seal_header(std::uint64_t plain_bytes);

/// Segments of a set with so many bytes.
[[nodiscard]] std::uint64_t seal_segments(std::uint64_t plain_bytes);

/// Bytes of the whole sealed set.
[[nodiscard]] std::uint64_t sealed_bytes(std::uint64_t plain_bytes);

/// @return the bytes inside. @error kBadMagic, kBadVersion, kBadSize, kTruncated (no whole header)
[[nodiscard]] Result<std::uint64_t, SealError> read_seal_header(ByteView sealed);

/// Seals segment `index` into `out`. A key seals one set only, ever.
/// @pre out.size() == plain.size() + crypto::kAeadTagBytes
void seal_segment(
    std::span<std::uint8_t> out,
    const crypto::Secret32& key,
    const SealHeader& header,
    std::uint64_t index,
    ByteView plain);

/// @return false under another key or if anything was changed: then `out` holds nothing of use
/// @pre out.size() + crypto::kAeadTagBytes == sealed.size()
[[nodiscard]] bool open_segment(
    std::span<std::uint8_t> out,
    const crypto::Secret32& key,
    const SealHeader& header,
    std::uint64_t index,
    ByteView sealed);

/// The whole at once. @pre as seal_header()
[[nodiscard]] Bytes seal(const crypto::Secret32& key, ByteView plain);

/// @error every SealError
[[nodiscard]] Result<Bytes, SealError> unseal(const crypto::Secret32& key, ByteView sealed);

}  // namespace polis::ledger::tasks
