#include <consensus/pbft/replica_core.hpp>

#include <algorithm>
#include <utility>

#include <consensus/mutants.hpp>
#include <core/check.hpp>
#include <core/integer.hpp>

namespace polis::pbft {

namespace {

using consensus::broken;
using consensus::Mutant;

const Statement* statement_of(const Message& message) {
    if (const auto* proposal = std::get_if<Proposal>(&message)) {
        return &proposal->vote.statement;
    }
    if (const auto* ballot = std::get_if<Ballot>(&message)) {
        return &ballot->vote.statement;
    }
    if (const auto* change = std::get_if<ViewChangeMessage>(&message)) {
        return &change->change.vote.statement;
    }
    return nullptr;
}

}  // namespace

ReplicaCore::ReplicaCore(Replica::Setup setup)
    : safety_(std::move(setup.safety)),
      schedule_(std::move(setup.schedule)),
      head_certificate_(std::move(setup.head_certificate)),
      timing_(setup.timing),
      pacemaker_(setup.timing),
      prepares_(0),
      commits_(0),
      early_(0) {}

/// Whatever was promised in this step becomes durable before anything else of it happens.
Effects ReplicaCore::step(const Input& input, TimeMs now) {
    if (halted_) {
        return {};
    }
    now_ = std::max(now_, now);
    effects_.clear();
    persist_.reset();
    std::visit([this](const auto& item) { on(item); }, input);
    if (persist_) {
        std::vector<Message> early;
        if (broken(Mutant::kVotesBeforePersist)) {
            early = std::exchange(persist_->then_broadcast, {});
        }
        effects_.insert(effects_.begin(), *std::move(persist_));
        persist_.reset();
        for (Message& message : early) {
            effects_.insert(effects_.begin(), Broadcast{std::move(message)});
        }
    }
    return std::exchange(effects_, {});
}

void ReplicaCore::on(const Start& /*input*/) {
    if (safety_.record().sign_from > height()) {
        emit(Alarm{.kind = AlarmKind::kQuarantined, .height = height()});
    }
    proposed_at_ = now_;
    emit(SetTimer{
        .timer = Timer::kResend, .at = TimeMs{saturating_add(now_.value, timing_.resend_ms)}});
    enter_height();
}

/// A new height begins in view 0, or where this member was before it stopped.
void ReplicaCore::enter_height() {
    const std::size_t members = committee().size();
    const SafetyRecord& record = safety_.record();
    self_ = committee().index_of(safety_.public_key());
    view_ = record.height == height() ? record.view : View{};
    proposal_.reset();
    decided_.reset();
    prepares_ = VoteTable(members);
    commits_ = VoteTable(members);
    changes_.assign(members, std::nullopt);
    seen_.assign(members, View{});
    std::erase_if(
        silent_, [this](const PublicKey& leader) { return !committee().index_of(leader); });
    blocks_.clear();
    accused_.clear();
    reported_behind_ = false;
    const std::vector<Message> early = early_.take();
    early_ = EarlyMessages(schedule_.next.size());
    view_timer_armed_ = false;
    leading_ = false;
    own_justification_ = {};
    bound_to_.reset();
    progress_ = true;
    if (view_ == View{}) {
        restart_view_timer();
    }
    repeat_own_votes();
    for (const Message& message : early) {
        receive(message);
    }
    lead();
}

/// After a restart the others may lack what this member said, and it must not say anything else.
void ReplicaCore::repeat_own_votes() {
    const SafetyRecord record = safety_.record();
    if (!self_ || record.height != height()) {
        return;
    }
    const Slot slot{height(), view_};
    if (view_ > View{}) {
        if (auto change = safety_.sign_view_change(committee(), slot)) {
            changes_[*self_] = *change;
            promise(*std::move(change));
        }
        saw(*self_, view_);
    }
    if (!record.commit || !record.prepared || broken(Mutant::kForgetsOwnCommit)) {
        return;
    }
    if (const auto vote = safety_.sign_commit(committee(), *record.prepared)) {
        promise(Ballot{*vote});
        count(*vote);
    }
}

void ReplicaCore::on(const Received& input) {
    const Message& message = input.message.message();
    const Height about = height_of(message);
    if (is_foreign_use_of_own_key(message)) {
        return;
    }
    if (about == height()) {
        receive(message);
    } else if (about > height()) {
        receive_early(message);
    }
}

void ReplicaCore::receive(const Message& message) {
    if (height_of(message) != height() || decided_) {
        return;
    }
    if (const auto member = member_of(message); member && *member >= committee().size()) {
        return;  // kept while the committee of this height was not certain
    }
    std::visit([this](const auto& item) { on_message(item); }, message);
}

/// The next height's votes say that this one is decided; its proposal even proves it.
void ReplicaCore::receive_early(const Message& message) {
    const auto member = member_of(message);
    if (member && *member < schedule_.next.size()) {
        early_.keep(message);
    }
    if (const auto* proposal = std::get_if<Proposal>(&message)) {
        if (proposal->parent && !decided_) {
            decide(*proposal->parent);
        }
    }
    const bool sure = early_.senders() > schedule_.next.faults_max();
    if ((sure || !member) && !decided_ && !reported_behind_) {
        reported_behind_ = true;
        emit(Behind{height_of(message)});
    }
}

/// A valid signature of this member's key that its record does not hold was made elsewhere.
bool ReplicaCore::is_foreign_use_of_own_key(const Message& message) {
    const Statement* said = statement_of(message);
    if (said == nullptr) {
        return false;
    }
    const consensus::Committee* voters = schedule_.at(said->height);
    const auto self =
        voters != nullptr ? voters->index_of(safety_.public_key()) : std::optional<MemberIndex>{};
    if (!self || member_of(message) != self) {
        return false;
    }
    if (!safety_.may_have_signed(*said)) {
        safety_.own_key_elsewhere(said->height);
        persist_ = Persist{.record = safety_.record(), .store = {}, .then_broadcast = {}};
        if (!reported_own_key_) {
            reported_own_key_ = true;
            emit(Alarm{.kind = AlarmKind::kOwnKeyElsewhere, .height = said->height});
        }
    }
    return true;
}

void ReplicaCore::on(const TimerFired& input) {
    switch (input.timer) {
        case Timer::kResend:
            resend();
            return;
        case Timer::kView:
            break;
    }
    if (!view_timer_armed_ || decided_ || !self_) {
        return;
    }
    view_timer_armed_ = false;
    if (!waits_in_vain()) {  // what was expected says nothing of the network
        pacemaker_.view_failed();
    }
    if (!proposal_) {
        silent_.insert(leader_key());
    }
    start_view_change(View{saturating_add(view_.value, std::uint64_t{1})});
}

void ReplicaCore::on(const Built& input) {
    const bool wanted = input.height == height() && input.view == view_ && leading_ && !bound_to_ &&
                        !proposal_ && !decided_;
    if (!wanted) {
        return;
    }
    blocks_[input.digest] = {.asked_in = view_, .verdict = Verdict::kValid, .summary = {}};
    propose(input.digest, input.summary);
}

void ReplicaCore::on(const Obtained& input) {
    if (input.height != height() || decided_) {
        return;
    }
    Knowledge& block = blocks_[input.digest];
    block.verdict = input.verdict;
    block.summary = input.summary;
    progress_ = true;
    const bool proposed = proposal_ && proposal_->vote.statement.digest == input.digest;
    if (input.verdict == Verdict::kInvalid) {
        if (proposed && self_) {  // nobody can decide it: no need to wait for the timer
            start_view_change(View{saturating_add(view_.value, std::uint64_t{1})});
        }
        return;
    }
    if (proposed) {
        prepare();
    }
    if (leading_ && !proposal_ && bound_to_ == input.digest) {
        const Summary summary = input.summary;
        propose(input.digest, summary);
    }
    try_commit(view_, input.digest);
}

void ReplicaCore::on(const Applied& input) {
    POLIS_ASSERT(decided_.has_value());
    POLIS_ASSERT(decided_->statement.digest == input.digest);
    POLIS_ASSERT_OP(input.schedule.height.value, ==, height().value + 1);
    pacemaker_.decided(decided_->statement.view);
    safety_.decided(height());
    head_certificate_ = decided_;
    if (broken(Mutant::kStaleCommittee)) {
        consensus::Committee stale = schedule_.current;
        schedule_ = input.schedule;
        stale.term = schedule_.current.term;
        schedule_.current = std::move(stale);
    } else {
        schedule_ = input.schedule;
    }
    enter_height();
}

void ReplicaCore::on(const Synced& input) {
    if (input.certificate.statement.height == height()) {
        decide(input.certificate);
    }
}

void ReplicaCore::on(const Diverged& input) {
    halted_ = true;
    emit(Alarm{.kind = AlarmKind::kDiverged, .height = input.height});
}

void ReplicaCore::promise(Message message) {
    progress_ = true;
    if (!persist_) {
        persist_.emplace();
    }
    persist_->record = safety_.record();
    persist_->then_broadcast.push_back(std::move(message));
}

void ReplicaCore::accuse(std::optional<Evidence> evidence, MemberIndex member) {
    if (evidence && accused_.insert(member).second) {
        emit(Accuse{*std::move(evidence)});
    }
}

std::size_t ReplicaCore::memory_bytes() const {
    std::size_t bytes = sizeof(ReplicaCore) + early_.memory_bytes() +
                        committee().size() * (2 * sizeof(std::optional<Vote>) +
                                              sizeof(std::optional<ViewChangeMessage>));
    for (const auto& change : changes_) {
        bytes += change ? memory_of(change->certificate) : 0;
    }
    for (const auto& [digest, block] : blocks_) {
        bytes += sizeof(digest) + sizeof(block) + block.summary.header.size() +
                 block.summary.facts.size() + block.summary.txns.size() * sizeof(Hash);
    }
    return bytes + (proposal_ ? memory_of(*proposal_) : 0);
}

}  // namespace polis::pbft
