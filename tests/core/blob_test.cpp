// Roots of blobs: they bind content, order and length, and chunks prove themselves.
#include <core/blob.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <core/merkle.hpp>
#include <core/random.hpp>

namespace polis {
namespace {

Bytes random_bytes(std::size_t count) {
    Bytes out(count);
    Random random(count, "blob_test");
    random.fill(out);
    return out;
}

TEST(Blob, portions_do_not_change_the_root) {
    const Bytes bytes = random_bytes(3 * kBlobChunkBytes + 17);
    Random random(5);
    for (int i = 0; i < 10; ++i) {
        BlobHasher hasher;
        ByteView rest = bytes;
        while (!rest.empty()) {
            const auto count = static_cast<std::size_t>(
                random.between(1, std::min<std::size_t>(rest.size(), 400'000)));
            hasher.update(rest.first(count));
            rest = rest.subspan(count);
        }
        EXPECT_EQ(root_of(hasher.finish()), blob_root(bytes));
    }
}

TEST(Blob, sizes_around_a_chunk_have_the_right_chunks) {
    for (const std::size_t size :
         {std::size_t{0},
          std::size_t{1},
          kBlobChunkBytes - 1,
          kBlobChunkBytes,
          kBlobChunkBytes + 1,
          2 * kBlobChunkBytes}) {
        const Bytes bytes = random_bytes(size);
        BlobHasher hasher;
        hasher.update(bytes);
        const BlobShape shape = hasher.finish();
        EXPECT_EQ(shape.bytes, size);
        EXPECT_EQ(shape.chunk_count(), (size + kBlobChunkBytes - 1) / kBlobChunkBytes);
        ASSERT_EQ(hasher.leaves().size(), shape.chunk_count());
        std::size_t sum = 0;
        for (std::uint32_t i = 0; i < shape.chunk_count(); ++i) {
            const ByteView chunk = ByteView{bytes}.subspan(sum, shape.chunk_bytes(i));
            const auto siblings = merkle::prove(hasher.leaves(), i).siblings;
            EXPECT_TRUE(verify_chunk(shape, i, chunk, siblings));
            EXPECT_FALSE(verify_chunk(shape, i + 1, chunk, siblings));
            sum += chunk.size();
        }
        EXPECT_EQ(sum, size);
        EXPECT_TRUE(is_shape_of(shape, blob_root(bytes)));
    }
}

TEST(Blob, the_length_cannot_be_forged) {
    const Bytes bytes = random_bytes(kBlobChunkBytes + 100);
    BlobHasher hasher;
    hasher.update(bytes);
    const BlobShape shape = hasher.finish();
    const Hash root = root_of(shape);
    for (const std::uint64_t size : {shape.bytes - 1, shape.bytes + 1, kBlobBytesMax, UINT64_MAX}) {
        EXPECT_FALSE(is_shape_of({.tree = shape.tree, .bytes = size}, root));
    }
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_NE(blob_root(longer), root);
}

TEST(Blob, a_shape_beyond_the_limit_is_none) {
    const BlobShape huge{.tree = Hash{{1}}, .bytes = kBlobBytesMax + 1};
    EXPECT_FALSE(is_shape_of(huge, root_of(huge)));
    const BlobShape largest{.tree = Hash{{1}}, .bytes = kBlobBytesMax};
    EXPECT_TRUE(is_shape_of(largest, root_of(largest)));
    EXPECT_EQ(largest.chunk_count(), kBlobChunksMax);
}

}  // namespace
}  // namespace polis
