#include <consensus/pbft/safety.hpp>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tests/support/pbft_cluster.hpp>

/// Goal: no order of requests, restarts and restored records makes this key contradict itself.
/// Method: each rule of spec [S1] to [S9] by example, then random requests against an observer that
/// only looks at signatures.
namespace polis::pbft {

namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr Height kHeight{10};

Hash block(std::uint8_t number) { return summary_hash(test_block(kHeight, View{}, number)); }

SafetyRecord at_height(Height height) {
    SafetyRecord record;
    record.height = height;
    return record;
}

/// Member 1 of four, at height 10.
Safety make_safety(const SafetyRecord& record = at_height(kHeight), Height head = Height{9}) {
    return Safety(member_key(1), kTestChain, record, head);
}

Proposal proposal(
    const Committee& committee, View view, const Hash& digest, Justification justification = {}) {
    const MemberIndex leader = committee.leader(kHeight, view);
    return {
        .vote = signed_vote(committee, leader, {kHeight, view}, Phase::kProposal, digest),
        .summary = {},
        .parent = {},
        .justification = std::move(justification)};
}

/// View changes of members 0, 1 and 2, of whom member 0 claims `prepared`.
Justification justification(
    const Committee& committee, View view, const std::optional<Certificate>& prepared) {
    Justification out;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto claim = i == 0 ? prepared : std::nullopt;
        out.changes.push_back(signed_view_change(committee, i, {kHeight, view}, claim).change);
    }
    out.prepared = prepared;
    return out;
}

Certificate prepared(const Committee& committee, View view, const Hash& digest) {
    return signed_certificate(committee, {0, 2, 3}, {kHeight, view}, Phase::kPrepare, digest);
}

}  // namespace

TEST(Safety, signs_the_same_vote_again_with_the_same_signature) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    const auto first = safety.sign_prepare(committee, proposal(committee, View{}, block(1)));
    const auto again = safety.sign_prepare(committee, proposal(committee, View{}, block(1)));
    ASSERT_TRUE(first && again);
    EXPECT_EQ(*first, *again);
    EXPECT_EQ(first->member, 1);
}

TEST(Safety, refuses_a_second_block_in_each_phase_of_a_view) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    ASSERT_TRUE(safety.sign_prepare(committee, proposal(committee, View{}, block(1))));
    EXPECT_EQ(
        safety.sign_prepare(committee, proposal(committee, View{}, block(2))).error(),
        Refusal::kConflict);
    ASSERT_TRUE(safety.sign_commit(committee, prepared(committee, View{}, block(1))));
    EXPECT_EQ(
        safety.sign_commit(committee, prepared(committee, View{}, block(2))).error(),
        Refusal::kConflict);
}

TEST(Safety, proposes_one_block_in_a_view_that_it_leads_and_none_elsewhere) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    const View led{3};  // (10 + 3) mod 4 is member 1
    const Justification free = justification(committee, led, std::nullopt);
    EXPECT_EQ(
        safety.sign_proposal(committee, {kHeight, View{}}, block(1), {}).error(),
        Refusal::kNotLeader);
    ASSERT_TRUE(safety.sign_proposal(committee, {kHeight, led}, block(1), free));
    ASSERT_TRUE(safety.sign_proposal(committee, {kHeight, led}, block(1), free));
    EXPECT_EQ(
        safety.sign_proposal(committee, {kHeight, led}, block(2), free).error(),
        Refusal::kConflict);
}

TEST(Safety, refuses_other_heights_committees_and_chains) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety(at_height(Height{11}), Height{10});
    EXPECT_EQ(
        safety.sign_prepare(committee, proposal(committee, View{}, block(1))).error(),
        Refusal::kWrongHeight);
    Committee without = committee;
    without.members.erase(without.members.begin() + 1);
    EXPECT_EQ(safety.sign_view_change(without, {Height{11}, View{1}}).error(), Refusal::kNotMember);
    Committee elsewhere = committee;
    elsewhere.chain = ChainId{8};
    EXPECT_EQ(
        safety.sign_view_change(elsewhere, {Height{11}, View{1}}).error(), Refusal::kNotMember);
}

TEST(Safety, a_view_change_ends_the_views_below) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    ASSERT_TRUE(safety.sign_view_change(committee, {kHeight, View{2}}));
    EXPECT_EQ(
        safety.sign_prepare(committee, proposal(committee, View{}, block(1))).error(),
        Refusal::kOldView);
    EXPECT_EQ(
        safety.sign_commit(committee, prepared(committee, View{1}, block(1))).error(),
        Refusal::kOldView);
    EXPECT_EQ(safety.sign_view_change(committee, {kHeight, View{1}}).error(), Refusal::kOldView);
}

TEST(Safety, a_view_change_always_carries_what_was_committed) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    const Certificate certificate = prepared(committee, View{}, block(1));
    ASSERT_TRUE(safety.sign_commit(committee, certificate));
    const auto change = safety.sign_view_change(committee, {kHeight, View{4}});
    ASSERT_TRUE(change);
    EXPECT_EQ(change->change.prepared, (Prepared{View{}, block(1)}));
    EXPECT_EQ(change->certificate, certificate);
}

TEST(Safety, no_view_change_to_a_view_in_which_it_has_committed) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    ASSERT_TRUE(safety.sign_commit(committee, prepared(committee, View{2}, block(1))));
    EXPECT_EQ(safety.sign_view_change(committee, {kHeight, View{2}}).error(), Refusal::kOldView);
    EXPECT_TRUE(safety.sign_view_change(committee, {kHeight, View{3}}));
}

TEST(Safety, a_commit_needs_a_certificate_of_a_quorum_of_prepares) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    const Slot slot{kHeight, View{}};
    const Certificate few = signed_certificate(committee, {0, 2}, slot, Phase::kPrepare, block(1));
    EXPECT_EQ(safety.sign_commit(committee, few).error(), Refusal::kNoCertificate);
    const Certificate commits =
        signed_certificate(committee, {0, 2, 3}, slot, Phase::kCommit, block(1));
    EXPECT_EQ(safety.sign_commit(committee, commits).error(), Refusal::kNoCertificate);
    EXPECT_FALSE(safety.record().commit.has_value());
}

TEST(Safety, above_view_0_only_the_justified_block_is_prepared) {
    const Committee committee = test_committee(4);
    const Certificate certificate = prepared(committee, View{1}, block(1));
    const Justification bound = justification(committee, View{2}, certificate);
    Safety safety = make_safety();
    EXPECT_EQ(
        safety.sign_prepare(committee, proposal(committee, View{2}, block(2), bound)).error(),
        Refusal::kUnjustified);
    EXPECT_EQ(
        safety.sign_prepare(committee, proposal(committee, View{2}, block(1))).error(),
        Refusal::kUnjustified)
        << "no view changes are shown";
    EXPECT_TRUE(safety.sign_prepare(committee, proposal(committee, View{2}, block(1), bound)));
}

TEST(Safety, only_the_leader_is_prepared) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    Proposal foreign = proposal(committee, View{}, block(1));
    foreign.vote.member = 3;
    EXPECT_EQ(safety.sign_prepare(committee, foreign).error(), Refusal::kNotLeader);
}

TEST(Safety, remembers_everything_across_a_restart) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    ASSERT_TRUE(safety.sign_prepare(committee, proposal(committee, View{}, block(1))));
    ASSERT_TRUE(safety.sign_commit(committee, prepared(committee, View{}, block(1))));
    const Bytes stored = codec::encode(safety.record());
    Safety again = make_safety(*codec::decode<SafetyRecord>(stored));
    EXPECT_EQ(
        again.sign_prepare(committee, proposal(committee, View{}, block(2))).error(),
        Refusal::kConflict);
    const auto change = again.sign_view_change(committee, {kHeight, View{1}});
    ASSERT_TRUE(change);
    EXPECT_TRUE(change->certificate.has_value());
}

TEST(Safety, a_record_behind_the_chain_waits_two_heights) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety(at_height(Height{5}), Height{9});
    EXPECT_EQ(safety.record().height, kHeight);
    EXPECT_EQ(
        safety.sign_prepare(committee, proposal(committee, View{}, block(1))).error(),
        Refusal::kQuarantined);
    EXPECT_EQ(
        safety.sign_view_change(committee, {kHeight, View{1}}).error(), Refusal::kQuarantined);
    safety.decided(kHeight);
    EXPECT_TRUE(safety.sign_view_change(committee, {Height{11}, View{1}}));
}

TEST(Safety, the_quarantine_survives_a_restart) {
    const Committee committee = test_committee(4);
    const Safety first = make_safety(at_height(Height{5}), Height{9});
    Safety again = make_safety(first.record());
    EXPECT_EQ(again.sign_view_change(committee, {kHeight, View{1}}).error(), Refusal::kQuarantined);
}

TEST(Safety, a_lost_record_beside_a_chain_is_quarantined_and_a_new_key_is_not) {
    const Committee committee = test_committee(4);
    Safety lost(member_key(1), kTestChain, SafetyRecord{}, Height{9});
    EXPECT_EQ(lost.sign_view_change(committee, {kHeight, View{1}}).error(), Refusal::kQuarantined);
    Safety fresh(member_key(1), kTestChain, SafetyRecord{}, Height{});
    EXPECT_TRUE(fresh.sign_view_change(committee, {Height{1}, View{1}}));
}

TEST(Safety, a_record_ahead_of_the_chain_votes_only_at_its_own_height) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety(at_height(Height{12}), Height{9});
    EXPECT_EQ(
        safety.sign_view_change(committee, {kHeight, View{1}}).error(), Refusal::kWrongHeight);
    safety.decided(kHeight);
    EXPECT_EQ(safety.record().height, Height{12}) << "never a step back";
    EXPECT_TRUE(safety.sign_view_change(committee, {Height{12}, View{1}}));
}

TEST(Safety, a_key_seen_elsewhere_stays_silent_at_that_height) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    const Vote unknown = signed_vote(committee, 1, {kHeight, View{}}, Phase::kPrepare, block(1));
    EXPECT_FALSE(safety.may_have_signed(unknown.statement));
    safety.own_key_elsewhere(kHeight);
    EXPECT_EQ(
        safety.sign_view_change(committee, {kHeight, View{1}}).error(), Refusal::kQuarantined);
    safety.decided(kHeight);
    EXPECT_TRUE(safety.sign_view_change(committee, {Height{11}, View{1}}));
}

TEST(Safety, knows_its_own_signatures) {
    const Committee committee = test_committee(4);
    Safety safety = make_safety();
    const auto prepare = safety.sign_prepare(committee, proposal(committee, View{}, block(1)));
    ASSERT_TRUE(prepare);
    EXPECT_TRUE(safety.may_have_signed(prepare->statement));
    Statement other = prepare->statement;
    other.digest = block(2);
    EXPECT_FALSE(safety.may_have_signed(other));
    other.height = Height{9};
    EXPECT_TRUE(safety.may_have_signed(other)) << "too old to tell";
}

TEST(Safety, a_fact_cannot_be_taken_for_a_vote) {
    const Committee committee = test_committee(4);
    const Safety safety = make_safety();
    const consensus::Fact fact{
        .kind = consensus::FactKind::kModelScore, .subject = block(1), .result = {1, 2}};
    const auto vote = safety.sign_fact(committee, fact);
    ASSERT_TRUE(vote);
    consensus::PlainChecker checker;
    EXPECT_TRUE(consensus::verify_fact_vote(*vote, committee, checker));
    const Statement statement{
        .chain = kTestChain,
        .term = committee.term,
        .height = kHeight,
        .view = {},
        .phase = Phase::kCommit,
        .digest = block(1)};
    EXPECT_FALSE(checker.signature_valid(
        committee.members[1].consensus_key, signing_hash(statement).view(), vote->signature));
}

/// Any requests in any order, with restarts from the record in between: no two signatures of one
/// (height, view, phase) differ, and no view change denies an earlier commit.
TEST(SafetyRandom, never_contradicts_itself) {
    const Committee committee = test_committee(4);
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        polis::Random random(seed, "safety");
        Safety safety = make_safety();
        std::vector<Vote> votes;
        std::vector<ViewChange> changes;
        for (int i = 0; i < 40; ++i) {
            const View view{random.below(6)};
            const Hash digest = block(static_cast<std::uint8_t>(random.below(3)));
            const View before{view.value == 0 ? 0 : random.below(view.value)};
            std::optional<Certificate> claim;
            if (view.value > 0 && random.chance(1, 2)) {
                claim = prepared(committee, before, digest);
            }
            const Justification shown =
                view.value == 0 ? Justification{} : justification(committee, view, claim);
            switch (random.below(5)) {
                case 0:
                    if (auto vote = safety.sign_prepare(
                            committee, proposal(committee, view, digest, shown))) {
                        votes.push_back(*vote);
                    }
                    break;
                case 1:
                    if (auto vote =
                            safety.sign_commit(committee, prepared(committee, view, digest))) {
                        votes.push_back(*vote);
                    }
                    break;
                case 2:
                    if (auto change = safety.sign_view_change(committee, {kHeight, view})) {
                        votes.push_back(change->change.vote);
                        changes.push_back(change->change);
                    }
                    break;
                case 3:
                    if (auto vote =
                            safety.sign_proposal(committee, {kHeight, view}, digest, shown)) {
                        votes.push_back(*vote);
                    }
                    break;
                case 4:
                    safety = make_safety(safety.record());
                    break;
            }
        }
        const PublicKey& key = committee.members[1].consensus_key;
        for (const Vote& first : votes) {
            for (const Vote& second : votes) {
                ASSERT_FALSE(conflict(key, first, second)) << "seed " << seed;
            }
            for (const ViewChange& change : changes) {
                if (first.statement.phase == Phase::kCommit) {
                    ASSERT_FALSE(denial(key, first, change)) << "seed " << seed;
                }
            }
        }
    }
}

}  // namespace polis::pbft
