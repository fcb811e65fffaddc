// Messages between node and trainer as bytes: round trips, portions of any size, hostile lengths.
#include <ml/protocol/frames.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace polis::trainer {
namespace {

Train full_train() {
    return {
        .job = 7,
        .task = Hash{{1}},
        .data = SentBlob{.root = Hash{{2}}},
        .validation = LocalFile{.path = "/data/v"},
        .mapping_seed = Hash{{3}},
        .model = {.kind = "mlp", .hidden = {64, 32}},
        .seed = 9,
        .window_ms = 60'000,
        .target_ppm = 970'000,
        .epochs = 4,
        .device = "auto"};
}

std::vector<HostMessage> host_messages() {
    return {
        Challenge{.nonce = HelloNonce{{5}}},
        full_train(),
        Cancel{.job = 7},
        BlobPortion{.root = Hash{{4}}, .bytes_total = 3, .offset = 0, .bytes = {1, 2, 3}},
        Refused{.text = "the token is wrong"}};
}

std::vector<TrainerMessage> trainer_messages() {
    return {
        Hello{
            .proof = Proof{{1}},
            .program = "0.1.0",
            .torch = "libtorch",
            .devices = {{.name = "cpu", .description = "one thread", .memory_bytes = 1}},
            .kinds = {"mlp"},
            .blobs = {Hash{{4}}, Hash{{6}}}},
        Heartbeat{},
        Progress{.job = 7, .epoch = 1, .step = 2, .loss_micro = 3, .accuracy_ppm = 4},
        Finished{.job = 7, .reason = EndReason::kWindow, .model = {1}, .validation = {1, 2, 3}},
        Failed{.job = 7, .code = FailureCode::kOutOfMemory, .text = "no"}};
}

TEST(TrainerFrames, every_message_comes_back_in_portions_of_any_size) {
    Bytes stream;
    for (const TrainerMessage& message : trainer_messages()) {
        append(stream, frame_of(message));
    }
    for (std::size_t portion = 1; portion <= stream.size(); ++portion) {
        FrameReader reader;
        std::vector<TrainerMessage> found;
        for (std::size_t i = 0; i < stream.size(); i += portion) {
            reader.feed(ByteView{stream}.subspan(i, std::min(portion, stream.size() - i)));
            while (auto message = *reader.next<TrainerMessage>()) {
                found.push_back(*message);
            }
        }
        ASSERT_EQ(found, trainer_messages()) << portion;
        ASSERT_EQ(reader.buffered(), 0U);
    }
}

TEST(TrainerFrames, messages_of_a_host_come_back) {
    FrameReader reader;
    for (const HostMessage& message : host_messages()) {
        reader.feed(frame_of(message));
        EXPECT_EQ(**reader.next<HostMessage>(), message);
    }
}

TEST(TrainerFrames, a_length_over_the_limit_is_refused_before_its_bytes_come) {
    FrameReader reader;
    reader.feed(codec::encode(static_cast<std::uint32_t>(kFrameBytesMax + 1)));
    EXPECT_EQ(reader.next<TrainerMessage>().error(), LinkError::kFrameTooLarge);
    FrameReader empty;
    empty.feed(Bytes{0, 0, 0, 0});
    EXPECT_EQ(empty.next<TrainerMessage>().error(), LinkError::kFrameTooLarge);
}

TEST(TrainerFrames, every_cut_message_and_bytes_behind_one_are_refused) {
    for (const TrainerMessage& message : trainer_messages()) {
        const Bytes body = codec::encode(message);
        for (std::size_t size = 0; size < body.size(); ++size) {
            EXPECT_FALSE(codec::decode<TrainerMessage>(ByteView{body}.first(size)).has_value());
        }
        Bytes longer = body;
        longer.push_back(0);
        EXPECT_FALSE(codec::decode<TrainerMessage>(longer).has_value());
    }
}

TEST(TrainerFrames, lists_and_texts_over_their_limits_are_refused) {
    Train train = full_train();
    train.model.kind.assign(kKindBytesMax + 1, 'x');
    EXPECT_FALSE(codec::decode<HostMessage>(codec::encode(HostMessage{train})).has_value());
    train = full_train();
    train.model.hidden.assign(kHiddenLayersMax + 1, 1);
    EXPECT_FALSE(codec::decode<HostMessage>(codec::encode(HostMessage{train})).has_value());
    BlobPortion portion{.bytes_total = 1 << 21, .bytes = Bytes(kPortionBytesMax + 1)};
    EXPECT_FALSE(codec::decode<HostMessage>(codec::encode(HostMessage{portion})).has_value());
    Failed failed{.text = std::string(kTextBytesMax + 1, 'x')};
    EXPECT_FALSE(codec::decode<TrainerMessage>(codec::encode(TrainerMessage{failed})).has_value());
}

TEST(TrainerFrames, texts_are_cut_between_characters) {
    const std::string long_text(kTextBytesMax - 1, 'x');
    EXPECT_EQ(fitting(long_text + "\xc3\xa9"), long_text);  // an e with an accent does not fit
    EXPECT_EQ(fitting("short"), "short");
    EXPECT_EQ(fitting("bad \xff"), "bad ");
}

}  // namespace
}  // namespace polis::trainer
