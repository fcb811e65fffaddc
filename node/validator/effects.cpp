#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <core/check.hpp>
#include <core/integer.hpp>
#include <ledger/modules/tasks.hpp>
#include <node/validator/impl.hpp>

/// What the replica wants done, in its order. Spec [J1] to [J5].
namespace polis::node {

namespace {

/// Of how many blocks it is remembered when they were decided here.
constexpr std::size_t kDecidedTimesMax = 64;

std::vector<ledger::Event> task_events(const ledger::AppliedBlock& applied) {
    std::vector<ledger::Event> out;
    const auto take = [&out](const std::vector<ledger::Event>& events) {
        std::ranges::copy_if(events, std::back_inserter(out), ledger::tasks::is_event);
    };
    for (const ledger::Receipt& receipt : applied.receipts) {
        take(receipt.events);
    }
    take(applied.events);
    return out;
}

}  // namespace

Validator::Impl::Done Validator::Impl::perform(const pbft::Broadcast& effect) {
    broadcast_own(effect.message);
    return {};
}

/// What this node's own votes say of the block that they are for.
void Validator::Impl::mark_votes(const std::vector<pbft::Message>& own) const {
    for (const pbft::Message& message : own) {
        if (const auto* const proposal = std::get_if<pbft::Proposal>(&message)) {
            mark(Mark::kAccepted, proposal->vote.statement.digest);
        } else if (const auto* const ballot = std::get_if<pbft::Ballot>(&message)) {
            const pbft::Statement& said = ballot->vote.statement;
            mark(
                said.phase == pbft::Phase::kCommit ? Mark::kPrepared : Mark::kAccepted,
                said.digest);
        }
    }
}

/// Durable first: a failure leaves through here before anything is sent.
Validator::Impl::Done Validator::Impl::perform(const pbft::Persist& effect) {
    mark_votes(effect.then_broadcast);
    mark(Mark::kWritingVote);
    POLIS_TRY_VOID(keeper_.persist(effect.record, effect.store));
    mark(Mark::kVoteWritten);
    for (const pbft::Message& message : effect.then_broadcast) {
        broadcast_own(message);
    }
    return {};
}

std::optional<TimeMs>& Validator::Impl::timer(pbft::Timer kind) {
    return kind == pbft::Timer::kView ? timers_.view : timers_.resend;
}

Validator::Impl::Done Validator::Impl::perform(const pbft::SetTimer& effect) {
    timer(effect.timer) = effect.at;
    return {};
}

Validator::Impl::Done Validator::Impl::perform(const pbft::CancelTimer& effect) {
    timer(effect.timer).reset();
    return {};
}

Validator::Impl::Done Validator::Impl::perform(const pbft::Build& effect) {
    build_ = effect;
    return build_when_due();
}

/// Now, or when there is something to propose, or when an empty block is due. Spec [J35].
Validator::Impl::Done Validator::Impl::build_when_due() {
    const TimeMs due = build_due();
    if (due > now_) {
        timers_.build = due;
        return {};
    }
    timers_.build.reset();
    return build_now();
}

TimeMs Validator::Impl::build_due() const {
    const std::uint64_t usual = options_.timing.block_interval_ms;
    const bool waits = options_.empty_block_interval_ms > usual && build_->view == View{} &&
                       !pool_.pool().has_pending() &&
                       facts_.choose(1, pbft::kFactsBytesMax).empty();
    return waits ? TimeMs{saturating_add(
                       build_->not_before.value, options_.empty_block_interval_ms - usual)}
                 : build_->not_before;
}

Validator::Impl::Done Validator::Impl::build_now() {
    const std::optional<pbft::Build> order = std::exchange(build_, std::nullopt);
    if (!order || !author_ || order->height != replica_.height()) {
        return {};
    }
    mark(Mark::kBuilding);
    const Proposer::Author author{author_->vrf_key, author_->address};
    POLIS_TRY(const BlockPtr block, proposer_.build(*order, author, replica_.schedule(), now_));
    if (block) {
        mark(Mark::kBuilt, block->hash);
        inputs_.emplace_back(pbft::Built{
            .height = order->height,
            .view = order->view,
            .digest = block->hash,
            .summary = summary_of(*block)});
    }
    return {};
}

Validator::Impl::Done Validator::Impl::perform(const pbft::BuildAhead& effect) {
    return proposer_.prepare(effect);
}

Validator::Impl::Done Validator::Impl::perform(const pbft::Accuse& effect) {
    out_.emplace_back(Accused{effect.evidence});
    evidence_.add(effect.evidence);
    return {};
}

Validator::Impl::Done Validator::Impl::perform(const pbft::Behind& effect) {
    enqueue(block_sync_.behind(effect.height, now_));
    return {};
}

Validator::Impl::Done Validator::Impl::perform(const pbft::Alarm& effect) {
    // An observer has no votes that could be lost.
    if (self_ || effect.kind != pbft::AlarmKind::kQuarantined) {
        out_.emplace_back(AlarmRaised{effect});
    }
    return {};
}

// ---- finality -----------------------------------------------------------------------------------

Validator::Impl::Done Validator::Impl::perform(const pbft::Finalize& effect) {
    finalizing_ = effect;
    mark(Mark::kDecided, effect.certificate.statement.digest);
    build_.reset();
    timers_.build.reset();
    candidates_.clear();
    return finalize();
}

/// Executes the decided block if it is here, and otherwise asks for it.
Validator::Impl::Done Validator::Impl::finalize() {
    const pbft::Statement& decided = finalizing_->certificate.statement;
    POLIS_TRY(const BlockPtr known, keeper_.find(decided.digest));
    if (known) {
        return apply(known);
    }
    if (synced_ && synced_->digest == decided.digest) {
        auto draft = ledger::draft_of(synced_->block, chain().rules());
        if (!draft) {
            return diverged();
        }
        return finalize_with(*std::move(draft));
    }
    const pbft::Obtain wanted{
        .height = decided.height,
        .view = decided.view,
        .digest = decided.digest,
        .fresh = false,
        .parent = std::nullopt,
        .summary = std::nullopt,
        .sources = pbft::signers_of(finalizing_->certificate)};
    fetch(wanted, /*final=*/true);
    return {};
}

/// A quorum has executed what this node refuses: one of them is wrong, and it is not for this node
/// to guess which.
Validator::Impl::Done Validator::Impl::finalize_with(ledger::DraftBlock block) {
    const View decided_in = finalizing_->certificate.statement.view;
    POLIS_TRY(
        const Judgement judgement,
        voter_.judge_final(std::move(block), decided_in, replica_.schedule()));
    return judgement.valid() ? apply(judgement.block) : diverged();
}

Validator::Impl::Done Validator::Impl::diverged() {
    inputs_.emplace_back(pbft::Diverged{finalizing_->certificate.statement.height});
    return {};
}

Validator::Impl::Done Validator::Impl::apply(const BlockPtr& block) {
    const pbft::Finalize decided = *std::exchange(finalizing_, std::nullopt);
    POLIS_ASSERT(decided.certificate.statement.digest == block->hash);
    mark(Mark::kApplying, block->hash);
    POLIS_TRY(
        const ledger::AppliedBlock applied,
        keeper_.apply(*block, decided.certificate, decided.record));
    const ledger::Head& head = keeper_.head();
    POLIS_TRY(pbft::Schedule next, chain().schedule());
    inputs_.emplace_back(pbft::Applied{.digest = block->hash, .schedule = std::move(next)});
    out_.emplace_back(Finalized{
        .head = head,
        .certificate = decided.certificate,
        .proposer = block->header.proposer,
        .txns = ids_of(*block),
        .events = task_events(applied)});
    broadcast(own_claim());
    POLIS_TRY_VOID(after_block(*block, applied));
    mark(Mark::kApplied, block->hash);
    return {};
}

/// Everything else that depends on the head moves with it.
Validator::Impl::Done Validator::Impl::after_block(
    const ledger::CheckedBlock& block, const ledger::AppliedBlock& applied) {
    const Height height = block.header.height;
    synced_.reset();
    candidates_.clear();
    std::erase_if(shown_, [height](const auto& item) { return item.first.first <= height; });
    decided_at_[height] = now_;
    head_since_ = now_;
    heals_ = 0;
    if (decided_at_.size() > kDecidedTimesMax) {
        decided_at_.erase(decided_at_.begin());
    }
    POLIS_TRY_VOID(pool_.on_block(block, applied.touched, chain().state()));
    for (const consensus::FactAlarm& alarm : facts_.included(block.facts)) {
        report(alarm);
    }
    POLIS_TRY(const pbft::Schedule next, chain().schedule());
    if (next.current.term > block.header.term) {
        peer_of_.clear();
        const auto votes = [&next](const PublicKey& key) {
            return next.current.index_of(key) || next.next.index_of(key);
        };
        std::erase_if(heard_, [&votes](const auto& item) { return !votes(item.first); });
        relay_.keep_members(votes);
        to_attest_ = facts_.new_term(next.current);
    }
    if (author_ && author_->account_key) {
        POLIS_TRY(
            const std::vector<Hash> reports,
            evidence_.report(chain(), *author_->account_key, pool_));
        for (const Hash& report : reports) {
            gossip_.accepted(report, std::nullopt, now_);
        }
    }
    relay_.forget(Height{height.value - 1});  // repetitions of the last votes still come
    body_fetch_.decided(height);
    const std::uint64_t interval = options_.snapshot_interval;
    if (interval > 0 && height.value % interval == 0) {
        POLIS_TRY_VOID(take_snapshot());
    }
    enqueue(block_sync_.accepted(height, now_));
    return {};
}

}  // namespace polis::node
