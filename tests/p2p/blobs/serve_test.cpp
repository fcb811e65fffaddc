// Serving blobs: what is here, within a budget for each peer.
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <core/blob.hpp>
#include <p2p/blobs.hpp>
#include <tests/p2p/blobs/blob_world.hpp>

namespace polis::p2p {
namespace {

using testing::MemoryBlobs;
using testing::random_bytes;

constexpr TimeMs kStart{1'000};

std::vector<BlobMessage> messages(const BlobEffects& effects) {
    std::vector<BlobMessage> out;
    for (const BlobEffect& effect : effects) {
        if (const auto* send = std::get_if<SendBlob>(&effect)) {
            const auto message = decode_blob_message(send->bytes);
            EXPECT_TRUE(message);
            out.push_back(*message);
        }
    }
    return out;
}

TEST(BlobServe, answers_with_chunks_that_prove_themselves) {
    MemoryBlobs blobs;
    const Hash root = blobs.add(random_bytes(1, 3 * kBlobChunkBytes + 5));
    BlobServe serve{BlobServe::Limits{}};
    const auto have = messages(serve.on_query(1, BlobQuery{root}, blobs, kStart));
    ASSERT_EQ(have.size(), 1U);
    const BlobShape shape = *std::get<BlobHave>(have.front()).shape;
    EXPECT_TRUE(is_shape_of(shape, root));
    const auto chunks =
        messages(serve.on_request(1, {.root = root, .indexes = {0, 2, 3}}, blobs, kStart));
    ASSERT_EQ(chunks.size(), 3U);
    for (const BlobMessage& message : chunks) {
        const auto& chunk = std::get<BlobChunk>(message);
        EXPECT_TRUE(verify_chunk(shape, chunk.index, chunk.bytes, chunk.siblings));
    }
}

TEST(BlobServe, says_what_is_not_here) {
    const MemoryBlobs blobs;
    BlobServe serve{BlobServe::Limits{}};
    const auto have = messages(serve.on_query(1, BlobQuery{Hash{{9}}}, blobs, kStart));
    EXPECT_EQ(have.front(), (BlobMessage{BlobHave{.root = Hash{{9}}, .shape = {}}}));
    const auto chunk =
        messages(serve.on_request(1, {.root = Hash{{9}}, .indexes = {7}}, blobs, kStart));
    ASSERT_EQ(chunk.size(), 1U);
    EXPECT_TRUE(std::get<BlobChunk>(chunk.front()).bytes.empty());
    EXPECT_EQ(std::get<BlobChunk>(chunk.front()).index, 7U);
}

TEST(BlobServe, refuses_requests_that_no_honest_peer_sends) {
    const MemoryBlobs blobs;
    BlobServe serve{BlobServe::Limits{}};
    const std::vector<std::vector<std::uint32_t>> bad{
        {}, {1, 1}, {2, 1}, {static_cast<std::uint32_t>(kBlobChunksMax)}};
    for (const auto& indexes : bad) {
        const auto effects =
            serve.on_request(1, {.root = Hash{}, .indexes = indexes}, blobs, kStart);
        ASSERT_EQ(effects.size(), 1U);
        EXPECT_EQ(std::get<BlobBlame>(effects.front()).fault, BlobFault::kBadRequest);
    }
}

TEST(BlobServe, each_peer_draws_from_its_own_budget) {
    MemoryBlobs blobs;
    const Hash root = blobs.add(random_bytes(1, 4 * kBlobChunkBytes));
    BlobServe serve(
        {.bytes_per_ms = 1'024, .bytes_max = 2 * kBlobChunkBytes + 10'000, .request_bytes = 1'000});
    const BlobChunkRequest request{.root = root, .indexes = {0, 1, 2, 3}};
    auto answers = messages(serve.on_request(1, request, blobs, kStart));
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers.back(), BlobMessage{BlobBusy{root}});
    EXPECT_EQ(messages(serve.on_request(2, request, blobs, kStart)).size(), 3U);
    // A budget fills with time, never beyond its bound.
    answers = messages(serve.on_request(1, request, blobs, TimeMs{kStart.value + 256}));
    ASSERT_EQ(answers.size(), 2U);
    answers = messages(serve.on_request(1, request, blobs, TimeMs{kStart.value + 1'000'000}));
    EXPECT_EQ(answers.size(), 3U);
}

}  // namespace
}  // namespace polis::p2p
