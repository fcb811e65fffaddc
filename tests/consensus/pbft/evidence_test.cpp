// Evidence: what proves misbehaviour, and that nothing an honest member signs does.
#include <consensus/pbft/evidence.hpp>

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::pbft {
namespace {

using testing::hash_of;
using testing::make_people;
using testing::People;

constexpr ChainId kChain{7};

Statement statement_of(Phase phase, std::uint64_t view, const Hash& digest) {
    return {
        .chain = kChain,
        .term = Term{3},
        .height = Height{50},
        .view = View{view},
        .phase = phase,
        .digest = digest};
}

ViewChange change_of(
    const People& people,
    MemberIndex member,
    std::uint64_t view,
    const std::optional<Prepared>& prepared) {
    return {
        .vote =
            people.vote(member, statement_of(Phase::kViewChange, view, prepared_hash(prepared))),
        .prepared = prepared};
}

TEST(Evidence, e2_two_blocks_in_one_phase_of_one_view) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    for (const Phase phase :
         {Phase::kProposal, Phase::kPrepare, Phase::kCommit, Phase::kViewChange}) {
        const Vote first = people.vote(1, statement_of(phase, 2, hash_of(1)));
        const Vote second = people.vote(1, statement_of(phase, 2, hash_of(2)));
        const auto evidence = conflict(people.key_of(1), first, second);
        ASSERT_TRUE(evidence.has_value()) << to_string(phase);
        EXPECT_EQ(conflict(people.key_of(1), second, first), evidence) << "one order only";
        EXPECT_EQ(std::get<Equivocation>(evidence->proof).first.digest, hash_of(1));
        EXPECT_TRUE(verify_evidence(*evidence, kChain, checker).has_value());
        EXPECT_EQ(height_of(*evidence), Height{50});
    }
}

TEST(Evidence, e2_votes_that_differ_in_more_than_the_digest_are_honest) {
    const People people = make_people(4);
    const Vote vote = people.vote(1, statement_of(Phase::kPrepare, 2, hash_of(1)));
    EXPECT_EQ(conflict(people.key_of(1), vote, vote), std::nullopt);
    for (const auto& change : std::vector<void (*)(Statement&)>{
             [](Statement& s) { ++s.chain.value; },
             [](Statement& s) { ++s.term.value; },
             [](Statement& s) { ++s.height.value; },
             [](Statement& s) { ++s.view.value; },
             [](Statement& s) { s.phase = Phase::kCommit; }}) {
        Statement other = statement_of(Phase::kPrepare, 2, hash_of(2));
        change(other);
        EXPECT_EQ(conflict(people.key_of(1), vote, people.vote(1, other)), std::nullopt);
    }
    const Vote of_another = people.vote(2, statement_of(Phase::kPrepare, 2, hash_of(2)));
    EXPECT_EQ(conflict(people.key_of(1), vote, of_another), std::nullopt);
}

TEST(Evidence, e2_has_one_form) {
    const People people = make_people(4);
    const auto evidence = conflict(
        people.key_of(1),
        people.vote(1, statement_of(Phase::kCommit, 2, hash_of(1))),
        people.vote(1, statement_of(Phase::kCommit, 2, hash_of(2))));
    consensus::PlainChecker checker;
    const auto proof = std::get<Equivocation>(evidence->proof);
    const Equivocation swapped{
        proof.second, proof.second_signature, proof.first, proof.first_signature};
    EXPECT_EQ(
        verify_evidence({people.key_of(1), swapped}, kChain, checker).error(),
        EvidenceError::kNoConflict);
    const Equivocation same{proof.first, proof.first_signature, proof.first, proof.first_signature};
    EXPECT_EQ(
        verify_evidence({people.key_of(1), same}, kChain, checker).error(),
        EvidenceError::kNoConflict);
}

TEST(Evidence, e3_a_view_change_that_denies_a_commit) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    const Vote commit = people.vote(1, statement_of(Phase::kCommit, 4, hash_of(1)));
    for (const std::optional<Prepared>& claim : std::vector<std::optional<Prepared>>{
             std::nullopt,
             Prepared{View{3}, hash_of(1)},
             Prepared{View{0}, hash_of(2)},
             Prepared{View{4}, hash_of(2)}}) {
        for (const std::uint64_t view : {std::uint64_t{5}, UINT64_MAX}) {
            const auto evidence =
                denial(people.key_of(1), commit, change_of(people, 1, view, claim));
            ASSERT_TRUE(evidence.has_value());
            EXPECT_TRUE(verify_evidence(*evidence, kChain, checker).has_value());
            EXPECT_EQ(height_of(*evidence), Height{50});
        }
    }
}

TEST(Evidence, e3_a_view_change_that_keeps_its_word_is_honest) {
    const People people = make_people(4);
    const Vote commit = people.vote(1, statement_of(Phase::kCommit, 4, hash_of(1)));
    const auto denies = [&](const Vote& vote, const ViewChange& change) {
        return denial(people.key_of(1), vote, change).has_value();
    };
    EXPECT_FALSE(denies(commit, change_of(people, 1, 5, Prepared{View{4}, hash_of(1)})));
    EXPECT_FALSE(denies(commit, change_of(people, 1, 9, Prepared{View{6}, hash_of(2)})))
        << "a later quorum prepared another block";
    EXPECT_FALSE(denies(commit, change_of(people, 1, 4, std::nullopt))) << "came before the commit";
    EXPECT_FALSE(denies(commit, change_of(people, 1, 2, std::nullopt)));
    EXPECT_FALSE(denies(commit, change_of(people, 2, 5, std::nullopt))) << "another member";
    const Vote prepare = people.vote(1, statement_of(Phase::kPrepare, 4, hash_of(1)));
    EXPECT_FALSE(denies(prepare, change_of(people, 1, 5, std::nullopt)))
        << "a prepare alone promises nothing";
    for (const auto& change : std::vector<void (*)(Statement&)>{
             [](Statement& s) { ++s.chain.value; },
             [](Statement& s) { ++s.term.value; },
             [](Statement& s) { ++s.height.value; }}) {
        Statement other = statement_of(Phase::kCommit, 4, hash_of(1));
        change(other);
        EXPECT_FALSE(denies(people.vote(1, other), change_of(people, 1, 5, std::nullopt)));
    }
}

TEST(Evidence, e3_the_claim_is_the_one_that_was_signed) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    const Vote commit = people.vote(1, statement_of(Phase::kCommit, 4, hash_of(1)));
    // An honest view change, and an accuser that shows another claim with it.
    ViewChange change = change_of(people, 1, 5, Prepared{View{4}, hash_of(1)});
    change.prepared = std::nullopt;
    EXPECT_EQ(denial(people.key_of(1), commit, change), std::nullopt);
    const Amnesia proof{
        commit.statement,
        commit.signature,
        change.vote.statement,
        change.vote.signature,
        change.prepared};
    EXPECT_EQ(
        verify_evidence({people.key_of(1), proof}, kChain, checker).error(),
        EvidenceError::kNoConflict);
}

TEST(Evidence, e3_phases_cannot_be_exchanged) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    for (const Phase first :
         {Phase::kProposal, Phase::kPrepare, Phase::kCommit, Phase::kViewChange}) {
        for (const Phase second :
             {Phase::kProposal, Phase::kPrepare, Phase::kCommit, Phase::kViewChange}) {
            const Vote commit = people.vote(1, statement_of(first, 4, hash_of(1)));
            const Vote change = people.vote(1, statement_of(second, 5, prepared_hash({})));
            const Amnesia proof{
                commit.statement, commit.signature, change.statement, change.signature, {}};
            EXPECT_EQ(
                verify_evidence({people.key_of(1), proof}, kChain, checker).has_value(),
                first == Phase::kCommit && second == Phase::kViewChange);
        }
    }
}

std::vector<Evidence> samples(const People& people) {
    return {
        *conflict(
            people.key_of(1),
            people.vote(1, statement_of(Phase::kCommit, 2, hash_of(1))),
            people.vote(1, statement_of(Phase::kCommit, 2, hash_of(2)))),
        *denial(
            people.key_of(1),
            people.vote(1, statement_of(Phase::kCommit, 4, hash_of(1))),
            change_of(people, 1, 5, Prepared{View{3}, hash_of(1)}))};
}

TEST(Evidence, e1_of_another_chain_is_refused) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    for (const Evidence& evidence : samples(people)) {
        EXPECT_EQ(
            verify_evidence(evidence, ChainId{8}, checker).error(), EvidenceError::kWrongChain);
    }
}

TEST(Evidence, e1_half_of_another_chain_is_refused) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    for (Evidence evidence : samples(people)) {
        std::visit(
            [](auto& proof) {
                if constexpr (requires { proof.second; }) {
                    ++proof.second.chain.value;
                } else {
                    ++proof.change.chain.value;
                }
            },
            evidence.proof);
        EXPECT_EQ(verify_evidence(evidence, kChain, checker).error(), EvidenceError::kWrongChain);
    }
}

TEST(Evidence, e4_both_signatures_are_the_offenders) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    for (const Evidence& evidence : samples(people)) {
        Evidence changed = evidence;
        changed.offender = people.key_of(2);
        EXPECT_EQ(verify_evidence(changed, kChain, checker).error(), EvidenceError::kBadSignature);
        for (const bool first : {true, false}) {
            changed = evidence;
            std::visit(
                [&](auto& proof) {
                    if constexpr (requires { proof.second; }) {
                        (first ? proof.first_signature : proof.second_signature).data[5] ^= 1;
                    } else {
                        (first ? proof.commit_signature : proof.change_signature).data[5] ^= 1;
                    }
                },
                changed.proof);
            EXPECT_EQ(
                verify_evidence(changed, kChain, checker).error(), EvidenceError::kBadSignature);
        }
    }
}

/// No bit of evidence can be changed: what is not signed is checked otherwise.
TEST(Evidence, e4_no_bit_can_be_changed) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    for (const Evidence& evidence : samples(people)) {
        const Bytes encoded = codec::encode(evidence);
        for (std::size_t bit = 0; bit < encoded.size() * 8; ++bit) {
            Bytes changed = encoded;
            changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            const auto decoded = codec::decode<Evidence>(changed);
            EXPECT_FALSE(decoded && verify_evidence(*decoded, kChain, checker)) << bit;
        }
    }
}

/// A member that follows the rules: one vote a phase and view, commits only to what it has
/// prepared, and carries its highest certificate into every later view.
TEST(Evidence, e5_an_honest_history_holds_none) {
    const People people = make_people(1);
    Random random(21, "history");
    for (int round = 0; round < 30; ++round) {
        std::vector<Vote> votes;
        std::vector<ViewChange> changes;
        std::optional<Prepared> prepared;
        std::uint64_t view = 0;
        while (view < 12) {
            const Hash block = prepared && random.chance(1, 2)
                                   ? prepared->digest
                                   : hash_of(static_cast<std::uint8_t>(random.below(4)));
            if (random.chance(2, 3)) {
                votes.push_back(people.vote(0, statement_of(Phase::kPrepare, view, block)));
            }
            if (random.chance(1, 2)) {
                prepared = Prepared{View{view}, block};
                votes.push_back(people.vote(0, statement_of(Phase::kCommit, view, block)));
            }
            view += random.between(1, 3);
            changes.push_back(change_of(people, 0, view, prepared));
            votes.push_back(changes.back().vote);
        }
        for (const Vote& first : votes) {
            for (const Vote& second : votes) {
                EXPECT_EQ(conflict(people.key_of(0), first, second), std::nullopt);
            }
            for (const ViewChange& change : changes) {
                EXPECT_EQ(denial(people.key_of(0), first, change), std::nullopt);
            }
        }
    }
}

TEST(Evidence, errors_have_texts) {
    EXPECT_EQ(to_string(EvidenceError::kWrongChain), "evidence of another chain");
    EXPECT_EQ(to_string(EvidenceError::kNoConflict), "the two statements do not conflict");
    EXPECT_EQ(to_string(EvidenceError::kBadSignature), "bad signature in evidence");
}

}  // namespace
}  // namespace polis::pbft
