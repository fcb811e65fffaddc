#include <algorithm>
#include <utility>

#include <consensus/mutants.hpp>
#include <consensus/pbft/justification.hpp>
#include <consensus/pbft/replica_core.hpp>
#include <core/check.hpp>
#include <core/integer.hpp>

/// Leaving a view, entering the next, leading it. Source: Castro and Liskov, OSDI '99, section 4.4
/// and 4.5.2 (liveness); differs in what ADR 7 lists.
namespace polis::pbft {

namespace {

using consensus::broken;
using consensus::Mutant;

}  // namespace

/// Moves to a higher view and says so.
void ReplicaCore::start_view_change(View view) {
    if (view <= view_) {
        return;  // at the end of 64 bits
    }
    enter_view(view);
    emit(CancelTimer{Timer::kView});
    if (auto change = safety_.sign_view_change(committee(), {height(), view})) {
        changes_[*self_] = *change;
        promise(*std::move(change));
    }
    if (self_) {
        saw(*self_, view);
    }
    lead();
}

void ReplicaCore::enter_view(View view) {
    POLIS_ASSERT(view > view_);
    view_ = view;
    proposal_.reset();
    view_timer_armed_ = false;
    leading_ = false;
    own_justification_ = {};
    bound_to_.reset();
    progress_ = true;
    const auto& prepared = safety_.record().prepared;
    std::erase_if(blocks_, [&](const auto& item) {
        return !prepared || prepared->statement.digest != item.first;
    });
}

void ReplicaCore::on_message(const ViewChangeMessage& message) {
    const Vote& vote = message.change.vote;
    auto& known = changes_[vote.member];
    const PublicKey& key = committee().members[vote.member].consensus_key;
    if (const auto& commit = commits_.of(vote.member)) {
        accuse(denial(key, *commit, message.change), vote.member);
    }
    if (known && known->change.vote.statement.view == vote.statement.view) {
        accuse(conflict(key, known->change.vote, vote), vote.member);
        return;
    }
    if (!known || known->change.vote.statement.view < vote.statement.view) {
        known = message;
    }
    saw(vote.member, vote.statement.view);
    lead();
}

/// Notes that a member has reached a view, whatever it said there.
void ReplicaCore::saw(MemberIndex member, View view) {
    silent_.erase(committee().members[member].consensus_key);
    if (seen_[member] < view) {
        seen_[member] = view;
        pull_up();
    }
    arm_view_timer();
}

/// f + 1 members in higher views contain an honest one, so the views below are lost: goes to the
/// highest view that f + 1 members have reached. A single member cannot drag anybody.
void ReplicaCore::pull_up() {
    std::vector<View> views = seen_;
    std::ranges::sort(views, std::greater<>{});
    const View reached = views[broken(Mutant::kOneDragsAll) ? 0 : committee().faults_max()];
    if (reached > view_ && !decided_) {
        start_view_change(reached);
    }
}

/// The clock of a view above 0 runs only once a quorum is there: otherwise a cut-off member would
/// count its views up alone.
void ReplicaCore::arm_view_timer() {
    if (view_timer_armed_ || decided_ || view_ == View{}) {
        return;
    }
    const auto arrived = static_cast<std::size_t>(
        std::ranges::count_if(seen_, [this](View seen) { return seen >= view_; }));
    if (arrived >= committee().quorum()) {
        restart_view_timer();
    }
}

void ReplicaCore::restart_view_timer() {
    view_timer_armed_ = true;
    const std::uint64_t timeout =
        waits_in_vain() ? pacemaker_.silent_timeout_ms() : pacemaker_.timeout_ms();
    const std::uint64_t lasts = saturating_add(timeout, timing_.block_interval_ms);
    emit(SetTimer{.timer = Timer::kView, .at = TimeMs{saturating_add(now_.value, lasts)}});
}

/// The leader let its last view pass, and nothing has come from it since. Only the first view of a
/// height is cut short, so that whoever is merely slow has the others as before.
bool ReplicaCore::waits_in_vain() const {
    return view_ == View{} && !proposal_ && silent_.contains(leader_key());
}

const PublicKey& ReplicaCore::leader_key() const {
    return committee().members[committee().leader(height(), view_)].consensus_key;
}

bool ReplicaCore::leads() const { return self_ && committee().leader(height(), view_) == *self_; }

/// Begins to lead the view if it is this member's and a quorum has come.
void ReplicaCore::lead() {
    if (!leads() || leading_ || proposal_ || decided_) {
        return;
    }
    if (view_ == View{}) {
        leading_ = true;
        build();
        return;
    }
    own_justification_ = justification();
    lead_by_choice();
}

void ReplicaCore::lead_by_choice() {
    const auto choice = choice_of(own_justification_, committee(), {height(), view_});
    if (!choice) {
        return;
    }
    leading_ = true;
    bound_to_ = choice->digest;
    if (!bound_to_) {
        build();
    } else if (is_valid(*bound_to_)) {
        const Summary summary = blocks_[*bound_to_].summary;
        propose(*bound_to_, summary);
    } else {
        obtain(*bound_to_, signers_of(*own_justification_.prepared));
    }
}

void ReplicaCore::build() {
    const std::uint64_t spaced = saturating_add(proposed_at_.value, timing_.block_interval_ms);
    emit(Build{
        .height = height(),
        .view = view_,
        .not_before = TimeMs{std::max(now_.value, view_ == View{} ? spaced : now_.value)},
        .parent = head_certificate_});
}

/// The view changes to this view that have arrived, and the certificate of the highest claim.
Justification ReplicaCore::justification() const {
    Justification out;
    const ViewChangeMessage* highest = nullptr;
    for (const auto& message : changes_) {
        if (!message || message->change.vote.statement.view != view_) {
            continue;
        }
        out.changes.push_back(message->change);
        const auto& claim = message->change.prepared;
        if (claim && (highest == nullptr || claim->view > highest->change.prepared->view)) {
            highest = &*message;
        }
    }
    if (highest != nullptr) {
        out.prepared = highest->certificate;
    }
    return out;
}

void ReplicaCore::propose(const Hash& digest, const Summary& summary) {
    auto vote = safety_.sign_proposal(committee(), {height(), view_}, digest, own_justification_);
    if (!vote) {
        return;  // proposed another block in this view before a restart
    }
    blocks_[digest].summary = summary;
    const Proposal proposal{
        .vote = *std::move(vote),
        .summary = summary,
        .parent = head_certificate_,
        .justification = own_justification_};
    promise(proposal);
    accept(proposal);
}

/// Says again what others may have missed. All of it is durable already.
void ReplicaCore::resend() {
    emit(SetTimer{
        .timer = Timer::kResend, .at = TimeMs{saturating_add(now_.value, timing_.resend_ms)}});
    const bool stuck = !std::exchange(progress_, false);
    if (!stuck || !self_ || decided_ || broken(Mutant::kNeverResends)) {
        return;
    }
    const auto& change = changes_[*self_];
    if (change && change->change.vote.statement.view == view_) {
        emit(Broadcast{*change});
    }
    if (leads() && proposal_) {
        emit(Broadcast{*proposal_});
    }
    for (const VoteTable* table : {&prepares_, &commits_}) {
        if (const auto& vote = table->of(*self_)) {
            emit(Broadcast{Ballot{*vote}});
        }
    }
}

}  // namespace polis::pbft
