#include <algorithm>
#include <utility>

#include <consensus/mutants.hpp>
#include <consensus/pbft/replica_core.hpp>
#include <core/integer.hpp>

/// Proposal, prepare, commit, decision. Source: Castro and Liskov, OSDI '99, section 4.2.
namespace polis::pbft {

namespace {

using consensus::broken;
using consensus::Mutant;

std::vector<MemberIndex> members_of(const std::vector<Vote>& votes) {
    std::vector<MemberIndex> out;
    out.reserve(votes.size());
    for (const Vote& vote : votes) {
        out.push_back(vote.member);
    }
    return out;
}

/// Votes of different views under the first one's statement: what kMixesViews does wrong.
std::vector<Vote> as_one_view(std::vector<Vote> votes) {
    for (Vote& vote : votes) {
        vote.statement = votes.front().statement;
    }
    return votes;
}

}  // namespace

void ReplicaCore::on_message(const Proposal& proposal) {
    const Statement& said = proposal.vote.statement;
    if (proposal.vote.member != committee().leader(said.height, said.view)) {
        return;  // kept while the ranking of this height was not certain
    }
    saw(proposal.vote.member, said.view);
    if (said.view < view_) {
        return;
    }
    if (said.view == view_ && proposal_) {
        const Vote& first = proposal_->vote;
        accuse(
            conflict(committee().members[proposal.vote.member].consensus_key, first, proposal.vote),
            proposal.vote.member);
        if (!broken(Mutant::kPreparesTwice) || first.statement.digest == said.digest) {
            return;
        }
    }
    if (said.view > view_) {
        enter_view(said.view);  // its justification shows a quorum that has left the views below
    }
    accept(proposal);
}

void ReplicaCore::accept(const Proposal& proposal) {
    proposal_ = proposal;
    proposed_at_ = now_;
    progress_ = true;
    restart_view_timer();
    const Hash& digest = proposal.vote.statement.digest;
    if (is_valid(digest)) {
        prepare();
        return;
    }
    const auto choice = choice_of(proposal.justification, committee(), {height(), view_});
    Obtain request{
        .height = height(),
        .view = view_,
        .digest = digest,
        .fresh = choice && !choice->digest,
        .parent = {},
        .summary = proposal.summary,
        .sources = {proposal.vote.member}};
    if (request.fresh) {
        request.parent = proposal.parent ? certificate_hash(*proposal.parent) : Hash{};
    }
    ask(std::move(request));
}

bool ReplicaCore::is_valid(const Hash& digest) const {
    const auto block = blocks_.find(digest);
    return block != blocks_.end() && block->second.verdict == Verdict::kValid;
}

/// A block that others have prepared.
void ReplicaCore::obtain(const Hash& digest, std::vector<MemberIndex> sources) {
    ask(
        {.height = height(),
         .view = view_,
         .digest = digest,
         .fresh = false,
         .parent = {},
         .summary = {},
         .sources = std::move(sources)});
}

/// Asks the driver for a block, once in each view.
void ReplicaCore::ask(Obtain request) {
    Knowledge& block = blocks_[request.digest];
    if (!block.verdict && block.asked_in != view_) {
        block.asked_in = view_;
        emit(std::move(request));
    }
}

void ReplicaCore::prepare() {
    const auto vote = safety_.sign_prepare(committee(), *proposal_);
    if (!vote) {
        return;  // an observer, or a member that voted otherwise before a restart
    }
    promise(Ballot{*vote});
    count(*vote);
}

void ReplicaCore::on_message(const Ballot& ballot) {
    saw(ballot.vote.member, ballot.vote.statement.view);
    count(ballot.vote);
}

void ReplicaCore::count(const Vote& vote) {
    const Statement& said = vote.statement;
    const bool commits = said.phase == Phase::kCommit;
    VoteTable& table = commits ? commits_ : prepares_;
    const VoteTable::Added added = table.add(vote);
    if (added == VoteTable::Added::kConflict) {
        const PublicKey& key = committee().members[vote.member].consensus_key;
        accuse(conflict(key, *table.of(vote.member), vote), vote.member);
        return;
    }
    if (added != VoteTable::Added::kNew) {
        return;
    }
    if (!commits) {
        try_commit(said.view, said.digest);
        return;
    }
    if (const auto& change = changes_[vote.member]) {
        const PublicKey& key = committee().members[vote.member].consensus_key;
        accuse(denial(key, vote, change->change), vote.member);
    }
    try_decide(said.view, said.digest);
}

/// A quorum has prepared the block in this view: nothing else can be prepared in it any more.
void ReplicaCore::try_commit(View view, const Hash& digest) {
    const std::size_t needed = broken(Mutant::kCommitsUnprepared) ? 1 : committee().quorum();
    const bool open = view == view_ || (view < view_ && broken(Mutant::kVotesInOldViews));
    if (decided_ || !open || prepares_.count(view, digest) < needed) {
        return;
    }
    const SafetyRecord& record = safety_.record();
    if (record.height == height() && record.view == view_ && record.commit == digest) {
        return;
    }
    const bool valid = is_valid(digest);
    if (valid && !self_) {
        return;
    }
    const std::vector<Vote> votes = prepares_.votes_for(view, digest);
    if (!valid) {
        obtain(digest, members_of(votes));
        return;
    }
    const auto vote = safety_.sign_commit(committee(), make_certificate(votes, committee().size()));
    if (!vote) {
        return;
    }
    promise(Ballot{*vote});
    if (!broken(Mutant::kBodyNotStored)) {
        persist_->store = digest;
    }
    const Height next{height().value + 1};
    if (schedule_.next.index_of(safety_.public_key()) == schedule_.next.leader(next, View{})) {
        emit(BuildAhead{.height = next, .parent = digest});
    }
    count(*vote);
}

void ReplicaCore::try_decide(View view, const Hash& digest) {
    const std::vector<Vote> votes = broken(Mutant::kMixesViews)
                                        ? as_one_view(commits_.votes_for_block(digest))
                                        : std::vector<Vote>{};
    const std::size_t found = std::max(commits_.count(view, digest), votes.size());
    if (found < committee().quorum()) {
        return;
    }
    decide(make_certificate(
        votes.size() > 0 ? votes : commits_.votes_for(view, digest), committee().size()));
}

void ReplicaCore::on_message(const Decided& decided) { decide(decided.certificate); }

void ReplicaCore::decide(const Certificate& certificate) {
    if (decided_) {
        if (decided_->statement.digest != certificate.statement.digest) {
            emit(Alarm{.kind = AlarmKind::kTwoDecisions, .height = height()});
        }
        return;
    }
    decided_ = certificate;
    progress_ = true;
    view_timer_armed_ = false;
    emit(CancelTimer{Timer::kView});
    emit(Finalize{.certificate = certificate, .record = record_after(safety_.record(), height())});
}

}  // namespace polis::pbft
