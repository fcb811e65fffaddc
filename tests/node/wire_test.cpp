// Goal: what one validator encodes another decodes, and nothing else is taken for a message.

#include <node/validator/wire.hpp>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis::node {
namespace {

std::vector<Envelope> one_of_each_kind() {
    std::vector<Envelope> out{
        pbft::Message{pbft::Ballot{}},
        pbft::Message{pbft::Proposal{}},
        pbft::Message{pbft::ViewChangeMessage{}},
        pbft::Message{pbft::Decided{}},
        consensus::FactVote{},
        TxnBatch{{Bytes{1, 2, 3}, Bytes{}}},
        sync::HeadClaim{Height{1}, Height{7}},
        sync::BlockRequest{1, Height{2}, 3},
        sync::BlockResponse{1, Height{2}, {sync::SyncedBlock{Bytes{9}, {}}}},
        sync::BlockBusy{4},
        sync::BodyRequest{Hash{}, false, {1, 5}},
        sync::BodySummary{},
        sync::BodyItems{Hash{}, {sync::BodyItem{1, Bytes{7}}}},
        TxnAnnounce{{Hash{}, Hash{}}},
        TxnRequest{{Hash{}}},
        Relayed{pbft::Message{pbft::Ballot{}}},
        Relayed{consensus::FactVote{}},
        RelayPrune{},
        RelayGraft{},
        sync::SnapshotRequest{sync::AnchorRequest{Height{7}}},
        sync::SnapshotResponse{sync::LinksResponse{Term{3}, {}}}};
    return out;
}

TEST(Wire, every_kind_comes_back_as_it_was) {
    for (const Envelope& message : one_of_each_kind()) {
        const Bytes bytes = encode_wire(message);
        const auto back = decode_wire(bytes);
        ASSERT_TRUE(back.has_value()) << "kind " << message.index();
        EXPECT_EQ(*back, message) << "kind " << message.index();
        EXPECT_EQ(encode_wire(*back), bytes);
    }
}

TEST(Wire, a_shortened_or_prolonged_message_is_none) {
    for (const Envelope& message : one_of_each_kind()) {
        Bytes bytes = encode_wire(message);
        bytes.push_back(0);
        EXPECT_FALSE(decode_wire(bytes).has_value()) << "kind " << message.index();
        bytes.pop_back();
        while (!bytes.empty()) {
            bytes.pop_back();
            EXPECT_FALSE(decode_wire(bytes).has_value()) << "kind " << message.index();
        }
    }
}

TEST(Wire, an_unknown_kind_is_none) {
    for (int kind = static_cast<int>(std::variant_size_v<Envelope>); kind < 256; ++kind) {
        Bytes bytes(64, 0);
        bytes[0] = static_cast<std::uint8_t>(kind);
        EXPECT_FALSE(decode_wire(bytes).has_value());
    }
}

TEST(Wire, a_message_over_the_limit_is_none) {
    sync::BlockResponse response{1, Height{2}, {}};
    for (int i = 0; i < 2; ++i) {
        response.blocks.push_back({Bytes(sync::kSyncBlockBytesMax, 0), {}});
    }
    const Bytes bytes = encode_wire(response);
    ASSERT_GT(bytes.size(), kWireBytesMax);
    EXPECT_FALSE(decode_wire(bytes).has_value());
    response.blocks.pop_back();
    EXPECT_TRUE(decode_wire(encode_wire(response)).has_value());
}

TEST(Wire, too_many_transactions_in_a_batch_are_none) {
    EXPECT_TRUE(decode_wire(encode_wire(TxnBatch{std::vector<Bytes>(kTxnBatchCountMax)})));
    EXPECT_FALSE(decode_wire(encode_wire(TxnBatch{std::vector<Bytes>(kTxnBatchCountMax + 1)})));
}

}  // namespace
}  // namespace polis::node
