// The tables of docs/formats/peers.md and docs/formats/blobs.md against the code.
#include <map>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <core/blob.hpp>
#include <ledger/store/blob_files.hpp>
#include <p2p/blobs/messages.hpp>
#include <p2p/peers/messages.hpp>
#include <p2p/peers/saved.hpp>
#include <tests/formats/document.hpp>
#include <tests/formats/layout.hpp>

namespace polis::formats {
namespace {

std::map<std::string, std::string> pairs_of(const std::string& page, std::string_view marker) {
    std::map<std::string, std::string> out;
    for (const Row& row : table_rows(page, marker)) {
        EXPECT_GE(row.size(), 2U) << marker;
        EXPECT_TRUE(out.emplace(row[0], row[1]).second) << marker << ": " << row[0] << " twice";
    }
    return out;
}

void expect_layouts(
    const std::string& page, const std::map<std::string, std::vector<Place>>& layouts) {
    EXPECT_EQ(layout_names(page).size(), layouts.size());
    for (const auto& [name, places] : layouts) {
        expect_layout(page, name, places);
    }
}

TEST(FormatsPeers, structs_limits_and_tags_are_those_of_the_code) {
    const std::string page = read_document("docs/formats/peers.md");
    expect_layouts(
        page,
        {{"Anchor", layout_of<p2p::Anchor>()},
         {"Ban", layout_of<p2p::Ban>()},
         {"BookEntry", layout_of<p2p::BookEntry>()},
         {"Endpoint", layout_of<p2p::Endpoint>()},
         {"PeersAnswer", layout_of<p2p::PeersAnswer>()},
         {"SavedBook", layout_of<p2p::SavedBook>()}});
    const std::map<std::string, std::string> limits{
        {"kAnswerEndpointsMax", std::to_string(p2p::kAnswerEndpointsMax)},
        {"kAnchorsMax", std::to_string(p2p::kAnchorsMax)},
        {"kBansMax", std::to_string(p2p::kBansMax)},
        {"kBanReasonBytesMax", std::to_string(p2p::kBanReasonBytesMax)},
        {"kBookVersion", std::to_string(p2p::kBookVersion)},
        {"kNewMax", std::to_string(p2p::kNewMax)},
        {"kTriedMax", std::to_string(p2p::kTriedMax)}};
    EXPECT_EQ(pairs_of(page, "peers limits"), limits);
    using First = std::variant_alternative_t<0, p2p::PeersMessage>;
    static_assert(std::variant_size_v<p2p::PeersMessage> == 2);
    static_assert(std::is_same_v<First, p2p::PeersQuestion>);
    const std::map<std::string, std::string> tags{{"0", "PeersQuestion"}, {"1", "PeersAnswer"}};
    EXPECT_EQ(pairs_of(page, "peers messages"), tags);
}

TEST(FormatsBlobs, structs_limits_and_tags_are_those_of_the_code) {
    const std::string page = read_document("docs/formats/blobs.md");
    expect_layouts(
        page,
        {{"BlobBusy", layout_of<p2p::BlobBusy>()},
         {"BlobChunk", layout_of<p2p::BlobChunk>()},
         {"BlobChunkRequest", layout_of<p2p::BlobChunkRequest>()},
         {"BlobHave", layout_of<p2p::BlobHave>()},
         {"BlobMeta", layout_of<ledger::BlobMeta>()},
         {"BlobProgress", layout_of<ledger::BlobProgress>()},
         {"BlobQuery", layout_of<p2p::BlobQuery>()},
         {"BlobShape", layout_of<BlobShape>()}});
    const std::map<std::string, std::string> limits{
        {"kBlobBytesMax", std::to_string(kBlobBytesMax)},
        {"kBlobChunkBytes", std::to_string(kBlobChunkBytes)},
        {"kBlobChunksMax", std::to_string(kBlobChunksMax)},
        {"kBlobMetaVersion", std::to_string(ledger::kBlobMetaVersion)},
        {"kBlobRequestChunksMax", std::to_string(p2p::kBlobRequestChunksMax)},
        {"kBlobSiblingsMax", std::to_string(kBlobSiblingsMax)}};
    EXPECT_EQ(pairs_of(page, "blobs limits"), limits);
    static_assert(std::is_same_v<
                  p2p::BlobMessage,
                  std::variant<
                      p2p::BlobQuery,
                      p2p::BlobHave,
                      p2p::BlobChunkRequest,
                      p2p::BlobChunk,
                      p2p::BlobBusy>>);
    const std::map<std::string, std::string> tags{
        {"0", "BlobQuery"},
        {"1", "BlobHave"},
        {"2", "BlobChunkRequest"},
        {"3", "BlobChunk"},
        {"4", "BlobBusy"}};
    EXPECT_EQ(pairs_of(page, "blobs messages"), tags);
}

}  // namespace
}  // namespace polis::formats
