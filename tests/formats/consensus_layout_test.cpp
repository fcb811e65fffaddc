// The tables of docs/formats/consensus.md against the code.
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/committee.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/evidence.hpp>
#include <consensus/pbft/messages.hpp>
#include <consensus/pbft/safety.hpp>
#include <tests/formats/document.hpp>
#include <tests/formats/layout.hpp>

namespace polis::formats {
namespace {

const std::string& page() {
    static const std::string kPage = read_document("docs/formats/consensus.md");
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

/// Number -> name, for every value of an enum.
template <class Enum>
std::map<std::string, std::string> values_of() {
    std::map<std::string, std::string> out;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(codec::kEnumLast<Enum>); ++i) {
        out[std::to_string(i)] = to_string(static_cast<Enum>(i));
    }
    return out;
}

std::map<std::string, std::string> numbered(const std::vector<std::string>& names) {
    std::map<std::string, std::string> out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        out[std::to_string(i)] = names[i];
    }
    return out;
}

TEST(FormatsConsensus, every_struct_has_one_table_with_its_offsets_and_sizes) {
    const std::map<std::string, std::vector<Place>> layouts{
        {"Amnesia", layout_of<pbft::Amnesia>()},
        {"Ballot", layout_of<pbft::Ballot>()},
        {"Certificate", layout_of<pbft::Certificate>()},
        {"CertifiedFact", layout_of<consensus::CertifiedFact>()},
        {"Committee", layout_of<consensus::Committee>()},
        {"Decided", layout_of<pbft::Decided>()},
        {"Equivocation", layout_of<pbft::Equivocation>()},
        {"Evidence", layout_of<pbft::Evidence>()},
        {"Fact", layout_of<consensus::Fact>()},
        {"FactVote", layout_of<consensus::FactVote>()},
        {"Justification", layout_of<pbft::Justification>()},
        {"Prepared", layout_of<pbft::Prepared>()},
        {"Proposal", layout_of<pbft::Proposal>()},
        {"Ranking", layout_of<consensus::Ranking>()},
        {"SafetyRecord", layout_of<pbft::SafetyRecord>()},
        {"Statement", layout_of<pbft::Statement>()},
        {"Summary", layout_of<pbft::Summary>()},
        {"ViewChange", layout_of<pbft::ViewChange>()},
        {"ViewChangeMessage", layout_of<pbft::ViewChangeMessage>()},
        {"Vote", layout_of<pbft::Vote>()}};
    const std::vector<std::string> names = layout_names(page());
    EXPECT_EQ(names.size(), layouts.size());
    for (const auto& [name, places] : layouts) {
        expect_layout(page(), name, places);
    }
}

TEST(FormatsConsensus, limits) {
    const std::map<std::string, std::string> expected{
        {"kBlockFactsMax", std::to_string(consensus::kBlockFactsMax)},
        {"kCommitteeMax", std::to_string(consensus::kCommitteeMax)},
        {"kFactResultBytesMax", std::to_string(consensus::kFactResultBytesMax)},
        {"kFactsBytesMax", std::to_string(pbft::kFactsBytesMax)},
        {"kHeaderBytesMax", std::to_string(pbft::kHeaderBytesMax)},
        {"kProposalTxnsMax", std::to_string(pbft::kProposalTxnsMax)}};
    EXPECT_EQ(pairs_of("consensus limits"), expected);
}

TEST(FormatsConsensus, numbers_of_phases_and_fact_kinds) {
    EXPECT_EQ(pairs_of("phases"), values_of<pbft::Phase>());
    EXPECT_EQ(pairs_of("fact kinds"), values_of<consensus::FactKind>());
}

TEST(FormatsConsensus, tags_of_messages_and_proofs) {
    static_assert(std::variant_size_v<pbft::Message> == 4);
    static_assert(std::is_same_v<std::variant_alternative_t<0, pbft::Message>, pbft::Proposal>);
    static_assert(std::is_same_v<std::variant_alternative_t<1, pbft::Message>, pbft::Ballot>);
    static_assert(
        std::is_same_v<std::variant_alternative_t<2, pbft::Message>, pbft::ViewChangeMessage>);
    EXPECT_EQ(
        pairs_of("messages"), numbered({"Proposal", "Ballot", "ViewChangeMessage", "Decided"}));
    static_assert(std::variant_size_v<pbft::Proof> == 2);
    static_assert(std::is_same_v<std::variant_alternative_t<0, pbft::Proof>, pbft::Equivocation>);
    EXPECT_EQ(pairs_of("proofs"), numbered({"Equivocation", "Amnesia"}));
}

}  // namespace
}  // namespace polis::formats
