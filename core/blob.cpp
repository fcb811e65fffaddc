#include <core/blob.hpp>

#include <algorithm>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis {

std::uint32_t BlobShape::chunk_count() const {
    const std::uint64_t count = bytes / kBlobChunkBytes + (bytes % kBlobChunkBytes != 0 ? 1 : 0);
    return static_cast<std::uint32_t>(count);
}

std::size_t BlobShape::chunk_bytes(std::uint32_t index) const {
    POLIS_ASSERT_OP(index, <, chunk_count());
    const std::uint64_t begin = std::uint64_t{index} * kBlobChunkBytes;
    return static_cast<std::size_t>(std::min<std::uint64_t>(bytes - begin, kBlobChunkBytes));
}

Hash root_of(const BlobShape& shape) {
    return crypto::Blake2b256(crypto::kDomainBlob)
        .update(codec::encode(shape.bytes))
        .update(shape.tree.view())
        .finish();
}

bool is_shape_of(const BlobShape& shape, const Hash& root) {
    return shape.bytes <= kBlobBytesMax && root_of(shape) == root;
}

bool verify_chunk(
    const BlobShape& shape,
    std::uint32_t index,
    ByteView chunk,
    const std::vector<Hash>& siblings) {
    if (index >= shape.chunk_count() || chunk.size() != shape.chunk_bytes(index)) {
        return false;
    }
    const merkle::Proof proof{.index = index, .count = shape.chunk_count(), .siblings = siblings};
    return merkle::verify(shape.tree, merkle::leaf_hash(chunk), proof);
}

void BlobHasher::update(ByteView portion) {
    bytes_ += portion.size();
    while (!portion.empty()) {
        const std::size_t count = std::min(portion.size(), kBlobChunkBytes - chunk_.size());
        if (chunk_.empty() && count == kBlobChunkBytes) {
            leaves_.push_back(merkle::leaf_hash(portion.first(count)));
        } else {
            append(chunk_, portion.first(count));
            if (chunk_.size() == kBlobChunkBytes) {
                leaves_.push_back(merkle::leaf_hash(chunk_));
                chunk_.clear();
            }
        }
        portion = portion.subspan(count);
    }
}

BlobShape BlobHasher::finish() {
    if (!chunk_.empty()) {
        leaves_.push_back(merkle::leaf_hash(chunk_));
        chunk_.clear();
    }
    return {.tree = merkle::root(leaves_), .bytes = bytes_};
}

Hash blob_root(ByteView bytes) {
    BlobHasher hasher;
    hasher.update(bytes);
    return root_of(hasher.finish());
}

}  // namespace polis
