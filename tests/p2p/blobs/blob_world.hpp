#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <core/blob.hpp>
#include <core/bytes.hpp>
#include <p2p/blobs.hpp>

/// Blobs in memory, and peers that serve them honestly or not.
namespace polis::p2p::testing {

[[nodiscard]] Bytes random_bytes(std::uint64_t seed, std::size_t count);

class MemoryBlobs final : public BlobSource {
  public:
    /// @return the root
    Hash add(Bytes bytes);

    [[nodiscard]] std::optional<BlobShape> shape(const Hash& root) const override;
    [[nodiscard]] BlobChunk chunk(const Hash& root, std::uint32_t index) const override;

  private:
    struct Blob {
        BlobShape shape;
        Bytes bytes;
        std::vector<Hash> leaves;
    };

    std::map<Hash, Blob> blobs_;
};

/// What a driver keeps of a fetch: the bytes that were handed out.
struct Assembled {
    BlobShape shape;
    std::map<std::uint32_t, Bytes> chunks;
    bool complete = false;

    [[nodiscard]] Bytes bytes() const;
};

}  // namespace polis::p2p::testing
