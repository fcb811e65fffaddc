#include <node/metrics/metrics.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace polis::node {

namespace {

constexpr std::array<std::string_view, p2p::kChannels> kChannelNames{
    "control", "consensus", "blocks", "txns", "blobs"};
constexpr std::array<std::string_view, ValidatorDriver::kLanes> kLaneNames{
    "peers", "consensus", "blocks", "queries", "txns"};

double seconds_of_ms(std::uint64_t ms) { return static_cast<double>(ms) / 1e3; }

double seconds_of_us(std::uint64_t us) { return static_cast<double>(us) / 1e6; }

/// Gathers families in the order in which they are written.
class Page {
  public:
    void counter(std::string name, std::string help, double value) {
        add(std::move(name), std::move(help), prometheus::MetricType::Counter, value);
    }

    void gauge(std::string name, std::string help, double value) {
        add(std::move(name), std::move(help), prometheus::MetricType::Gauge, value);
    }

    void counter(std::string name, std::uint64_t value, std::string help) {
        counter(std::move(name), std::move(help), static_cast<double>(value));
    }

    void gauge(std::string name, std::uint64_t value, std::string help) {
        gauge(std::move(name), std::move(help), static_cast<double>(value));
    }

    /// A family with one label; metrics follow by labelled().
    void family(std::string name, std::string help, prometheus::MetricType type) {
        families_.push_back({std::move(name), std::move(help), type, {}});
    }

    void labelled(std::string_view label, std::string_view value, double number) {
        prometheus::ClientMetric metric;
        metric.label.push_back({std::string(label), std::string(value)});
        set(metric, families_.back().type, number);
        families_.back().metric.push_back(std::move(metric));
    }

    void histogram(std::string name, std::string help, const TimeHistogram& times) {
        family(std::move(name), std::move(help), prometheus::MetricType::Histogram);
        families_.back().metric.push_back(metric_of(times));
    }

    /// One more of the family that was begun last.
    void labelled(std::string_view label, std::string_view value, const TimeHistogram& times) {
        prometheus::ClientMetric metric = metric_of(times);
        metric.label.push_back({std::string(label), std::string(value)});
        families_.back().metric.push_back(std::move(metric));
    }

    [[nodiscard]] std::string text() const {
        return prometheus::TextSerializer().Serialize(families_);
    }

  private:
    static prometheus::ClientMetric metric_of(const TimeHistogram& times) {
        prometheus::ClientMetric metric;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < TimeHistogram::kBuckets; ++i) {
            sum += times.count(i);
            metric.histogram.bucket.push_back({sum, seconds_of_us(TimeHistogram::bound_us(i))});
        }
        metric.histogram.sample_count = sum + times.count(TimeHistogram::kBuckets);
        metric.histogram.sample_sum = seconds_of_us(times.sum_us());
        return metric;
    }

    static void set(prometheus::ClientMetric& metric, prometheus::MetricType type, double value) {
        if (type == prometheus::MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
    }

    void add(std::string name, std::string help, prometheus::MetricType type, double value) {
        family(std::move(name), std::move(help), type);
        prometheus::ClientMetric metric;
        set(metric, type, value);
        families_.back().metric.push_back(std::move(metric));
    }

    std::vector<prometheus::MetricFamily> families_;
};

void add_chain(Page& page, const Measures& from) {
    const ValidatorView& machine = from.snapshot.machine;
    page.gauge("polis_height", machine.head.height.value, "Height of the latest finalized block");
    page.gauge("polis_best_claim_height", machine.best_claim.value, "Highest head a peer claims");
    page.gauge(
        "polis_head_age_seconds",
        "Since the head moved",
        seconds_of_ms(from.now.value - std::min(from.now.value, from.snapshot.head_since.value)));
    page.gauge("polis_term", machine.term.value, "Term of the next block");
    page.gauge("polis_view", machine.view.value, "View of the height being decided");
    page.counter("polis_blocks_total", from.validator.blocks.load(), "Blocks finalized here");
    page.counter("polis_txns_finalized_total", from.validator.txns.load(), "Transactions in them");
    page.counter(
        "polis_view_changes_total", from.validator.view_changes.load(), "Views that failed");
    page.counter("polis_alarms_total", from.validator.alarms.load(), "What a person must look at");
    page.gauge("polis_mempool_txns", machine.mempool_count, "Transactions that wait");
    page.gauge("polis_mempool_bytes", machine.mempool_bytes, "Bytes of them");
    page.gauge("polis_machine_bytes", machine.memory_bytes, "Memory of the validator, roughly");
    page.gauge("polis_store_bytes", from.store_bytes, "Size of the store on disk, roughly");
    page.histogram(
        "polis_step_seconds", "How long a step of the validator took", from.validator.steps);
}

void add_by_channel(
    Page& page,
    std::string name,
    const std::array<std::atomic<std::uint64_t>, p2p::kChannels>& counters) {
    page.family(std::move(name), "By channel", prometheus::MetricType::Counter);
    for (std::size_t i = 0; i < p2p::kChannels; ++i) {
        page.labelled("channel", kChannelNames[i], static_cast<double>(counters[i].load()));
    }
}

void add_network(Page& page, const P2pCounters& p2p) {
    page.gauge("polis_peers", p2p.peers.load(), "Peers that take part");
    page.gauge(
        "polis_peer_round_trip_seconds",
        "Mean of the latest pings",
        seconds_of_ms(p2p.round_trip_ms.load()));
    page.counter("polis_p2p_dials_total", p2p.dials.load(), "Connections tried");
    page.counter("polis_p2p_accepts_total", p2p.accepts.load(), "Connections taken");
    page.counter("polis_p2p_closes_total", p2p.closes.load(), "Connections ended");
    page.counter("polis_p2p_penalties_total", p2p.penalties.load(), "Offences of peers");
    page.counter(
        "polis_p2p_dropped_messages_total",
        p2p.dropped_messages.load(),
        "Messages of transactions and blobs without room");
    add_by_channel(page, "polis_p2p_received_bytes_total", p2p.received_bytes);
    add_by_channel(page, "polis_p2p_sent_bytes_total", p2p.sent_bytes);
    add_by_channel(page, "polis_p2p_received_messages_total", p2p.received_messages);
    add_by_channel(page, "polis_p2p_sent_messages_total", p2p.sent_messages);
}

void add_work(Page& page, const Measures& from) {
    page.family("polis_queue_items", "What waits for the validator", prometheus::MetricType::Gauge);
    for (std::size_t i = 0; i < from.waiting.size(); ++i) {
        page.labelled("lane", kLaneNames[i], static_cast<double>(from.waiting[i]));
    }
    page.gauge("polis_crypto_queue_items", from.crypto_waiting, "Jobs for the crypto threads");
    page.counter(
        "polis_txn_signatures_verified_total", from.signatures_verified, "Of transactions");
    page.counter(
        "polis_txns_repeated_total",
        from.txns_repeated,
        "Copies of transactions whose signature was verified before");
    page.counter(
        "polis_txns_dropped_total", from.txns_dropped, "Transactions and batches without room");
}

void add_stages(Page& page, const StageTimes& stages) {
    std::string help = "Where time goes.";
    for (const StageText& text : kStageTexts) {
        help.append(" ").append(text.name).append(": ").append(text.about).append(";");
    }
    help.back() = '.';
    page.family("polis_stage_seconds", std::move(help), prometheus::MetricType::Histogram);
    for (std::size_t i = 0; i < kStages; ++i) {
        page.labelled("stage", kStageTexts[i].name, stages.of(static_cast<Stage>(i)));
    }
}

void add_learning(Page& page, const LearningMeasures& from) {
    const TrainingCounters& training = from.training;
    page.family(
        "polis_trainer_state",
        "1 for the state that the trainer is in",
        prometheus::MetricType::Gauge);
    for (std::size_t i = 0; i < TrainerHost::kStates; ++i) {
        const auto state = static_cast<TrainerHost::State>(i);
        page.labelled("state", to_string(state), from.trainer.state == state ? 1 : 0);
    }
    page.counter("polis_trainer_deaths_total", from.trainer.deaths, "Trainers that ended or broke");
    page.counter(
        "polis_training_samples_total", training.samples.load(), "Samples seen by training");
    page.gauge(
        "polis_training_last_accuracy_ratio",
        "Of the latest model on the validation samples, in integers",
        static_cast<double>(training.last_accuracy_ppm.load()) / 1e6);
    page.family(
        "polis_training_jobs_total", "Ended jobs by outcome", prometheus::MetricType::Counter);
    for (std::size_t i = 1; i < kTrainingEnds; ++i) {
        page.labelled(
            "outcome",
            to_string(static_cast<TrainingEnd>(i)),
            static_cast<double>(training.ended[i].load()));
    }
    page.counter(
        "polis_rounds_committed_total",
        training.rounds_committed.load(),
        "Rounds with a commitment of this node");
    page.counter("polis_rounds_won_total", training.rounds_won.load(), "Rounds that it won");
    page.counter(
        "polis_blobs_attested_total", from.facts.blobs_found.load(), "Blobs found to be here");
    page.counter(
        "polis_evaluations_total", from.facts.models_scored.load(), "Models scored by this node");
    page.counter(
        "polis_evaluated_samples_total", from.facts.samples_evaluated.load(), "Samples in them");
    page.counter(
        "polis_evaluation_seconds_total",
        "Time that scoring took",
        seconds_of_us(from.facts.evaluation_us.load()));
    page.gauge(
        "polis_evaluations_waiting", from.evaluations_waiting, "Scores wanted, not worked out yet");
}

void add_process(Page& page, const Measures& from) {
    page.gauge("process_start_time_seconds", "Since 1970", seconds_of_ms(from.started.value));
    page.gauge("process_resident_memory_bytes", from.process.resident_bytes, "Resident memory");
    page.counter(
        "process_cpu_seconds_total", "User and system", seconds_of_us(from.process.cpu_us));
    page.family(
        "polis_thread_cpu_seconds_total",
        "User and system, by the names of threads",
        prometheus::MetricType::Counter);
    for (const auto& [thread, cpu_us] : from.process.thread_cpu_us) {
        page.labelled("thread", thread, seconds_of_us(cpu_us));
    }
    page.family(
        "polis_context_switches_total",
        "Of all threads: voluntary, as they waited, or not",
        prometheus::MetricType::Counter);
    page.labelled("kind", "voluntary", static_cast<double>(from.process.switches_voluntary));
    page.labelled("kind", "involuntary", static_cast<double>(from.process.switches_forced));
    page.counter(
        "polis_disk_written_bytes_total", from.process.disk_written_bytes, "Given to the disks");
    page.counter("polis_disk_read_bytes_total", from.process.disk_read_bytes, "Taken from them");
    page.gauge("process_open_fds", from.process.open_files, "Open files and sockets");
    page.gauge("process_max_fds", from.process.open_files_max, "How many there may be");
}

}  // namespace

std::string metrics_text(const Measures& measures) {
    Page page;
    add_chain(page, measures);
    add_network(page, measures.p2p);
    add_work(page, measures);
    add_stages(page, measures.stages);
    if (measures.learning) {
        add_learning(page, *measures.learning);
    }
    add_process(page, measures);
    return page.text();
}

}  // namespace polis::node
