#include <consensus/pbft/verify.hpp>

#include <functional>

#include <gtest/gtest.h>

#include <tests/support/pbft_cluster.hpp>

/// Goal: every message that no honest member sends is turned away with its reason, and blame falls
/// only on what nobody can do by accident. Method: one true message of each kind, damaged in one
/// place at a time.
namespace polis::pbft {

namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr Height kHeight{10};

class VerifyTest : public ::testing::Test {
  protected:
    VerifyTest()
        : committee(test_committee(4)),
          head(summary_hash(test_block(Height{9}, View{}))),
          schedule(test_schedule(committee, kHeight, head)) {}

    std::optional<Reject> reason(const Message& message) {
        auto verified = verify(message, schedule, checker);
        return verified ? std::nullopt : std::optional{verified.error()};
    }

    [[nodiscard]] Vote vote(std::size_t member, View view, Phase phase, const Hash& digest) const {
        return signed_vote(committee, member, {kHeight, view}, phase, digest);
    }

    [[nodiscard]] Certificate prepared(View view, const Hash& digest) const {
        return signed_certificate(committee, {0, 1, 2}, {kHeight, view}, Phase::kPrepare, digest);
    }

    /// A true proposal of the view's leader; above view 0 with three view changes.
    [[nodiscard]] Proposal proposal(
        View view, std::uint64_t salt = 0, const std::optional<Certificate>& claim = {}) const {
        Proposal out;
        out.summary = test_block(kHeight, view, salt);
        if (claim) {
            out.summary = test_block(kHeight, claim->statement.view, salt);
        }
        out.vote = vote(
            committee.leader(kHeight, view), view, Phase::kProposal, summary_hash(out.summary));
        out.parent =
            signed_certificate(committee, {1, 2, 3}, {Height{9}, View{}}, Phase::kCommit, head);
        for (std::size_t i = 0; view.value > 0 && i < 3; ++i) {
            out.justification.changes.push_back(
                signed_view_change(committee, i, {kHeight, view}, i == 1 ? claim : std::nullopt)
                    .change);
        }
        out.justification.prepared = claim;
        return out;
    }

    const Committee committee;
    const Hash head;
    Schedule schedule;
    CachedChecker checker;
};

}  // namespace

TEST_F(VerifyTest, accepts_true_messages_of_every_kind) {
    const Proposal plain = proposal(View{});
    const Hash digest = summary_hash(plain.summary);
    EXPECT_EQ(reason(plain), std::nullopt);
    EXPECT_EQ(reason(proposal(View{2})), std::nullopt);
    EXPECT_EQ(reason(proposal(View{2}, 0, prepared(View{}, digest))), std::nullopt);
    EXPECT_EQ(reason(Ballot{vote(3, View{4}, Phase::kPrepare, digest)}), std::nullopt);
    EXPECT_EQ(reason(Ballot{vote(3, View{4}, Phase::kCommit, digest)}), std::nullopt);
    EXPECT_EQ(reason(signed_view_change(committee, 0, {kHeight, View{3}})), std::nullopt);
    EXPECT_EQ(
        reason(signed_view_change(committee, 0, {kHeight, View{3}}, prepared(View{2}, digest))),
        std::nullopt);
    EXPECT_EQ(
        reason(Decided{
            signed_certificate(committee, {0, 1, 3}, {kHeight, View{7}}, Phase::kCommit, digest)}),
        std::nullopt);
}

TEST_F(VerifyTest, other_heights_are_nobodys_fault) {
    const Hash digest;
    const auto at = [&](std::uint64_t height) {
        return Ballot{signed_vote(committee, 0, {Height{height}, View{}}, Phase::kPrepare, digest)};
    };
    EXPECT_EQ(reason(at(9)), Reject::kStale);
    EXPECT_EQ(reason(at(11)), std::nullopt) << "the next height is open";
    EXPECT_EQ(reason(at(12)), Reject::kFuture);
    EXPECT_EQ(reason(at(UINT64_MAX)), Reject::kFuture);
    EXPECT_FALSE(is_misbehaviour(Reject::kStale));
    EXPECT_FALSE(is_misbehaviour(Reject::kFuture));
    EXPECT_TRUE(is_misbehaviour(Reject::kBadSignature));
}

TEST_F(VerifyTest, every_field_of_a_ballot_is_bound_by_its_signature) {
    const Ballot honest{vote(3, View{1}, Phase::kPrepare, Hash{})};
    const auto damaged = [&](const std::function<void(Vote&)>& damage) {
        Ballot ballot = honest;
        damage(ballot.vote);
        return reason(ballot);
    };
    EXPECT_EQ(damaged([](Vote& v) { v.statement.chain.value ^= 1; }), Reject::kWrongChain);
    EXPECT_EQ(damaged([](Vote& v) { v.statement.term.value ^= 1; }), Reject::kWrongTerm);
    EXPECT_EQ(damaged([](Vote& v) { v.statement.height.value += 1; }), Reject::kBadSignature);
    EXPECT_EQ(damaged([](Vote& v) { v.statement.view.value += 1; }), Reject::kBadSignature);
    EXPECT_EQ(damaged([](Vote& v) { v.statement.phase = Phase::kCommit; }), Reject::kBadSignature);
    EXPECT_EQ(damaged([](Vote& v) { v.statement.phase = Phase::kProposal; }), Reject::kWrongPhase);
    EXPECT_EQ(
        damaged([](Vote& v) { v.statement.phase = Phase::kViewChange; }), Reject::kWrongPhase);
    EXPECT_EQ(damaged([](Vote& v) { v.statement.digest.data[0] ^= 1; }), Reject::kBadSignature);
    EXPECT_EQ(damaged([](Vote& v) { v.member = 2; }), Reject::kBadSignature);
    EXPECT_EQ(damaged([](Vote& v) { v.member = 4; }), Reject::kUnknownMember);
    EXPECT_EQ(damaged([](Vote& v) { v.signature.data[63] ^= 1; }), Reject::kBadSignature);
}

TEST_F(VerifyTest, a_vote_of_another_chain_with_the_same_keys_is_refused) {
    Committee elsewhere = committee;
    elsewhere.chain = ChainId{8};
    EXPECT_EQ(
        reason(Ballot{signed_vote(elsewhere, 0, {kHeight, View{}}, Phase::kCommit, Hash{})}),
        Reject::kWrongChain);
    Certificate foreign =
        signed_certificate(elsewhere, {0, 1, 2}, {kHeight, View{}}, Phase::kCommit, Hash{});
    EXPECT_EQ(reason(Decided{foreign}), Reject::kBadCertificate);
    foreign.statement.chain = kTestChain;
    EXPECT_EQ(reason(Decided{foreign}), Reject::kBadCertificate);
}

TEST_F(VerifyTest, a_proposal_comes_from_the_leader_of_its_view) {
    Proposal foreign = proposal(View{});
    foreign.vote = vote(0, View{}, Phase::kProposal, foreign.vote.statement.digest);
    EXPECT_EQ(reason(foreign), Reject::kNotLeader);
}

TEST_F(VerifyTest, who_leads_the_next_height_of_a_fixed_ranking_is_not_known_yet) {
    Proposal message = proposal(View{});
    message.vote = vote(0, View{}, Phase::kProposal, message.vote.statement.digest);
    schedule = test_schedule(committee, Height{9}, Hash{});
    EXPECT_EQ(reason(message), Reject::kNotLeader) << "a ranking that rotates is known";
    schedule.current.ranking.rotates = false;
    schedule.next.ranking.rotates = false;
    EXPECT_EQ(reason(message), std::nullopt) << "the leaders before it may fail at this height";
}

TEST_F(VerifyTest, a_proposal_names_the_block_that_it_brings) {
    Proposal other = proposal(View{});
    other.summary = test_block(kHeight, View{}, 9);
    EXPECT_EQ(reason(other), Reject::kBadDigest);
}

TEST_F(VerifyTest, the_parents_certificate_is_checked) {
    Proposal message = proposal(View{});
    message.parent.reset();
    EXPECT_EQ(reason(message), Reject::kBadCertificate) << "missing";
    message = proposal(View{});
    message.parent =
        signed_certificate(committee, {1, 2, 3}, {Height{9}, View{}}, Phase::kCommit, Hash{});
    EXPECT_EQ(reason(message), Reject::kBadCertificate) << "of another block";
    message = proposal(View{});
    message.parent->signatures[0].data[0] ^= 1;
    EXPECT_EQ(reason(message), Reject::kBadCertificate) << "not signed";
    message = proposal(View{});
    message.parent =
        signed_certificate(committee, {1, 2, 3}, {Height{9}, View{}}, Phase::kPrepare, head);
    EXPECT_EQ(reason(message), Reject::kBadCertificate) << "of prepares";
}

TEST_F(VerifyTest, block_1_has_no_parent_certificate) {
    schedule = test_schedule(committee, Height{1}, Hash{});
    Proposal message;
    message.summary = test_block(Height{1}, View{});
    message.vote = signed_vote(
        committee,
        committee.leader(Height{1}, View{}),
        {Height{1}, View{}},
        Phase::kProposal,
        summary_hash(message.summary));
    EXPECT_EQ(reason(message), std::nullopt);
    message.parent =
        signed_certificate(committee, {0, 1, 2}, {Height{}, View{}}, Phase::kCommit, Hash{});
    EXPECT_EQ(reason(message), Reject::kBadCertificate);
}

TEST_F(VerifyTest, view_0_shows_no_view_changes_and_others_a_quorum) {
    Proposal message = proposal(View{});
    message.justification = proposal(View{1}).justification;
    EXPECT_EQ(reason(message), Reject::kUnjustified);
    message = proposal(View{1});
    message.justification.changes.pop_back();
    EXPECT_EQ(reason(message), Reject::kUnjustified);
}

TEST_F(VerifyTest, view_changes_are_counted_once_and_must_be_signed) {
    Proposal message = proposal(View{1});
    message.justification.changes[2] = message.justification.changes[1];
    EXPECT_EQ(reason(message), Reject::kUnjustified);
    message = proposal(View{1});
    message.justification.changes[2].vote.signature.data[0] ^= 1;
    EXPECT_EQ(reason(message), Reject::kBadSignature);
    message = proposal(View{1});
    std::swap(message.justification.changes[0], message.justification.changes[1]);
    EXPECT_EQ(reason(message), Reject::kUnjustified) << "not in the order of the members";
}

TEST_F(VerifyTest, view_changes_of_another_view_or_height_justify_nothing) {
    Proposal message = proposal(View{1});
    message.justification.changes[0] = signed_view_change(committee, 0, {kHeight, View{2}}).change;
    EXPECT_EQ(reason(message), Reject::kUnjustified);
    message.justification.changes[0] =
        signed_view_change(committee, 0, {Height{9}, View{1}}).change;
    EXPECT_EQ(reason(message), Reject::kUnjustified);
}

TEST_F(VerifyTest, a_prepared_block_must_be_proposed_again) {
    const Hash digest = summary_hash(test_block(kHeight, View{}, 5));
    const Certificate claim = prepared(View{}, digest);
    EXPECT_EQ(reason(proposal(View{2}, 5, claim)), std::nullopt);
    EXPECT_EQ(reason(proposal(View{2}, 6, claim)), Reject::kUnjustified);
}

TEST_F(VerifyTest, the_highest_prepared_view_decides) {
    const Hash low = summary_hash(test_block(kHeight, View{}, 5));
    const Hash high = summary_hash(test_block(kHeight, View{1}, 6));
    Proposal message = proposal(View{3}, 6, prepared(View{1}, high));
    message.justification.changes[0] =
        signed_view_change(committee, 0, {kHeight, View{3}}, prepared(View{}, low)).change;
    EXPECT_EQ(reason(message), std::nullopt);

    Proposal wrong = proposal(View{3}, 5, prepared(View{}, low));
    wrong.justification.changes[0] =
        signed_view_change(committee, 0, {kHeight, View{3}}, prepared(View{1}, high)).change;
    EXPECT_EQ(reason(wrong), Reject::kUnjustified);
}

TEST_F(VerifyTest, the_claim_must_be_proved) {
    const Hash digest = summary_hash(test_block(kHeight, View{}, 5));
    Proposal message = proposal(View{2}, 5, prepared(View{}, digest));
    message.justification.prepared.reset();
    EXPECT_EQ(reason(message), Reject::kUnjustified) << "no certificate";
    message = proposal(View{2}, 5, prepared(View{}, digest));
    message.justification.prepared->signatures[1].data[3] ^= 1;
    EXPECT_EQ(reason(message), Reject::kBadCertificate) << "a forged one";
    message = proposal(View{2}, 5, prepared(View{}, digest));
    message.justification.prepared = prepared(View{1}, digest);
    EXPECT_EQ(reason(message), Reject::kUnjustified) << "of another view";
    message = proposal(View{2});
    message.justification.prepared = prepared(View{}, digest);
    EXPECT_EQ(reason(message), Reject::kUnjustified) << "one that nobody claims";
}

TEST_F(VerifyTest, a_view_change_proves_what_it_claims) {
    const Hash digest = summary_hash(test_block(kHeight, View{}, 5));
    const ViewChangeMessage honest =
        signed_view_change(committee, 2, {kHeight, View{3}}, prepared(View{1}, digest));
    const auto damaged = [&](const std::function<void(ViewChangeMessage&)>& damage) {
        ViewChangeMessage message = honest;
        damage(message);
        return reason(message);
    };
    EXPECT_EQ(
        damaged([](ViewChangeMessage& m) { m.certificate.reset(); }), Reject::kBadCertificate);
    EXPECT_EQ(damaged([](ViewChangeMessage& m) { m.change.prepared.reset(); }), Reject::kBadDigest);
    EXPECT_EQ(
        damaged([](ViewChangeMessage& m) { m.change.prepared->view.value = 2; }),
        Reject::kBadDigest);
    EXPECT_EQ(
        damaged([](ViewChangeMessage& m) { m.certificate->statement.view.value = 0; }),
        Reject::kBadCertificate);
    EXPECT_EQ(
        damaged([](ViewChangeMessage& m) { m.certificate->signatures[0].data[0] ^= 1; }),
        Reject::kBadCertificate);
    EXPECT_EQ(
        damaged([](ViewChangeMessage& m) { m.change.vote.signature.data[0] ^= 1; }),
        Reject::kBadSignature);
    EXPECT_EQ(
        damaged([](ViewChangeMessage& m) { m.change.vote.statement.view = View{}; }),
        Reject::kWrongPhase)
        << "nobody changes to view 0";
    EXPECT_EQ(
        reason(signed_view_change(committee, 2, {kHeight, View{3}}, prepared(View{3}, digest))),
        Reject::kBadCertificate)
        << "prepared in the view that is only being entered";
}

TEST_F(VerifyTest, a_decision_needs_a_quorum_of_true_commits) {
    const auto decided = [&](const std::vector<std::size_t>& signers, Phase phase) {
        return Decided{signed_certificate(committee, signers, {kHeight, View{}}, phase, Hash{})};
    };
    EXPECT_EQ(reason(decided({0, 1, 2}, Phase::kCommit)), std::nullopt);
    EXPECT_EQ(reason(decided({0, 1}, Phase::kCommit)), Reject::kBadCertificate);
    EXPECT_EQ(reason(decided({0, 1, 2}, Phase::kPrepare)), Reject::kBadCertificate);
    Decided forged = decided({0, 1, 2}, Phase::kCommit);
    forged.certificate.signers[0] = 0b1101;
    EXPECT_EQ(reason(forged), Reject::kBadCertificate) << "signed by 1, said to be by 3";
}

TEST_F(VerifyTest, the_next_heights_votes_are_checked_against_its_own_committee) {
    schedule.next = test_committee(7, Term{1});
    const Slot next{Height{11}, View{}};
    EXPECT_EQ(
        reason(Ballot{signed_vote(schedule.next, 6, next, Phase::kPrepare, Hash{})}), std::nullopt);
    EXPECT_EQ(
        reason(Ballot{signed_vote(committee, 1, next, Phase::kPrepare, Hash{})}),
        Reject::kWrongTerm)
        << "the old committee cannot sign new heights";
    EXPECT_EQ(
        reason(Ballot{signed_vote(schedule.next, 6, {kHeight, View{}}, Phase::kPrepare, Hash{})}),
        Reject::kWrongTerm)
        << "nor the new one old heights";
}

}  // namespace polis::pbft
