// What a node serves to others: never more than an answer holds, never more than its share.
#include <consensus/sync/server.hpp>

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <ledger/limits.hpp>
#include <ledger/store/snapshot.hpp>
#include <tests/consensus/sync/blocks.hpp>

namespace polis::sync {
namespace {

constexpr HeadClaim kHere{.base = Height{10}, .head = Height{50}};

BlockRequest request(std::uint64_t from, std::uint32_t count) {
    return {.id = 1, .from = Height{from}, .count = count};
}

TEST(SyncServer, limits_agree_with_the_ledger) {
    EXPECT_EQ(kSyncBlockBytesMax, ledger::kBlockBytesMax);
    EXPECT_EQ(kBodyItemBytesMax, ledger::kTxnBytesMax);
    EXPECT_EQ(kManifestChunksMax, ledger::kSnapshotChunksMax);
    EXPECT_GE(kManifestBytesMax, kManifestChunksMax * Hash::kSize + 128);
    // A chunk of records that are as short as they can be: 8 bytes of lengths for one of content.
    EXPECT_GE(kChunkBytesMax, 9 * ledger::kSnapshotChunkBytes + ledger::kStateValueBytesMax + 128);
}

TEST(SyncServer, serves_what_is_here_and_no_more) {
    EXPECT_EQ(plan_blocks(request(10, 5), kHere).count, 5U);
    EXPECT_EQ(plan_blocks(request(48, 5), kHere).count, 3U);
    EXPECT_EQ(plan_blocks(request(51, 5), kHere).count, 0U);
    EXPECT_EQ(plan_blocks(request(9, 5), kHere).count, 0U);
    EXPECT_EQ(plan_blocks(request(10, 0), kHere).count, 0U);
    EXPECT_EQ(plan_blocks(request(10, 4'000'000'000), kHere).count, kAnswerBlocksMax);
    const HeadClaim endless{.base = Height{1}, .head = Height{~std::uint64_t{0}}};
    EXPECT_EQ(plan_blocks(request(1, 40), endless).count, kAnswerBlocksMax);
}

TEST(SyncServer, an_answer_ends_when_it_is_full) {
    BlockAnswer answer(request(1, 32));
    SyncedBlock block = block_at(1);
    block.block.resize(kAnswerBytes / 2 - 100);
    EXPECT_TRUE(answer.add(block));
    EXPECT_TRUE(answer.add(block));
    EXPECT_FALSE(answer.add(block)) << "does not fit";
    EXPECT_LE(answer.bytes(), kAnswerBytes);
    EXPECT_EQ(answer.take().blocks.size(), 2U);
}

TEST(SyncServer, an_answer_holds_one_block_of_any_size) {
    BlockAnswer answer(request(1, 32));
    SyncedBlock block = block_at(1);
    block.block.resize(2 * kAnswerBytes);
    EXPECT_FALSE(answer.add(block));
    EXPECT_EQ(answer.take().blocks.size(), 1U);
}

TEST(SyncServer, an_answer_holds_no_more_than_asked) {
    BlockAnswer answer(request(1, 2));
    EXPECT_TRUE(answer.add(block_at(1)));
    EXPECT_FALSE(answer.add(block_at(2)));
    EXPECT_FALSE(answer.add(block_at(3)));
    EXPECT_EQ(answer.take().blocks.size(), 2U);
}

TEST(SyncServer, each_peer_draws_from_its_own_budget) {
    ServeBudget budget({.bytes_per_ms = 100, .bytes_max = 10'000, .request_bytes = 1'000});
    const TimeMs start{5'000};
    ASSERT_TRUE(budget.admit(1, start));
    budget.charge(1, 50'000);  // 41,000 in debt
    EXPECT_FALSE(budget.admit(1, start));
    EXPECT_TRUE(budget.admit(2, start)) << "others are not concerned";
    EXPECT_FALSE(budget.admit(1, TimeMs{5'410})) << "the debt is paid, nothing is saved";
    EXPECT_TRUE(budget.admit(1, TimeMs{5'420}));
    EXPECT_FALSE(budget.admit(1, TimeMs{5'420}));
}

TEST(SyncServer, a_budget_never_grows_beyond_its_bound) {
    ServeBudget budget({.bytes_per_ms = 100, .bytes_max = 3'000, .request_bytes = 1'000});
    ASSERT_TRUE(budget.admit(1, TimeMs{0}));
    int served = 0;
    while (budget.admit(1, TimeMs{~std::uint64_t{0}})) {
        ++served;
    }
    EXPECT_EQ(served, 3);
    EXPECT_FALSE(budget.admit(1, TimeMs{0})) << "a clock set back gives nothing";
    budget.peer_left(1);
    EXPECT_TRUE(budget.admit(1, TimeMs{0}));
}

TEST(SyncServer, items_are_those_asked_for_as_far_as_they_fit) {
    const std::vector<std::size_t> sizes{10, 20, kAnswerBytes, 30};
    const auto plan = [&](std::vector<std::uint32_t> indexes) {
        return plan_items({.digest = {}, .summary = false, .indexes = std::move(indexes)}, sizes);
    };
    EXPECT_EQ(plan({0, 1, 3}), (std::vector<std::uint32_t>{0, 1, 3}));
    EXPECT_EQ(plan({0, 2, 3}), (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(plan({2, 3}), (std::vector<std::uint32_t>{2}));
    EXPECT_EQ(plan({1, 1}), (std::vector<std::uint32_t>{1})) << "not twice";
    EXPECT_EQ(plan({3, 4}), (std::vector<std::uint32_t>{3})) << "not beyond the block";
}

template <class Message>
void expect_round_trip(const Message& message) {
    const Bytes bytes = codec::encode(message);
    EXPECT_EQ(codec::decode<Message>(bytes), message);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_FALSE(codec::decode<Message>(ByteView{bytes}.first(length)).has_value());
    }
}

TEST(SyncMessages, decode_to_what_was_encoded) {
    expect_round_trip(HeadClaim{.base = Height{1}, .head = Height{9}});
    expect_round_trip(request(7, 9));
    expect_round_trip(answer_to(request(7, 3)));
    expect_round_trip(BlockBusy{.id = 8});
    expect_round_trip(BodyRequest{.digest = {}, .summary = false, .indexes = {1, 5}});
    expect_round_trip(BodySummary{.digest = {}, .summary = pbft::Summary{{1}, {Hash{}}, {2}}});
    expect_round_trip(BodyItems{.digest = {}, .items = {{.index = 4, .bytes = {9, 9}}}});
    expect_round_trip(SnapshotRequest{LinksRequest{.from = Term{3}, .count = 2}});
    expect_round_trip(SnapshotResponse{AnchorResponse{
        .height = Height{3},
        .anchor = Anchor{.block = block_at(3), .next_header = {1}, .next_certificate = {}}}});
    expect_round_trip(
        SnapshotResponse{ChunkResponse{.manifest = {}, .index = 1, .bytes = {1, 2, 3}}});
}

TEST(SyncMessages, counts_beyond_a_limit_are_refused_before_memory_is_set_aside) {
    BlockResponse response{.id = 1, .from = Height{1}, .blocks = blocks_from(1, 33)};
    EXPECT_EQ(
        codec::decode<BlockResponse>(codec::encode(response)).error(),
        codec::DecodeError::kCountOverLimit);
    SnapshotOffers offers{.offers = std::vector<SnapshotOffer>(kOffersMax + 1)};
    EXPECT_EQ(
        codec::decode<SnapshotOffers>(codec::encode(offers)).error(),
        codec::DecodeError::kCountOverLimit);
}

}  // namespace
}  // namespace polis::sync
