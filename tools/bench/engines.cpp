#include <tools/bench/engines.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <core/check.hpp>
#include <tools/bench/learning.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::array kEngines{
    Engine{.name = "dpos", .election = "dpos", .about = "seats in turn, by stake"},
    Engine{.name = "pole", .election = "pole", .about = "seats by learning, nothing to learn now"},
    Engine{
        .name = "pole-training",
        .election = "pole",
        .about = "seats by learning, every node trains during the load",
        .training = true}};

/// The nodes' clock: they run on this machine.
std::uint64_t unix_ms() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

Check compare(const Run& base, const Run& run) {
    const double wanted = base.per_second * static_cast<double>(kTrainingPercent) / 100;
    return {
        .what = fmt::format("throughput of {} beside that of {}", run.name, base.name),
        .wanted = fmt::format("at least {} %, {:.0f}/s", kTrainingPercent, wanted),
        .found =
            base.per_second > 0
                ? fmt::format(
                      "{:.1f} %, {:.0f}/s", 100 * run.per_second / base.per_second, run.per_second)
                : fmt::format("{} did nothing", base.name),
        .passed = base.per_second > 0 && run.per_second >= wanted};
}

/// A throughput beside training counts only if there was training.
Check trained(const Run& run) {
    constexpr double kLeast = 0.5;
    const double share = run.learning ? run.learning->train_ratio : 0;
    return {
        .what = fmt::format("trainers work during the load of {}", run.name),
        .wanted = fmt::format("at least {:.0f} % of the time", 100 * kLeast),
        .found = fmt::format("{:.0f} %", 100 * share),
        .passed = share >= kLeast};
}

}  // namespace

std::span<const Engine> engines() { return kEngines; }

Fallible<const Engine*> find_engine(std::string_view name) {
    const auto* const found = std::ranges::find(kEngines, name, &Engine::name);
    if (found == kEngines.end()) {
        std::vector<std::string_view> names;
        std::ranges::transform(kEngines, std::back_inserter(names), &Engine::name);
        return wrong_usage(
            fmt::format("there is no engine '{}'; choose of {}", name, fmt::join(names, ", ")));
    }
    return found;
}

std::vector<Check> judge_engines(const std::vector<Run>& runs) {
    std::vector<Check> out;
    const auto base = std::ranges::find(runs, kEngines.front().name, &Run::name);
    for (const Engine& engine : kEngines) {
        const auto run = std::ranges::find(runs, engine.name, &Run::name);
        if (!engine.training || run == runs.end()) {
            continue;
        }
        out.push_back(trained(*run));
        if (base != runs.end()) {
            out.push_back(compare(*base, *run));
        }
    }
    return out;
}

Fallible<Report> compare_engines(
    const EnginesOptions& options, const LoadEngine& load, const Say& say) {
    POLIS_ASSERT(!options.engines.empty());
    Report out;
    out.command = "engines";
    std::uint64_t rate = options.rate;
    if (rate == 0) {
        const Engine& first = *options.engines.front();
        say(fmt::format("looking for the knee of {}", first.name));
        const LoadAt at = [&](std::uint64_t tried) { return load(first, tried, true); };
        POLIS_TRY(const Knee knee, find_knee(options.knee, at, say));
        out.knee_per_s = rate = knee.per_s;
    }
    for (const Engine* engine : options.engines) {
        say(fmt::format("{}: {}", engine->name, engine->about));
        POLIS_TRY(Run run, load(*engine, rate, false));
        run.name = engine->name;
        run.setup.rate_found = options.rate == 0;
        out.runs.push_back(std::move(run));
    }
    out.checks = judge_engines(out.runs);
    return out;
}

Fallible<Run> measure_engine(
    Network& network, const Engine& engine, LoadPlan plan, const Say& say) {
    if (!engine.training) {
        return measure(network, plan, say);
    }
    Fallible<Lesson> lesson = std::unexpected(Failure("no task was offered"));
    Fallible<Learning> learned = std::unexpected(Failure("no task was offered"));
    LoadWindow load;
    plan.before = [&](const devnet::Devnet& devnet) {
        lesson = start_lesson(devnet, {.seconds = plan.seconds, .seed = plan.random_seed}, say);
        load.from_ms = unix_ms();
        load.to_ms = load.from_ms + plan.seconds * 1'000;
    };
    plan.after = [&](const devnet::Devnet& devnet) {
        if (lesson) {
            learned = end_lesson(devnet, *lesson, load, say);
        }
    };
    auto measured = measure(network, plan, say);
    if (!lesson) {
        return std::unexpected(lesson.error());
    }
    POLIS_TRY(Run run, std::move(measured));
    POLIS_TRY(run.learning, std::move(learned));
    return run;
}

}  // namespace polis::tools::bench
