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
    Plan out;
    if (!open) {
        out.stop_training = std::exchange(training_, false);
        return out;
    }
    enter(open->round);
    const auto entry = std::ranges::find(open->entries, self_, &Entry::trainer);
    const bool committed = entry != open->entries.end();
    if (open->round.phase != Phase::kTraining || committed) {
        out.stop_training = std::exchange(training_, false);
    }
    const bool have_model = work_ && work_->round == open->round.number;
    if (open->round.phase == Phase::kTraining && !committed) {
        if (have_model) {
            out.payload = commitment();
        } else if (!training_) {
            out.train = train(*open, now, seed);
        }
    } else if (open->round.phase == Phase::kRevealing && committed && !entry->model && have_model) {
        out.payload =
            ledger::RevealModel{.task = work_->task, .model = work_->model, .salt = work_->salt};
    }
    return out;
}

/// @pre there is work
ledger::Payload RoundPlayer::commitment() const {
    return ledger::CommitModel{
        .task = work_->task,
        .commitment = consensus::pole::commitment_hash(
            {.round = work_->round,
             .task = work_->task,
             .trainer = self_,
             .model = work_->model,
             .salt = work_->salt})};
}

/// What belongs to an earlier round is over.
void RoundPlayer::enter(const Round& round) {
    if (round_ == round.number) {
        return;
    }
    round_ = round.number;
    task_ = round.task;
    attempts_ = 0;
    suggestion_refused_ = false;
    training_ = false;
}

std::uint64_t RoundPlayer::time_left(const Round& round, TimeMs now) const {
    const std::uint64_t window = round.rules.training_ms;
    const std::uint64_t part =
        saturating_mul<std::uint64_t>(window, options_.margin_ppm) / consensus::pole::kPpm;
    const std::uint64_t margin = std::max(options_.margin_ms, part);
    const std::uint64_t end = round.phase_until.value;
    return end > saturating_add(now.value, margin) ? end - now.value - margin : 0;
}

/// A text that is no architecture goes to the trainer as it is, which says so to the log.
trainer::ModelSpec RoundPlayer::model_for(const ledger::TaskSpec& task) const {
    if (options_.model) {
        return *options_.model;
    }
    if (task.architecture.empty() || suggestion_refused_) {
        return trainer::default_model();
    }
    const auto suggested = trainer::parse_model_spec(task.architecture);
    return suggested ? *suggested : trainer::ModelSpec{.kind = task.architecture, .hidden = {}};
}

std::optional<trainer::Train> RoundPlayer::train(
    const OpenRound& open, TimeMs now, std::uint64_t seed) {
    const std::uint64_t left = time_left(open.round, now);
    if (left < options_.train_ms_min || attempts_ == options_.attempts_max) {
        return std::nullopt;
    }
    ++attempts_;
    training_ = true;
    trainer::Train out;
    out.job = ++next_job_;
    out.task = open.round.task;
    out.data = trainer::SentBlob{open.task.spec.training};
    out.validation = trainer::SentBlob{open.task.spec.validation};
    out.mapping_seed = consensus::pole::seed_of(open.round.beacon, open.round.task, self_);
    out.model = model_for(open.task.spec);
    out.seed = seed;
    out.window_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, UINT32_MAX));
    out.device = options_.device;
    return out;
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

void RoundPlayer::refused(std::uint64_t job) {
    failed(job);
    suggestion_refused_ = suggestion_refused_ || job == next_job_;
}

void RoundPlayer::failed(std::uint64_t job) {
    if (job == next_job_) {
        training_ = false;
    }
}

}  // namespace polis::node
