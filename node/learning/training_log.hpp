#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/types.hpp>
#include <ml/protocol/messages.hpp>
#include <node/runtime/mutex.hpp>

namespace polis::node {

/// A moment of a training. Fractions are millionths, losses micronats a sample.
struct TrainingPoint {
    std::uint64_t elapsed_ms = 0;    ///< since the trainer began
    std::uint32_t epoch = 0;         ///< complete ones
    std::uint64_t samples = 0;       ///< seen by training
    std::uint64_t loss_micro = 0;    ///< since the point before
    std::uint32_t accuracy_ppm = 0;  ///< of the last integer model on the validation samples
    std::uint64_t samples_per_s = 0;

    bool operator==(const TrainingPoint&) const = default;
};

[[nodiscard]] TrainingPoint point_of(const trainer::Progress& progress);

/// How a job ended.
enum class TrainingEnd : std::uint8_t {
    kRunning,
    kModel,      ///< it gave a model
    kCancelled,  ///< the window closed, or the node ended it
    kFailed,
};

inline constexpr std::size_t kTrainingEnds = 4;

/// As RPC and metrics name it: running, model, cancelled, failed.
[[nodiscard]] std::string_view to_string(TrainingEnd end);

/// What a job is for, known when it begins.
struct TrainingBegin {
    std::uint64_t job = 0;  ///< of the trainer protocol
    Hash task;
    std::uint64_t round = 0;
    trainer::ModelSpec model;
    std::string device;
    TimeMs begun;  ///< the node's clock
    std::uint32_t window_ms = 0;
};

/// One job of this node's trainer, from its beginning to its end.
struct TrainingJob {
    TrainingBegin begin;
    std::vector<TrainingPoint> points;  ///< thinned when there are many; first and last are kept
    TrainingEnd end = TrainingEnd::kRunning;
    std::string cause;                       ///< why it gave no model
    std::optional<exact::Score> validation;  ///< of the model
    std::optional<Hash> model;               ///< blob root
};

/// For metrics.
struct TrainingCounters {
    std::atomic<std::uint64_t> samples{0};
    std::atomic<std::uint32_t> last_accuracy_ppm{0};  ///< of the latest model
    std::atomic<std::uint64_t> ended[kTrainingEnds]{};
    std::atomic<std::uint64_t> rounds_committed{0};
    std::atomic<std::uint64_t> rounds_won{0};
};

/// What this node's trainer told, in bounded memory: the latest jobs with their curves. Any thread.
class TrainingLog {
  public:
    static constexpr std::size_t kJobsMax = 16;
    static constexpr std::size_t kPointsMax = 512;  ///< of a job

    /// A job is handed to the trainer. The oldest makes room.
    void begin(TrainingBegin begin);

    /// A report of the trainer; one of no running job is nothing.
    /// @return the job that it belongs to, without points
    std::optional<TrainingBegin> progress(const trainer::Progress& progress);

    /// The job gave a model whose blob has this root.
    void finished(const trainer::Finished& finished, const Hash& model);

    void failed(const trainer::Failed& failed);

    /// The jobs of a task, oldest first.
    [[nodiscard]] std::vector<TrainingJob> jobs_of(const Hash& task) const;

    [[nodiscard]] std::optional<TrainingJob> latest() const;

    [[nodiscard]] TrainingCounters& counters() { return counters_; }

    [[nodiscard]] const TrainingCounters& counters() const { return counters_; }

  private:
    struct Entry {
        TrainingJob job;
        std::uint64_t seen = 0;    ///< points that came
        std::uint64_t stride = 1;  ///< every so many of them are kept
    };

    void add(Entry& entry, const TrainingPoint& point);
    [[nodiscard]] Entry* running(std::uint64_t job) POLIS_REQUIRES(mutex_);
    void end(Entry& entry, TrainingEnd end);

    TrainingCounters counters_;
    mutable Mutex mutex_;
    std::deque<Entry> entries_ POLIS_GUARDED_BY(mutex_);
};

}  // namespace polis::node
