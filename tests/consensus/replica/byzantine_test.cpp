#include <gtest/gtest.h>

#include <consensus/pbft/describe.hpp>
#include <core/random.hpp>
#include <tests/support/pbft_cluster.hpp>

/// Goal: what a lying member does is proved, ignored, or both, and costs bounded memory. Method:
/// the test holds the liar's key and talks to honest replicas.
namespace polis::pbft {

namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

std::vector<Evidence> accusations(const Node& node) {
    std::vector<Evidence> out;
    for (const Effects& effects : node.effects) {
        for (const Effect& effect : effects) {
            if (const auto* accuse = std::get_if<Accuse>(&effect)) {
                out.push_back(accuse->evidence);
            }
        }
    }
    return out;
}

std::vector<AlarmKind> alarms(const Node& node) {
    std::vector<AlarmKind> out;
    for (const Effects& effects : node.effects) {
        for (const Effect& effect : effects) {
            if (const auto* alarm = std::get_if<Alarm>(&effect)) {
                out.push_back(alarm->kind);
            }
        }
    }
    return out;
}

Hash block(std::uint8_t number) { return summary_hash(test_block(Height{1}, View{}, number)); }

}  // namespace

TEST(Byzantine, two_votes_in_one_view_make_evidence_once) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    const Slot slot{Height{1}, View{}};
    for (std::uint8_t number = 1; number < 6; ++number) {
        (void)cluster.receive(
            0, Ballot{signed_vote(cluster.committee(), 3, slot, Phase::kPrepare, block(number))});
    }
    const auto found = accusations(cluster.node(0));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].offender, member_key(3).public_key());
    EXPECT_TRUE(verify_evidence(found[0], kTestChain, cluster.checker()));
}

TEST(Byzantine, two_proposals_in_one_view_make_evidence) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    for (const std::uint64_t salt : {1U, 2U}) {
        Proposal proposal;
        proposal.summary = test_block(Height{1}, View{}, salt);
        proposal.vote = signed_vote(
            cluster.committee(),
            1,
            {Height{1}, View{}},
            Phase::kProposal,
            summary_hash(proposal.summary));
        EXPECT_EQ(cluster.receive(0, proposal), std::nullopt);
    }
    EXPECT_EQ(accusations(cluster.node(0)).size(), 1U);
    EXPECT_EQ(cluster.node(0).replica->record().prepare, block(1)) << "the first one counts";
}

TEST(Byzantine, a_view_change_that_denies_a_commit_makes_evidence_in_both_orders) {
    for (const bool commit_first : {true, false}) {
        Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
        cluster.start_all();
        const Ballot commit{
            signed_vote(cluster.committee(), 3, {Height{1}, View{}}, Phase::kCommit, block(1))};
        const auto change = signed_view_change(cluster.committee(), 3, {Height{1}, View{1}});
        if (commit_first) {
            (void)cluster.receive(0, commit);
        }
        (void)cluster.receive(0, change);
        if (!commit_first) {
            (void)cluster.receive(0, commit);
        }
        const auto found = accusations(cluster.node(0));
        ASSERT_EQ(found.size(), 1U);
        EXPECT_TRUE(std::holds_alternative<Amnesia>(found[0].proof));
        EXPECT_TRUE(verify_evidence(found[0], kTestChain, cluster.checker()));
    }
}

TEST(Byzantine, memory_is_flat_under_a_spamming_member) {
    Cluster cluster({.members = 7, .timing = {}, .answers_builds = false});
    cluster.start_all();
    polis::Random random(1, "spam");
    const Certificate prepared = signed_certificate(
        cluster.committee(), {0, 1, 2, 3, 4}, {Height{1}, View{}}, Phase::kPrepare, block(1));
    std::size_t after_warm_up = 0;
    for (std::uint64_t i = 0; i < 4'000; ++i) {
        const Slot slot{Height{1 + random.below(2)}, View{1 + random.below(1U << 20)}};
        const Hash digest = block(static_cast<std::uint8_t>(random.below(256)));
        Message message = Ballot{signed_vote(
            cluster.committee(),
            6,
            slot,
            random.chance(1, 2) ? Phase::kPrepare : Phase::kCommit,
            digest)};
        if (random.chance(1, 3)) {
            message = signed_view_change(
                cluster.committee(),
                6,
                slot,
                slot.height == Height{1} ? std::optional{prepared} : std::nullopt);
        }
        (void)cluster.receive(0, message);
        if (i == 200) {
            after_warm_up = cluster.node(0).replica->memory_bytes();
        }
    }
    EXPECT_LE(cluster.node(0).replica->memory_bytes(), after_warm_up + 4'096);
    EXPECT_EQ(cluster.node(0).replica->view(), View{});
}

TEST(Byzantine, a_vote_of_the_own_key_that_is_not_its_own_raises_the_alarm_and_silences_it) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    const Ballot foreign{
        signed_vote(cluster.committee(), 0, {Height{1}, View{}}, Phase::kPrepare, block(9))};
    EXPECT_EQ(cluster.receive(0, foreign), std::nullopt);
    EXPECT_EQ(alarms(cluster.node(0)), (std::vector{AlarmKind::kOwnKeyElsewhere}));
    EXPECT_EQ(cluster.node(0).stored.sign_from, Height{2}) << "durable";
    cluster.fire(0, Timer::kView);
    EXPECT_FALSE(cluster.node(0).stored.view_change.has_value());
}

TEST(Byzantine, a_second_decision_of_a_height_raises_the_alarm) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    Replica replica(Replica::Setup{
        .safety = Safety(member_key(0), kTestChain, {}, Height{}),
        .schedule = test_schedule(cluster.committee(), Height{1}, Hash{}),
        .head_certificate = {},
        .timing = {}});
    (void)replica.step(Start{}, TimeMs{});
    const auto decision = [&](std::uint8_t number) {
        return Synced{signed_certificate(
            cluster.committee(), {1, 2, 3}, {Height{1}, View{}}, Phase::kCommit, block(number))};
    };
    (void)replica.step(decision(1), TimeMs{});
    bool alarmed = false;
    for (const Effect& effect : replica.step(decision(2), TimeMs{})) {
        const auto* alarm = std::get_if<Alarm>(&effect);
        alarmed = alarmed || (alarm != nullptr && alarm->kind == AlarmKind::kTwoDecisions);
    }
    EXPECT_TRUE(alarmed);
}

TEST(Byzantine, a_diverged_state_stops_the_replica) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    cluster.input(0, Diverged{Height{1}});
    EXPECT_TRUE(cluster.node(0).replica->halted());
    EXPECT_EQ(alarms(cluster.node(0)), (std::vector{AlarmKind::kDiverged}));
    cluster.input(0, TimerFired{Timer::kView});
    EXPECT_TRUE(cluster.node(0).effects.back().empty());
}

TEST(Byzantine, votes_above_the_open_heights_only_hint_at_sync) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    int hints = 0;
    for (const std::size_t member : {1U, 2U, 3U}) {
        (void)cluster.receive(
            0,
            Ballot{signed_vote(
                cluster.committee(), member, {Height{2}, View{}}, Phase::kPrepare, block(1))});
        for (const Effect& effect : cluster.node(0).effects.back()) {
            hints += std::holds_alternative<Behind>(effect) ? 1 : 0;
        }
        EXPECT_EQ(hints, member >= 2 ? 1 : 0) << "one liar is not believed";
    }
}

}  // namespace polis::pbft
