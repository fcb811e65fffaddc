#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/merkle.hpp>
#include <core/types.hpp>

/// Blobs: bytes named by their content. A blob is cut into chunks of 256 KiB, the last one shorter;
/// its root binds their Merkle tree and the length in bytes. Spec: docs/spec/blobs.md.
namespace polis {

inline constexpr std::size_t kBlobChunkBytes = std::size_t{256} << 10;
inline constexpr std::size_t kBlobChunksMax = 65'536;
inline constexpr std::uint64_t kBlobBytesMax = std::uint64_t{kBlobChunksMax} * kBlobChunkBytes;
/// Siblings in the proof of a chunk: log2 of kBlobChunksMax.
inline constexpr std::size_t kBlobSiblingsMax = 16;

/// What a root is made of. It proves itself: root_of(shape) is the root.
struct BlobShape {
    Hash tree;                ///< merkle::root of the chunks' leaf hashes
    std::uint64_t bytes = 0;  ///< at most kBlobBytesMax; 0 is a blob like any other

    bool operator==(const BlobShape&) const = default;
    static constexpr auto kFields = codec::fields(&BlobShape::tree, &BlobShape::bytes);

    [[nodiscard]] std::uint32_t chunk_count() const;

    /// kBlobChunkBytes, fewer for the last chunk. @pre index < chunk_count()
    [[nodiscard]] std::size_t chunk_bytes(std::uint32_t index) const;
};

[[nodiscard]] Hash root_of(const BlobShape& shape);

/// True if `shape` is that of `root` and within the limits.
[[nodiscard]] bool is_shape_of(const BlobShape& shape, const Hash& root);

/// True only if `chunk` is the one with this index of the blob: its size is right and the siblings
/// lead to the tree.
[[nodiscard]] bool verify_chunk(
    const BlobShape& shape, std::uint32_t index, ByteView chunk, const std::vector<Hash>& siblings);

/// Hashes a blob that comes in portions.
class BlobHasher {
  public:
    void update(ByteView portion);

    /// Ends the blob. The leaves lead to the shape.
    [[nodiscard]] BlobShape finish();

    [[nodiscard]] const std::vector<Hash>& leaves() const { return leaves_; }

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    Bytes chunk_;  ///< begun, not full
    std::vector<Hash> leaves_;
    std::uint64_t bytes_ = 0;
};

/// The root of bytes in memory.
[[nodiscard]] Hash blob_root(ByteView bytes);

}  // namespace polis
