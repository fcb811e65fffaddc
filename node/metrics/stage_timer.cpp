#include <node/metrics/stage_timer.hpp>

#include <algorithm>
#include <utility>

namespace polis::node {

namespace {

/// Only the first time counts: a later view may show a block again.
void note(std::optional<std::uint64_t>& time, std::uint64_t now_us) {
    if (!time) {
        time = now_us;
    }
}

bool is_sampled(const Hash& txn) { return txn.view().back() % StageTimer::kSampled == 0; }

}  // namespace

StageTimer::Times& StageTimer::of(const Hash& block) {
    const auto known = std::ranges::find(blocks_, block, &Times::block);
    if (known != blocks_.end()) {
        return *known;
    }
    if (blocks_.size() >= kBlocksMax) {
        blocks_.pop_front();
    }
    blocks_.emplace_back().block = block;
    return blocks_.back();
}

/// Nothing is counted of what did not begin here, such as a block that came by sync.
void StageTimer::between(Stage stage, std::optional<std::uint64_t> from, std::uint64_t now_us) {
    if (from) {
        times_.add(stage, now_us - std::min(*from, now_us));
    }
}

void StageTimer::mark(Mark mark, const Hash& block, std::uint64_t now_us) {
    switch (mark) {
        case Mark::kBuilding:
            building_ = now_us;
            return;
        case Mark::kBuilt:
            between(Stage::kPropose, building_, now_us);
            note(of(block).shown, now_us);
            return;
        case Mark::kShown:
            note(of(block).shown, now_us);
            return;
        case Mark::kComplete:
            between(Stage::kObtain, of(block).shown, now_us);
            of(block).complete = now_us;
            return;
        case Mark::kJudged:
            between(Stage::kJudge, of(block).complete, now_us);
            return;
        case Mark::kAccepted:
            note(of(block).accepted, now_us);
            return;
        case Mark::kPrepared:
            if (!of(block).prepared) {
                between(Stage::kPrepare, of(block).accepted, now_us);
            }
            note(of(block).prepared, now_us);
            return;
        case Mark::kWritingVote:
            writing_vote_ = now_us;
            return;
        case Mark::kVoteWritten:
            between(Stage::kVote, writing_vote_, now_us);
            return;
        case Mark::kDecided:
            between(Stage::kCommit, of(block).prepared, now_us);
            note(of(block).decided, now_us);
            return;
        case Mark::kApplying:
            applying_ = now_us;
            return;
        case Mark::kApplied:
            between(Stage::kDeliver, of(block).decided, now_us);
            return;
    }
}

void StageTimer::mark(ledger::ApplyStage stage, std::uint64_t now_us) {
    switch (stage) {
        case ledger::ApplyStage::kExecuted:
            return;  // its root is still to come
        case ledger::ApplyStage::kRooted:
            between(Stage::kExecute, applying_, now_us);
            break;
        case ledger::ApplyStage::kEncoded:
            between(Stage::kEncode, applying_, now_us);
            break;
        case ledger::ApplyStage::kWritten:
            between(Stage::kPersist, applying_, now_us);
            break;
    }
    applying_ = now_us;  // the next stage begins
}

void StageTimer::taken_in(const Hash& txn, std::uint64_t now_us) {
    if (!is_sampled(txn) || !samples_.emplace(txn, now_us).second) {
        return;
    }
    samples_by_age_.push_back(txn);
    if (samples_by_age_.size() > kSamplesMax) {
        samples_.erase(samples_by_age_.front());
        samples_by_age_.pop_front();
    }
}

void StageTimer::admitted(std::size_t count, std::uint64_t verified_us, std::uint64_t now_us) {
    if (count > 0) {
        times_.add(Stage::kAdmit, now_us - std::min(verified_us, now_us), count);
    }
}

void StageTimer::finalized(const Hash& block, const std::vector<Hash>& txns) {
    const auto known = std::ranges::find(blocks_, block, &Times::block);
    const bool was_shown = known != blocks_.end() && known->shown;
    for (const Hash& txn : txns) {
        const auto sample = is_sampled(txn) ? samples_.find(txn) : samples_.end();
        if (sample == samples_.end()) {
            continue;
        }
        if (was_shown) {  // a transaction may come after the proposal that names it
            times_.add(Stage::kPool, *known->shown - std::min(*known->shown, sample->second));
        }
        samples_.erase(sample);
    }
    if (known != blocks_.end()) {
        blocks_.erase(blocks_.begin(), std::next(known));
    }
}

}  // namespace polis::node
