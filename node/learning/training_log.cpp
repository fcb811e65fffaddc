#include <node/learning/training_log.hpp>

#include <algorithm>
#include <utility>

namespace polis::node {

TrainingPoint point_of(const trainer::Progress& progress) {
    return {
        .elapsed_ms = progress.elapsed_ms,
        .epoch = progress.epoch,
        .samples = progress.samples,
        .loss_micro = progress.loss_micro,
        .accuracy_ppm = progress.accuracy_ppm,
        .samples_per_s = progress.samples_per_s};
}

std::string_view to_string(TrainingEnd end) {
    switch (end) {
        case TrainingEnd::kRunning:
            return "running";
        case TrainingEnd::kModel:
            return "model";
        case TrainingEnd::kCancelled:
            return "cancelled";
        case TrainingEnd::kFailed:
            return "failed";
    }
    return "unknown";
}

void TrainingLog::begin(TrainingBegin begin) {
    const MutexLock lock(mutex_);
    if (entries_.size() == kJobsMax) {
        entries_.pop_front();
    }
    entries_.emplace_back().job.begin = std::move(begin);
}

std::optional<TrainingBegin> TrainingLog::progress(const trainer::Progress& progress) {
    const MutexLock lock(mutex_);
    Entry* const entry = running(progress.job);
    if (entry == nullptr) {
        return std::nullopt;
    }
    add(*entry, point_of(progress));
    return entry->job.begin;
}

void TrainingLog::finished(const trainer::Finished& finished, const Hash& model) {
    const MutexLock lock(mutex_);
    Entry* const entry = running(finished.job);
    if (entry == nullptr) {
        return;
    }
    add(*entry, point_of(finished.progress));
    entry->job.validation = finished.validation;
    entry->job.model = model;
    if (finished.validation.count > 0) {
        counters_.last_accuracy_ppm = static_cast<std::uint32_t>(
            finished.validation.correct * 1'000'000 / finished.validation.count);
    }
    end(*entry, TrainingEnd::kModel);
}

void TrainingLog::failed(const trainer::Failed& failed) {
    const MutexLock lock(mutex_);
    Entry* const entry = running(failed.job);
    if (entry == nullptr) {
        return;
    }
    entry->job.cause = failed.text;
    const bool cancelled = failed.code == trainer::FailureCode::kCancelled;
    end(*entry, cancelled ? TrainingEnd::kCancelled : TrainingEnd::kFailed);
}

void TrainingLog::end(Entry& entry, TrainingEnd end) {
    entry.job.end = end;
    ++counters_.ended[static_cast<std::size_t>(end)];
}

/// Every stride-th point is kept, and the last one always. When there are too many, every second
/// one goes: memory stays bounded and the curve keeps its shape.
void TrainingLog::add(Entry& entry, const TrainingPoint& point) {
    std::vector<TrainingPoint>& points = entry.job.points;
    const std::uint64_t samples_before = points.empty() ? 0 : points.back().samples;
    counters_.samples += std::max(point.samples, samples_before) - samples_before;
    const bool last_is_kept = entry.seen == 0 || (entry.seen - 1) % entry.stride == 0;
    if (last_is_kept) {
        points.push_back(point);
    } else {
        points.back() = point;
    }
    ++entry.seen;
    if (points.size() <= kPointsMax) {
        return;
    }
    std::vector<TrainingPoint> half;
    for (std::size_t i = 0; i < points.size(); i += 2) {
        half.push_back(points[i]);
    }
    static_assert(kPointsMax % 2 == 0, "so that the last point is among the kept ones");
    points = std::move(half);
    entry.stride *= 2;
}

TrainingLog::Entry* TrainingLog::running(std::uint64_t job) {
    for (Entry& entry : entries_) {
        if (entry.job.begin.job == job && entry.job.end == TrainingEnd::kRunning) {
            return &entry;
        }
    }
    return nullptr;
}

std::vector<TrainingJob> TrainingLog::jobs_of(const Hash& task) const {
    const MutexLock lock(mutex_);
    std::vector<TrainingJob> out;
    for (const Entry& entry : entries_) {
        if (entry.job.begin.task == task) {
            out.push_back(entry.job);
        }
    }
    return out;
}

std::optional<TrainingJob> TrainingLog::latest() const {
    const MutexLock lock(mutex_);
    return entries_.empty() ? std::nullopt : std::optional(entries_.back().job);
}

}  // namespace polis::node
