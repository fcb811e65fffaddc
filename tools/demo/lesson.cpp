#include <tools/demo/lesson.hpp>

#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/integer.hpp>
#include <genesis/decimal.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/client/sender.hpp>
#include <tools/learning/offer.hpp>

namespace polis::tools {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{30'000};
constexpr milliseconds kPoll{200};
/// For blobs to spread, beside the round's windows.
constexpr milliseconds kSpreading{120'000};
constexpr std::uint64_t kRevealMs = 8'000;
constexpr std::uint64_t kScoringMs = 30'000;
constexpr std::uint32_t kTargetPpm = 600'000;
constexpr Amount kReward{100'000'000'000};
constexpr Amount kBond{10'000'000'000};
constexpr Amount kTrainerBond{5'000'000'000};

std::uint64_t steady_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
    const std::uint64_t points = whole == 0 ? 0 : mul_div_floor(part, 10'000, whole).value_or(0);
    return fmt::format("{}.{:02} %", points / 100, points % 100);
}

}  // namespace

Lesson::Lesson(const devnet::Devnet& devnet, Options options)
    : devnet_(devnet),
      options_(std::move(options)),
      client_(devnet::rpc_client(devnet.nodes.front(), kPatience)) {}

Fallible<Json> Lesson::ask(std::string_view method) {
    auto answer = client_.call(method, {{"task", task_}});
    if (!answer) {
        return std::unexpected(to_failure(answer.error()));
    }
    return *std::move(answer);
}

Fallible<void> Lesson::offer() {
    learning::TaskFile file;
    file.name = options_.name;
    file.source = options_.source;
    file.seed = options_.seed;
    file.target_ppm = kTargetPpm;
    file.window_ms = options_.window_ms;
    file.reveal_ms = kRevealMs;
    file.scoring_ms = kScoringMs;
    file.reward = kReward;
    file.bond = kBond;
    file.trainer_bond = kTrainerBond;
    const auto key = genesis::dev_account_key(devnet_.manifest.seed, devnet_.manifest.accounts - 1);
    POLIS_TRY(RpcClient admin, devnet::admin_client(devnet_, devnet_.nodes.front()));
    began_ms_ = steady_ms();
    const auto quiet = [](std::string_view) {};
    POLIS_TRY(
        const learning::Offered offered,
        learning::offer({client_, admin, key}, file, options_.name, quiet));
    task_ = offered.task;
    training_samples_ = offered.training_samples;
    POLIS_TRY_VOID(wait_success(client_, offered.sent.id, kPatience, quiet));
    options_.say(
        "task",
        fmt::format(
            "{}: {} POLIS for the best model; {} samples of {} to learn from, {} sealed",
            options_.name,
            genesis::to_text(kReward),
            offered.training_samples,
            options_.source,
            offered.test_samples));
    return {};
}

Fallible<void> Lesson::wait_for_training() {
    const std::uint64_t deadline = steady_ms() + static_cast<std::uint64_t>(kSpreading.count());
    while (steady_ms() < deadline) {
        POLIS_TRY(const Json task, ask("task_get"));
        if (task.value("state", "") != "waiting") {
            options_.say(
                "training",
                fmt::format(
                    "round {}: every validator trains for {} s behind an input map of its own",
                    task.value("round", std::uint64_t{0}),
                    options_.window_ms / 1'000));
            return {};
        }
        std::this_thread::sleep_for(kPoll);
    }
    return timed_out("no round opened for the task; look: polis task show " + task_);
}

Fallible<LessonResult> Lesson::settle() {
    const std::uint64_t deadline = steady_ms() + static_cast<std::uint64_t>(kSpreading.count()) +
                                   options_.window_ms + kRevealMs + kScoringMs;
    std::string said = "training";
    while (steady_ms() < deadline) {
        POLIS_TRY(const Json result, ask("task_leaderboard"));
        if (!result.is_null()) {
            return read(result);
        }
        const auto round = client_.call("task_round");
        if (round && round->is_object()) {
            const std::string phase = round->value("phase", "");
            const std::size_t entries = (*round)["entries"].size();
            if (std::exchange(said, phase) != phase) {
                options_.say(
                    phase,
                    phase == "revealing"
                        ? fmt::format("{} models, and the sealed set's key", entries)
                        : fmt::format(
                              "{} models on the sealed samples, in integers, by all nodes",
                              entries));
            }
        }
        std::this_thread::sleep_for(kPoll);
    }
    return timed_out("the round was not settled; look: polis task show " + task_);
}

std::optional<std::size_t> Lesson::node_of(std::string_view address) const {
    for (const devnet::Node& node : devnet_.nodes) {
        const auto key = genesis::dev_operator_key(devnet_.manifest.seed, node.index);
        if (crypto::to_text(crypto::address_of(key.public_key())) == address) {
            return node.index;
        }
    }
    return std::nullopt;
}

void Lesson::say_entry(const Json& entry) const {
    const auto node = node_of(entry.value("trainer", ""));
    const std::string end = entry.value("end", "");
    const Json& score = entry["score"];
    const auto units = parse_u64(entry.value("paid", ""));
    options_.say(
        end == "won" ? "won" : "",
        fmt::format(
            "node {}  {}  gets {} POLIS",
            node ? std::to_string(*node) : "?",
            score.is_object() ? fmt::format(
                                    "{} of {} right, {}",
                                    score.value("correct", std::uint64_t{0}),
                                    score.value("count", std::uint64_t{0}),
                                    percent(
                                        score.value("correct", std::uint64_t{0}),
                                        score.value("count", std::uint64_t{0})))
                              : end,
            genesis::to_text(Amount{units.value_or(0)})));
}

Fallible<LessonResult> Lesson::read(const Json& result) {
    LessonResult out;
    out.task = task_;
    out.training_samples = training_samples_;
    out.took_ms = steady_ms() - began_ms_;
    out.round = result.value("round", std::uint64_t{0});
    out.settled = Height{result.value("settled", std::uint64_t{0})};
    out.trainers = result["entries"].size();
    for (const Json& entry : result["entries"]) {
        say_entry(entry);
        if (entry.value("end", "") == "won") {
            out.winner = node_of(entry.value("trainer", ""));
            out.correct = entry["score"].value("correct", std::uint64_t{0});
            out.count = entry["score"].value("count", std::uint64_t{0});
            out.paid = Amount{parse_u64(entry.value("paid", "")).value_or(0)};
        }
    }
    if (!out.winner) {
        return std::unexpected(Failure(
            "nobody won the round: no model reached the target in time; try a longer --window, and "
            "look: polis task leaderboard " +
            task_));
    }
    return out;
}

}  // namespace polis::tools
