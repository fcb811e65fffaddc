// Facts in the state, and what a voter checks of them. Method: the module over a journal, with
// committees of real keys.
#include <ledger/modules/facts.hpp>

#include <cstddef>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/checker.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

using consensus::CertifiedFact;
using consensus::Fact;
using consensus::FactKind;
using facts::FactsError;

Hash subject(std::uint8_t byte) { return Hash::from_view(Bytes(32, byte)); }

consensus::Committee committee_of(Term term, std::size_t first, std::size_t count) {
    consensus::Committee out;
    out.chain = world_params().chain_id;
    out.term = term;
    for (std::size_t i = first; i < first + count; ++i) {
        out.members.push_back(
            {actor(i).address, actor(i).consensus_key.public_key(), {}, Amount{1}});
        out.ranking.order.push_back(static_cast<consensus::MemberIndex>(i - first));
    }
    return out;
}

/// Signed by `signers` of the four members that begin at actor(first).
CertifiedFact certified(Term term, const Fact& fact, std::size_t first, std::size_t signers) {
    std::vector<const crypto::SigningKey*> keys;
    for (std::size_t i = first; i < first + 4; ++i) {
        keys.push_back(&actor(i).consensus_key);
    }
    return certified_fact(term, fact, keys, signers);
}

class Facts : public ::testing::Test {
  protected:
    [[nodiscard]] std::optional<facts::FactsFault> fault(std::vector<CertifiedFact> list) {
        CheckedBlock block;
        block.facts = std::move(list);
        const auto result = facts::check_facts(block, now, &before, checker);
        return result ? std::optional<facts::FactsFault>{} : std::optional{result.error()};
    }

    const Fact fact{.kind = FactKind::kBlobAvailable, .subject = subject(1), .result = {}};
    const consensus::Committee now = committee_of(Term{3}, 0, 4);
    const consensus::Committee before = committee_of(Term{2}, 4, 4);
    consensus::PlainChecker checker;
    ModuleWorld world;
};

TEST_F(Facts, the_first_result_stays) {
    const Fact first{.kind = FactKind::kEvaluation, .subject = subject(1), .result = {1}};
    Fact second = first;
    second.result = {2};
    Fact other = first;
    other.kind = FactKind::kModelScore;
    const auto record = [&](const Fact& item, std::uint64_t height) {
        return must(facts::record_facts(
            world.state, std::vector<CertifiedFact>{{Term{}, item, {}, {}}}, Height{height}));
    };
    EXPECT_EQ(record(first, 5), std::vector<Fact>{first});
    EXPECT_TRUE(record(second, 6).empty());
    EXPECT_EQ(record(other, 7), std::vector<Fact>{other}) << "another kind is another fact";
    const auto known = must(facts::load_fact(world.state, first.kind, first.subject));
    EXPECT_EQ(known, (facts::FactRecord{.result = {1}, .height = Height{5}}));
    EXPECT_FALSE(must(facts::load_fact(world.state, first.kind, subject(2))).has_value());
}

TEST_F(Facts, pass_with_a_quorum_of_this_term_or_the_one_before) {
    Fact second = fact;
    second.subject = subject(2);
    EXPECT_FALSE(fault({}).has_value());
    EXPECT_FALSE(
        fault({certified(Term{3}, fact, 0, 3), certified(Term{2}, second, 4, 4)}).has_value());
}

TEST_F(Facts, of_any_other_term_are_refused) {
    for (const std::uint64_t term : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4}}) {
        const auto found =
            fault({certified(Term{3}, fact, 0, 3), certified(Term{term}, fact, 0, 4)});
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(found->code, FactsError::kWrongTerm);
        EXPECT_EQ(found->index, 1U);
        EXPECT_NE(describe(*found).find("fact 1"), std::string::npos);
    }
    CheckedBlock block;
    block.facts = {certified(Term{2}, fact, 4, 4)};
    const auto first_term = facts::check_facts(block, now, nullptr, checker);
    ASSERT_FALSE(first_term.has_value()) << "nothing came before";
    EXPECT_EQ(first_term.error().code, FactsError::kWrongTerm);
}

TEST_F(Facts, without_a_quorum_of_true_signatures_are_refused) {
    const auto certificate = [&](const CertifiedFact& item) {
        const auto found = fault({item});
        EXPECT_TRUE(found && found->code == FactsError::kBadCertificate);
        EXPECT_FALSE(found && describe(*found).empty());
        return found ? found->certificate : std::nullopt;
    };
    EXPECT_EQ(certificate(certified(Term{3}, fact, 0, 2)), consensus::FactError::kNoQuorum);
    EXPECT_EQ(certificate(certified(Term{3}, fact, 4, 3)), consensus::FactError::kBadSignature)
        << "the committee of another term";
    CertifiedFact changed = certified(Term{3}, fact, 0, 3);
    changed.fact.result = {1};
    EXPECT_EQ(certificate(changed), consensus::FactError::kBadSignature);
    CertifiedFact stray = certified(Term{3}, fact, 0, 3);
    stray.signers[0] |= 0x80;
    EXPECT_EQ(certificate(stray), consensus::FactError::kBadSigners);
}

TEST_F(Facts, are_shown_to_the_election) {
    CheckedBlock block;
    block.facts = {certified(Term{3}, fact, 0, 3)};
    const auto objection = [&] {
        return must(facts::election_objects(world.state, world.params, block));
    };
    EXPECT_FALSE(objection().has_value());
    block.facts[0].fact.kind = FactKind::kModelScore;
    EXPECT_TRUE(objection().has_value()) << "DPoS has no use for scores";
}

}  // namespace
}  // namespace polis::ledger::testing
