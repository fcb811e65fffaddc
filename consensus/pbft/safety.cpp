#include <consensus/pbft/safety.hpp>

#include <algorithm>
#include <utility>

#include <consensus/mutants.hpp>
#include <core/check.hpp>

namespace polis::pbft {

namespace {

using consensus::broken;
using consensus::Mutant;

bool fits(const std::optional<Hash>& signed_digest, const Hash& digest) {
    return !signed_digest || *signed_digest == digest;
}

Statement statement_at(
    const consensus::Committee& committee, Slot slot, Phase phase, const Hash& digest) {
    return {
        .chain = committee.chain,
        .term = committee.term,
        .height = slot.height,
        .view = slot.view,
        .phase = phase,
        .digest = digest};
}

Slot slot_of(const Statement& statement) { return {statement.height, statement.view}; }

std::optional<Prepared> prepared_of(const SafetyRecord& record) {
    if (!record.prepared) {
        return std::nullopt;
    }
    return Prepared{record.prepared->statement.view, record.prepared->statement.digest};
}

/// What a machine may start from: see the constructor.
SafetyRecord reconciled(SafetyRecord record, Height head) {
    if (broken(Mutant::kForgetsVotes)) {
        record = {};
        record.height = head;
    }
    const bool fresh = record == SafetyRecord{} && head == Height{};
    if (record.height > head) {
        return record;
    }
    const bool lost = !fresh && !broken(Mutant::kTrustsOldRecord) && !broken(Mutant::kForgetsVotes);
    record = record_after(std::move(record), head);
    if (lost) {
        record.sign_from = std::max(record.sign_from, Height{head.value + 2});
    }
    return record;
}

}  // namespace

std::string_view to_string(Refusal refusal) {
    switch (refusal) {
        case Refusal::kNotMember:
            return "the key is not in this committee";
        case Refusal::kNotLeader:
            return "the key does not lead this view";
        case Refusal::kWrongHeight:
            return "not the height that the vote record is at";
        case Refusal::kOldView:
            return "below the view of the vote record";
        case Refusal::kConflict:
            return "this view's vote went to another block";
        case Refusal::kUnjustified:
            return "the view changes shown do not allow this block";
        case Refusal::kNoCertificate:
            return "no valid prepare certificate for this commit";
        case Refusal::kQuarantined:
            return "votes at this height may have been lost";
    }
    return "unknown refusal";
}

SafetyRecord record_after(SafetyRecord record, Height height) {
    if (record.height > height) {
        return record;
    }
    return {
        .height = Height{height.value + 1},
        .view = {},
        .proposal = {},
        .prepare = {},
        .commit = {},
        .view_change = {},
        .prepared = {},
        .sign_from = record.sign_from};
}

Safety::Safety(crypto::SigningKey key, ChainId chain, SafetyRecord record, Height head)
    : key_(std::move(key)), chain_(chain), record_(reconciled(std::move(record), head)) {}

Result<MemberIndex, Refusal> Safety::admit(const consensus::Committee& committee, Slot slot) const {
    const auto member = committee.index_of(public_key());
    if (!member || committee.chain != chain_) {
        return std::unexpected(Refusal::kNotMember);
    }
    if (slot.height != record_.height) {
        return std::unexpected(Refusal::kWrongHeight);
    }
    if (slot.height < record_.sign_from) {
        return std::unexpected(Refusal::kQuarantined);
    }
    if (slot.view < record_.view && !broken(Mutant::kVotesInOldViews)) {
        return std::unexpected(Refusal::kOldView);
    }
    return *member;
}

/// Views only grow. What was signed in the views below can never be asked for again.
void Safety::enter(View view) {
    if (view > record_.view) {
        record_.view = view;
        record_.proposal.reset();
        record_.prepare.reset();
        record_.commit.reset();
        record_.view_change.reset();
    }
}

Vote Safety::sign(const Statement& statement, MemberIndex member) const {
    return {
        .statement = statement,
        .member = member,
        .signature = key_.sign(signing_hash(statement).view())};
}

Result<Vote, Refusal> Safety::sign_proposal(
    const consensus::Committee& committee,
    Slot slot,
    const Hash& digest,
    const Justification& justification) {
    POLIS_TRY(const MemberIndex member, admit(committee, slot));
    if (committee.leader(slot.height, slot.view) != member) {
        return std::unexpected(Refusal::kNotLeader);
    }
    const auto choice = choice_of(justification, committee, slot);
    if (!choice || !choice->allows(digest)) {
        return std::unexpected(Refusal::kUnjustified);
    }
    if (slot.view == record_.view && !fits(record_.proposal, digest)) {
        return std::unexpected(Refusal::kConflict);
    }
    enter(slot.view);
    record_.proposal = digest;
    return sign(statement_at(committee, slot, Phase::kProposal, digest), member);
}

Result<Vote, Refusal> Safety::sign_prepare(
    const consensus::Committee& committee, const Proposal& proposal) {
    const Statement& proposed = proposal.vote.statement;
    const Slot slot = slot_of(proposed);
    POLIS_TRY(const MemberIndex member, admit(committee, slot));
    if (proposed.phase != Phase::kProposal || proposed.term != committee.term ||
        proposal.vote.member != committee.leader(slot.height, slot.view)) {
        return std::unexpected(Refusal::kNotLeader);
    }
    const auto choice = choice_of(proposal.justification, committee, slot);
    if (!choice || !choice->allows(proposed.digest)) {
        return std::unexpected(Refusal::kUnjustified);
    }
    if (slot.view == record_.view && !fits(record_.prepare, proposed.digest) &&
        !broken(Mutant::kPreparesTwice)) {
        return std::unexpected(Refusal::kConflict);
    }
    enter(slot.view);
    record_.prepare = proposed.digest;
    return sign(statement_at(committee, slot, Phase::kPrepare, proposed.digest), member);
}

Result<Vote, Refusal> Safety::sign_commit(
    const consensus::Committee& committee, const Certificate& prepared) {
    const Statement& certified = prepared.statement;
    const Slot slot = slot_of(certified);
    POLIS_TRY(const MemberIndex member, admit(committee, slot));
    if (!check_shape(prepared, Phase::kPrepare, committee) && !broken(Mutant::kCommitsUnprepared)) {
        return std::unexpected(Refusal::kNoCertificate);
    }
    if (slot.view == record_.view && !fits(record_.commit, certified.digest)) {
        return std::unexpected(Refusal::kConflict);
    }
    enter(slot.view);
    record_.commit = certified.digest;
    record_.prepared = prepared;
    return sign(statement_at(committee, slot, Phase::kCommit, certified.digest), member);
}

Result<ViewChangeMessage, Refusal> Safety::sign_view_change(
    const consensus::Committee& committee, Slot slot) {
    POLIS_TRY(const MemberIndex member, admit(committee, slot));
    auto prepared = prepared_of(record_);
    if (slot.view == View{} || (prepared && prepared->view >= slot.view)) {
        return std::unexpected(Refusal::kOldView);  // it voted on in this view already
    }
    auto certificate = record_.prepared;
    if (broken(Mutant::kPreparedDropped)) {
        prepared.reset();
        certificate.reset();
    }
    const Hash digest = prepared_hash(prepared);
    if (slot.view == record_.view && !fits(record_.view_change, digest)) {
        return std::unexpected(Refusal::kConflict);
    }
    enter(slot.view);
    record_.view_change = digest;
    const Vote vote = sign(statement_at(committee, slot, Phase::kViewChange, digest), member);
    return ViewChangeMessage{
        .change = {.vote = vote, .prepared = prepared}, .certificate = std::move(certificate)};
}

Result<consensus::FactVote, Refusal> Safety::sign_fact(
    const consensus::Committee& committee, const consensus::Fact& fact) const {
    const auto member = committee.index_of(public_key());
    if (!member || committee.chain != chain_) {
        return std::unexpected(Refusal::kNotMember);
    }
    const Hash message = consensus::fact_signing_hash(chain_, committee.term, fact);
    return consensus::FactVote{
        .term = committee.term,
        .fact = fact,
        .member = *member,
        .signature = key_.sign(message.view())};
}

void Safety::decided(Height height) { record_ = record_after(std::move(record_), height); }

bool Safety::may_have_signed(const Statement& statement) const {
    const Slot said = slot_of(statement);
    const Slot latest{record_.height, record_.view};
    if (said != latest) {
        return said < latest;
    }
    switch (statement.phase) {
        case Phase::kProposal:
            return record_.proposal == statement.digest;
        case Phase::kPrepare:
            return record_.prepare == statement.digest;
        case Phase::kCommit:
            return record_.commit == statement.digest;
        case Phase::kViewChange:
            return record_.view_change == statement.digest;
    }
    return false;
}

void Safety::own_key_elsewhere(Height height) {
    record_.sign_from = std::max(record_.sign_from, Height{height.value + 1});
}

}  // namespace polis::pbft
