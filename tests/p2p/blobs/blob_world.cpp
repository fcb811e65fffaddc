#include <tests/p2p/blobs/blob_world.hpp>

#include <utility>

#include <core/merkle.hpp>
#include <core/random.hpp>

namespace polis::p2p::testing {

Bytes random_bytes(std::uint64_t seed, std::size_t count) {
    Bytes out(count);
    Random random(seed, "blob");
    random.fill(out);
    return out;
}

Hash MemoryBlobs::add(Bytes bytes) {
    BlobHasher hasher;
    hasher.update(bytes);
    const BlobShape shape = hasher.finish();
    const Hash root = root_of(shape);
    blobs_[root] = {.shape = shape, .bytes = std::move(bytes), .leaves = hasher.leaves()};
    return root;
}

std::optional<BlobShape> MemoryBlobs::shape(const Hash& root) const {
    const auto blob = blobs_.find(root);
    return blob == blobs_.end() ? std::nullopt : std::optional{blob->second.shape};
}

BlobChunk MemoryBlobs::chunk(const Hash& root, std::uint32_t index) const {
    const auto found = blobs_.find(root);
    if (found == blobs_.end() || index >= found->second.shape.chunk_count()) {
        return {};
    }
    const Blob& blob = found->second;
    const ByteView bytes =
        ByteView{blob.bytes}.subspan(index * kBlobChunkBytes, blob.shape.chunk_bytes(index));
    return {
        .root = {},
        .index = 0,
        .bytes = to_bytes(bytes),
        .siblings = merkle::prove(blob.leaves, index).siblings};
}

Bytes Assembled::bytes() const {
    Bytes out;
    for (const auto& [index, chunk] : chunks) {
        append(out, chunk);
    }
    return out;
}

}  // namespace polis::p2p::testing
