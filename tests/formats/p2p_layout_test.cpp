// The tables of docs/formats/p2p.md against the code.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <p2p/session.hpp>
#include <p2p/session/frame.hpp>
#include <p2p/session/introduction.hpp>
#include <tests/formats/document.hpp>
#include <tests/formats/layout.hpp>

namespace polis::formats {
namespace {

const std::string& page() {
    static const std::string kPage = read_document("docs/formats/p2p.md");
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

TEST(FormatsP2p, every_struct_has_one_table_with_its_offsets_and_sizes) {
    const std::map<std::string, std::vector<Place>> layouts{
        {"Answer", layout_of<p2p::Answer>()},
        {"Hello", layout_of<p2p::Hello>()},
        {"IdentityStatement", layout_of<p2p::IdentityStatement>()},
        {"Introduction", layout_of<p2p::Introduction>()}};
    EXPECT_EQ(layout_names(page()).size(), layouts.size());
    for (const auto& [name, places] : layouts) {
        expect_layout(page(), name, places);
    }
}

TEST(FormatsP2p, limits) {
    const std::map<std::string, std::string> expected{
        {"kAgentBytesMax", std::to_string(p2p::kAgentBytesMax)},
        {"kFragmentBytesMin", std::to_string(p2p::kFragmentBytesMin)},
        {"kIntroductionBytesMax", std::to_string(p2p::kIntroductionBytesMax)},
        {"kMessageBytesMax", std::to_string(p2p::noise::kMessageBytesMax)},
        {"kNoteBytesMax", std::to_string(p2p::kNoteBytesMax)},
        {"kRecordPlainMax", std::to_string(p2p::kRecordPlainMax)}};
    EXPECT_EQ(pairs_of("p2p limits"), expected);
}

TEST(FormatsP2p, limits_of_channels) {
    const auto text = [](std::uint64_t bound) {
        return bound == 0 ? std::string("no limit") : std::to_string(bound);
    };
    const p2p::Session::Limits limits;
    const std::vector<Row> rows = table_rows(page(), "channel limits");
    ASSERT_EQ(rows.size(), p2p::kChannels);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row expected{
            std::to_string(i),
            std::to_string(limits.message_bytes_max[i]),
            text(limits.allowances[i].messages_per_s),
            text(limits.allowances[i].bytes_per_s)};
        EXPECT_EQ(rows[i], expected);
    }
}

TEST(FormatsP2p, close_reasons) {
    std::map<std::string, std::string> expected;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(codec::kEnumLast<p2p::CloseReason>);
         ++i) {
        expected[std::to_string(i)] = to_string(static_cast<p2p::CloseReason>(i));
    }
    EXPECT_EQ(pairs_of("close reasons"), expected);
}

TEST(FormatsP2p, frame_kinds) {
    const std::map<std::string, std::string> expected{
        {std::to_string(static_cast<unsigned>(p2p::Channel::kControl)), "control"},
        {std::to_string(static_cast<unsigned>(p2p::Channel::kConsensus)), "consensus"},
        {std::to_string(static_cast<unsigned>(p2p::Channel::kBlocks)), "blocks"},
        {std::to_string(static_cast<unsigned>(p2p::Channel::kTxns)), "txns"},
        {std::to_string(static_cast<unsigned>(p2p::Channel::kBlobs)), "blobs"},
        {std::to_string(p2p::kFramePing), "ping"},
        {std::to_string(p2p::kFramePong), "pong"},
        {std::to_string(p2p::kFrameGoodbye), "goodbye"}};
    EXPECT_EQ(pairs_of("frame kinds"), expected);
}

}  // namespace
}  // namespace polis::formats
