#include <tools/bench/learning.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/client/sender.hpp>
#include <tools/learning/chain_records.hpp>
#include <tools/learning/offer.hpp>

namespace polis::tools::bench {

namespace {

namespace fs = std::filesystem;
namespace tasks = ledger::tasks;
using Clock = std::chrono::steady_clock;
using SayLine = std::function<void(std::string_view)>;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{60'000};
constexpr milliseconds kPoll{100};
/// LeNet behind a map takes a processor core about a second for so many samples and 15 passes; the
/// task has twice of what fits into its window, so that nobody is ready before.
constexpr std::uint64_t kSamplesForASecond = 1'600;
constexpr std::uint64_t kSamplesMin = 4'000;
constexpr std::uint64_t kMarginMs = 5'000;  ///< of the window, beyond the load
constexpr std::uint64_t kRevealMs = 8'000;
constexpr std::uint64_t kScoringMs = 30'000;
constexpr std::uint32_t kTargetPpm = 600'000;
constexpr Amount kReward{100'000'000'000};
constexpr Amount kBond{10'000'000'000};
constexpr Amount kTrainerBond{5'000'000'000};

Fallible<void> look_for_trainer(const devnet::Devnet& devnet) {
    const fs::path beside = fs::path(devnet.polisd).parent_path() / "polis-trainer";
    std::error_code ignored;
    if (!fs::exists(beside, ignored)) {
        return std::unexpected(Failure(fmt::format(
            "there is no {}, so that nobody would learn: build it where libtorch is installed "
            "(libtorch-dev), or measure elections without training: --election dpos",
            beside.string())));
    }
    return {};
}

learning::TaskFile task_file(const LessonPlan& plan) {
    learning::TaskFile file;
    file.name = "bench";
    file.source =
        fmt::format("digits:{}", std::max(kSamplesMin, plan.seconds * kSamplesForASecond));
    file.seed = plan.seed;
    file.kind = "lenet";
    file.hidden = {};
    file.target_ppm = kTargetPpm;
    file.window_ms = plan.seconds * 1'000 + kMarginMs;
    file.reveal_ms = kRevealMs;
    file.scoring_ms = kScoringMs;
    file.reward = kReward;
    file.bond = kBond;
    file.trainer_bond = kTrainerBond;
    return file;
}

/// Calls `question` until it answers true. @error its own, or a timeout with `what`
Fallible<void> until(
    std::string_view what, milliseconds patience, const std::function<Fallible<bool>()>& question) {
    for (const auto deadline = Clock::now() + patience; Clock::now() < deadline;) {
        POLIS_TRY(const bool done, question());
        if (done) {
            return {};
        }
        std::this_thread::sleep_for(kPoll);
    }
    return timed_out(fmt::format("{} not after {} s", what, patience.count() / 1'000));
}

Fallible<Json> ask(
    const devnet::Node& node, std::string_view method, Json params = Json::object()) {
    RpcClient client = devnet::rpc_client(node, kPatience);
    return learning::ask_node(client, method, std::move(params));
}

/// Whether the trainer of every running node is in this state.
Fallible<bool> all_trainers(const devnet::Devnet& devnet, std::string_view state) {
    for (const devnet::Node& node : devnet.nodes) {
        if (devnet::state_of(devnet, node) == devnet::ProcessState::kRunning) {
            POLIS_TRY(const Json status, ask(node, "trainer_status"));
            if (!status.is_object() || status.value("state", "") != state) {
                return false;
            }
        }
    }
    return true;
}

Fallible<std::vector<learning::NodeCurve>> curves_of(
    const devnet::Devnet& devnet, const std::string& task) {
    std::vector<learning::NodeCurve> out;
    for (const devnet::Node& node : devnet.nodes) {
        if (devnet::state_of(devnet, node) == devnet::ProcessState::kRunning) {
            POLIS_TRY(const Json answer, ask(node, "task_curve", {{"task", task}}));
            POLIS_TRY(
                learning::NodeCurve curve,
                learning::parse_curve(fmt::format("node {}", node.index), answer));
            out.push_back(std::move(curve));
        }
    }
    return out;
}

/// Milliseconds of the load in which the job ran.
std::uint64_t within(const learning::CurveJob& job, LoadWindow load) {
    const std::uint64_t elapsed_ms = job.points.empty() ? 0 : job.points.back().elapsed_ms;
    const std::uint64_t from = std::max(job.began_ms, load.from_ms);
    const std::uint64_t to = std::min(job.began_ms + elapsed_ms, load.to_ms);
    return to > from ? to - from : 0;
}

void add_job(const learning::CurveJob& job, std::uint32_t target_ppm, Learning& out) {
    if (job.end == "model") {
        ++out.jobs_done;
    } else if (job.end == "cancelled" || job.end == "failed") {
        ++out.jobs_wasted;
    }
    if (!job.points.empty() && job.points.back().elapsed_ms > 0) {
        const learning::CurvePoint& last = job.points.back();
        out.samples += last.samples;
        out.samples_per_s +=
            static_cast<double>(last.samples) * 1'000 / static_cast<double>(last.elapsed_ms);
    }
    const auto reached = std::ranges::find_if(
        job.points, [&](const learning::CurvePoint& p) { return p.accuracy_ppm >= target_ppm; });
    if (reached != job.points.end()) {
        out.time_to_target_ms =
            std::min(out.time_to_target_ms.value_or(UINT64_MAX), reached->elapsed_ms);
    }
}

bool is_rejected(tasks::EntryEnd end) {
    return end == tasks::EntryEnd::kBadModel || end == tasks::EntryEnd::kBadData ||
           end == tasks::EntryEnd::kUnavailable || end == tasks::EntryEnd::kSilent;
}

}  // namespace

Fallible<Lesson> start_lesson(
    const devnet::Devnet& devnet, const LessonPlan& plan, const SayLine& say) {
    POLIS_TRY_VOID(look_for_trainer(devnet));
    POLIS_TRY_VOID(
        until("the trainers are ready", kPatience, [&] { return all_trainers(devnet, "ready"); }));
    const devnet::Node& first = devnet.nodes.front();
    const auto key = genesis::dev_account_key(devnet.manifest.seed, devnet.manifest.accounts - 1);
    RpcClient client = devnet::rpc_client(first, kPatience);
    POLIS_TRY(RpcClient admin, devnet::admin_client(devnet, first));
    const learning::TaskFile file = task_file(plan);
    const std::string tag = fmt::format("bench {}", plan.seed);
    const auto quiet = [](std::string_view) {};
    POLIS_TRY(
        const learning::Offered offered,
        learning::offer({.node = client, .admin = admin, .owner = key}, file, tag, quiet));
    POLIS_TRY_VOID(wait_success(client, offered.sent.id, kPatience, quiet));
    say(fmt::format("a task of {} samples, {} to train on it", file.source, devnet.nodes.size()));
    POLIS_TRY_VOID(
        until("all nodes train", kPatience, [&] { return all_trainers(devnet, "training"); }));
    const auto id = fixed_from_hex<Hash>(offered.task);
    if (!id) {
        return std::unexpected(Failure(fmt::format(
            "{} is no id of a task; are polis and polisd of one version?", offered.task)));
    }
    return Lesson{
        .task = *id,
        .target_ppm = file.target_ppm,
        .patience_ms = file.window_ms + file.reveal_ms + file.scoring_ms};
}

Fallible<Learning> end_lesson(
    const devnet::Devnet& devnet, const Lesson& lesson, LoadWindow load, const SayLine& say) {
    say("waiting for the round to be settled");
    RpcClient client = devnet::rpc_client(devnet.nodes.front(), kPatience);
    std::optional<learning::TaskRecord> task;
    const auto settled = [&]() -> Fallible<bool> {
        POLIS_TRY(task, learning::get_task(client, lesson.task));
        return task->state == tasks::to_string(tasks::TaskState::kSettled);
    };
    POLIS_TRY_VOID(
        until("the round is settled", kPatience + milliseconds(lesson.patience_ms), settled));
    POLIS_TRY(const tasks::RoundResult result, learning::get_result(client, *task));
    POLIS_TRY(
        const std::vector<learning::NodeCurve> curves,
        curves_of(devnet, to_hex_prefixed(lesson.task.view())));
    return learning_of(curves, result, lesson.target_ppm, load);
}

Learning learning_of(
    std::span<const learning::NodeCurve> curves,
    const tasks::RoundResult& result,
    std::uint32_t target_ppm,
    LoadWindow load) {
    Learning out;
    out.rounds = 1;
    std::uint64_t worked_ms = 0;
    for (const learning::NodeCurve& curve : curves) {
        for (const learning::CurveJob& job : curve.jobs) {
            add_job(job, target_ppm, out);
            worked_ms += within(job, load);
        }
    }
    // A model that nobody committed to was trained for nothing.
    const std::uint64_t committed = std::min<std::uint64_t>(result.entries.size(), out.jobs_done);
    out.jobs_wasted += out.jobs_done - committed;
    for (const tasks::EntryResult& entry : result.entries) {
        if (is_rejected(entry.end)) {
            ++out.proofs_rejected;
        }
        if (entry.score && entry.score->count > 0) {
            const double accuracy =
                static_cast<double>(entry.score->correct) / static_cast<double>(entry.score->count);
            out.best_accuracy = std::max(out.best_accuracy.value_or(0), accuracy);
        }
    }
    const std::uint64_t load_ms = load.to_ms - std::min(load.to_ms, load.from_ms);
    if (load_ms > 0 && !curves.empty()) {
        out.train_ratio = static_cast<double>(worked_ms) /
                          (static_cast<double>(load_ms) * static_cast<double>(curves.size()));
    }
    return out;
}

}  // namespace polis::tools::bench
