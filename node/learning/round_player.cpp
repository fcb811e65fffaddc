#include <node/learning/round_player.hpp>

#include <algorithm>
#include <utility>

#include <consensus/pole/records.hpp>
#include <core/integer.hpp>

namespace polis::node {

using consensus::pole::Entry;
using consensus::pole::Phase;

RoundPlayer::RoundPlayer(const Address& self, Options options, std::optional<RoundWork> work)
    : self_(self), options_(std::move(options)), work_(std::move(work)) {}

RoundPlayer::Plan RoundPlayer::on_block(
    const std::optional<OpenRound>& open, TimeMs now, std::uint64_t seed) {
    if (!open || open->round.phase != Phase::kTraining) {
        Plan out{.stop_training = std::exchange(training_, false)};
        if (open && open->round.phase == Phase::kRevealing && work_ &&
            work_->round == open->round.number) {
            const auto entry = std::ranges::find(open->entries, self_, &Entry::trainer);
            if (entry != open->entries.end() && !entry->model) {
                out.payload = ledger::RevealModel{
                    .task = work_->task, .model = work_->model, .salt = work_->salt};
            }
        }
        return out;
    }
    enter(open->round);
    if (std::ranges::contains(open->entries, self_, &Entry::trainer)) {
        return {.stop_training = std::exchange(training_, false)};
    }
    if (work_ && work_->round == open->round.number) {
        return {
            .payload = ledger::CommitModel{
                .task = work_->task,
                .commitment = consensus::pole::commitment_hash(
                    {.round = work_->round,
                     .task = work_->task,
                     .trainer = self_,
                     .model = work_->model,
                     .salt = work_->salt})}};
    }
    return training_ ? Plan{} : train(*open, now, seed);
}

/// What belongs to an earlier round is over.
void RoundPlayer::enter(const Round& round) {
    if (round_ == round.number) {
        return;
    }
    round_ = round.number;
    task_ = round.task;
    attempts_ = 0;
    training_ = false;
}

std::uint64_t RoundPlayer::time_left(const Round& round, TimeMs now) const {
    const std::uint64_t window = round.rules.training_ms;
    const std::uint64_t part = saturating_mul<std::uint64_t>(window, options_.margin_ppm) /
                               consensus::pole::kPpm;
    const std::uint64_t margin = std::max(options_.margin_ms, part);
    const std::uint64_t end = round.phase_until.value;
    return end > saturating_add(now.value, margin) ? end - now.value - margin : 0;
}

RoundPlayer::Plan RoundPlayer::train(const OpenRound& open, TimeMs now, std::uint64_t seed) {
    const std::uint64_t left = time_left(open.round, now);
    if (left < options_.train_ms_min || attempts_ == options_.attempts_max) {
        return {};
    }
    ++attempts_;
    training_ = true;
    trainer::Train out;
    out.job = ++next_job_;
    out.task = open.round.task;
    out.data = trainer::SentBlob{open.task.spec.training};
    out.validation = trainer::SentBlob{open.task.spec.validation};
    out.mapping_seed =
        consensus::pole::seed_of(open.round.beacon, open.round.task, self_);
    out.model = options_.model;
    out.seed = seed;
    out.window_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, UINT32_MAX));
    out.device = options_.device;
    return {.train = std::move(out)};
}

std::optional<RoundWork> RoundPlayer::trained(
    std::uint64_t job, const Hash& model, const Hash& salt) {
    if (!training_ || job != next_job_) {
        return std::nullopt;
    }
    training_ = false;
    work_ = RoundWork{.round = round_, .task = task_, .model = model, .salt = salt};
    return work_;
}

void RoundPlayer::failed(std::uint64_t job) {
    if (job == next_job_) {
        training_ = false;
    }
}

}  // namespace polis::node
