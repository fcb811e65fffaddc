// The tables of docs/formats/trainer.md against the code.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ml/protocol/messages.hpp>
#include <tests/formats/document.hpp>
#include <tests/formats/layout.hpp>

namespace polis::formats {
namespace {

const std::string& page() {
    static const std::string kPage = read_document("docs/formats/trainer.md");
    return kPage;
}

std::map<std::string, std::string> pairs_of(std::string_view marker) {
    std::map<std::string, std::string> out;
    for (const Row& row : table_rows(page(), marker)) {
        EXPECT_GE(row.size(), 2U) << marker;
        EXPECT_TRUE(out.emplace(row[0], row[1]).second) << marker << ": " << row[0] << " twice";
    }
    return out;
}

TEST(FormatsTrainer, every_struct_has_one_table_with_its_offsets_and_sizes) {
    const std::map<std::string, std::vector<Place>> layouts{
        {"BlobPortion", layout_of<trainer::BlobPortion>()},
        {"Cancel", layout_of<trainer::Cancel>()},
        {"Challenge", layout_of<trainer::Challenge>()},
        {"Device", layout_of<trainer::Device>()},
        {"Failed", layout_of<trainer::Failed>()},
        {"Finished", layout_of<trainer::Finished>()},
        {"Hello", layout_of<trainer::Hello>()},
        {"LocalFile", layout_of<trainer::LocalFile>()},
        {"ModelSpec", layout_of<trainer::ModelSpec>()},
        {"Progress", layout_of<trainer::Progress>()},
        {"Refused", layout_of<trainer::Refused>()},
        {"SentBlob", layout_of<trainer::SentBlob>()},
        {"Train", layout_of<trainer::Train>()}};
    EXPECT_EQ(layout_names(page()).size(), layouts.size());
    for (const auto& [name, places] : layouts) {
        expect_layout(page(), name, places);
    }
}

TEST(FormatsTrainer, limits) {
    const std::map<std::string, std::string> expected{
        {"kBatchMax", std::to_string(trainer::kBatchMax)},
        {"kDevicesMax", std::to_string(trainer::kDevicesMax)},
        {"kEpochsMax", std::to_string(trainer::kEpochsMax)},
        {"kFrameBytesMax", std::to_string(trainer::kFrameBytesMax)},
        {"kHeartbeatMs", std::to_string(trainer::kHeartbeatMs)},
        {"kHelloBytesMax", std::to_string(trainer::kHelloBytesMax)},
        {"kHelloMsMax", std::to_string(trainer::kHelloMsMax)},
        {"kHiddenLayersMax", std::to_string(trainer::kHiddenLayersMax)},
        {"kKindBytesMax", std::to_string(trainer::kKindBytesMax)},
        {"kPathBytesMax", std::to_string(trainer::kPathBytesMax)},
        {"kPortionBytesMax", std::to_string(trainer::kPortionBytesMax)},
        {"kProtocolVersion", std::to_string(trainer::kProtocolVersion)},
        {"kShelfBlobsMax", std::to_string(trainer::kShelfBlobsMax)},
        {"kSilenceMsMax", std::to_string(trainer::kSilenceMsMax)},
        {"kTextBytesMax", std::to_string(trainer::kTextBytesMax)},
        {"kTokenBytesMax", std::to_string(trainer::kTokenBytesMax)},
        {"kTokenBytesMin", std::to_string(trainer::kTokenBytesMin)},
        {"kWindowMsMax", std::to_string(trainer::kWindowMsMax)}};
    EXPECT_EQ(pairs_of("trainer limits"), expected);
}

TEST(FormatsTrainer, tags_of_messages) {
    const auto tag = [](const auto& message) { return std::to_string(message.index()); };
    using trainer::HostMessage;
    using trainer::TrainerMessage;
    const std::map<std::string, std::string> host{
        {tag(HostMessage{trainer::Challenge{}}), "Challenge"},
        {tag(HostMessage{trainer::Train{}}), "Train"},
        {tag(HostMessage{trainer::Cancel{}}), "Cancel"},
        {tag(HostMessage{trainer::BlobPortion{}}), "BlobPortion"},
        {tag(HostMessage{trainer::Refused{}}), "Refused"}};
    EXPECT_EQ(pairs_of("trainer host messages"), host);
    EXPECT_EQ(host.size(), std::variant_size_v<HostMessage>);
    const std::map<std::string, std::string> own{
        {tag(TrainerMessage{trainer::Hello{}}), "Hello"},
        {tag(TrainerMessage{trainer::Heartbeat{}}), "Heartbeat"},
        {tag(TrainerMessage{trainer::Progress{}}), "Progress"},
        {tag(TrainerMessage{trainer::Finished{}}), "Finished"},
        {tag(TrainerMessage{trainer::Failed{}}), "Failed"}};
    EXPECT_EQ(pairs_of("trainer messages"), own);
    EXPECT_EQ(own.size(), std::variant_size_v<TrainerMessage>);
}

TEST(FormatsTrainer, every_failure_has_a_row) {
    const auto rows = pairs_of("trainer failures");
    const auto last = static_cast<unsigned>(codec::kEnumLast<trainer::FailureCode>);
    EXPECT_EQ(rows.size(), last + 1);
    for (unsigned code = 0; code <= last; ++code) {
        EXPECT_TRUE(rows.contains(std::to_string(code))) << code;
    }
}

}  // namespace
}  // namespace polis::formats
