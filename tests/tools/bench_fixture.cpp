#include <tests/tools/bench_fixture.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <core/random.hpp>

namespace polis::tools::bench {

namespace {

// Structured bindings: a member that is added to a struct and not here does not compile.

std::uint64_t any_integer(Random& random) { return random.next() >> random.below(64); }

double any_double(Random& random) {
    const auto mantissa = static_cast<double>(random.next());
    return std::ldexp(mantissa, static_cast<int>(random.between(0, 120)) - 100);
}

bool any_bool(Random& random) { return random.chance(1, 2); }

std::string any_text(Random& random) {
    constexpr std::array<std::string_view, 12> kParts = {
        "a", "B7", ",", "\"", "'", "<b>", "&", "|", "\n", "\r\n", "ü→", "</script>"};
    std::string out;
    for (std::uint64_t i = random.below(8); i > 0; --i) {
        out += kParts[static_cast<std::size_t>(random.below(kParts.size()))];
    }
    return out;
}

void fill(Random& random, std::uint64_t& out) { out = any_integer(random); }

void fill(Random& random, double& out) { out = any_double(random); }

void fill(Random& random, bool& out) { out = any_bool(random); }

void fill(Random& random, std::string& out) { out = any_text(random); }

void fill(Random& random, Spread& out);
void fill(Random& random, Machine& out);
void fill(Random& random, Setup& out);
void fill(Random& random, Counts& out);
void fill(Random& random, Latency& out);
void fill(Random& random, Blocks& out);
void fill(Random& random, Floor& out);
void fill(Random& random, Stage& out);
void fill(Random& random, NodeUse& out);
void fill(Random& random, Second& out);
void fill(Random& random, Mark& out);
void fill(Random& random, Learning& out);
void fill(Random& random, Check& out);
void fill(Random& random, Run& out);
void fill(Random& random, Simulated& out);

template <class T>
void fill(Random& random, std::optional<T>& out) {
    if (any_bool(random)) {
        fill(random, out.emplace());
    }
}

template <class T>
void fill(Random& random, std::vector<T>& out) {
    for (std::uint64_t i = random.below(4); i > 0; --i) {
        fill(random, out.emplace_back());
    }
}

template <class... Members>
void fill_all(Random& random, Members&... members) {
    (fill(random, members), ...);
}

void fill(Random& random, Spread& out) {
    auto& [count, mean, p50, p90, p99, p999, max] = out;
    fill_all(random, count, mean, p50, p90, p99, p999, max);
}

void fill(Random& random, Machine& out) {
    auto& [version, compiler, cpu, cores, memory, system, load, began] = out;
    fill_all(random, version, compiler, cpu, cores, memory, system, load, began);
}

void fill(Random& random, Setup& out) {
    auto& [workload, election, fault, nodes, rate, found, seconds, senders, interval, seed] = out;
    fill_all(
        random, workload, election, fault, nodes, rate, found, seconds, senders, interval, seed);
}

void fill(Random& random, Counts& out) {
    auto& [offered, finalized, in_time, failed, unfinished, refusals, txn_bytes] = out;
    fill_all(random, offered, finalized, in_time, failed, unfinished, refusals, txn_bytes);
}

void fill(Random& random, Latency& out) {
    auto& [accepted, first, quorum] = out;
    fill_all(random, accepted, first, quorum);
}

void fill(Random& random, Blocks& out) {
    auto& [count, txns_max, interval, views, stall] = out;
    fill_all(random, count, txns_max, interval, views, stall);
}

void fill(Random& random, Stage& out) {
    auto& [name, about, time] = out;
    fill_all(random, name, about, time);
}

void fill(Random& random, NodeUse& out) {
    auto& [node, user, system, memory, disk, sent, received, messages, signatures, from, to, ran] =
        out;
    fill_all(random, node, user, system, memory, disk, sent);
    fill_all(random, received, messages, signatures, from, to, ran);
}

void fill(Random& random, Floor& out) {
    auto& [alone, during, floor, spent, ratio, client] = out;
    fill_all(random, alone, during, floor, spent, ratio, client);
}

void fill(Random& random, Second& out) {
    auto& [at, due, accepted, finalized, p50, p99, waiting, height, up, cpu] = out;
    fill_all(random, at, due, accepted, finalized, p50, p99, waiting, height, up, cpu);
}

void fill(Random& random, Mark& out) {
    auto& [at, what] = out;
    fill_all(random, at, what);
}

void fill(Random& random, Learning& out) {
    auto& [rounds, samples, per_s, done, wasted, rejected, ratio, best, target] = out;
    fill_all(random, rounds, samples, per_s, done, wasted, rejected, ratio, best, target);
}

void fill(Random& random, Check& out) {
    auto& [what, wanted, found, passed] = out;
    fill_all(random, what, wanted, found, passed);
}

void fill(Random& random, Simulated& out) {
    auto& [nodes, blocks, txns, leads, prepares, commits, relays, gossip, b, c, d, e, f, g, h] =
        out;
    fill_all(random, nodes, blocks, txns, leads, prepares, commits, relays, gossip);
    fill_all(random, b, c, d, e, f, g, h);
}

void fill(Random& random, Run& out) {
    auto& [name, setup, counts, rate, delay, blocks, stages, nodes, floor, times, marks, job, all] =
        out;
    fill_all(random, name, setup, counts, rate, delay, blocks, stages);
    fill_all(random, nodes, floor, times, marks, job, all);
}

/// Times around a median, as a network of real machines has them.
Spread spread_of(std::uint64_t count, std::uint64_t p50_us) {
    return {
        .count = count,
        .mean_us = p50_us + p50_us / 9,
        .p50_us = p50_us,
        .p90_us = p50_us * 17 / 10,
        .p99_us = p50_us * 29 / 10,
        .p999_us = p50_us * 43 / 10,
        .max_us = p50_us * 61 / 10};
}

constexpr std::uint64_t kExampleSeconds = 24;
constexpr std::uint64_t kExampleRate = 6'000;

/// What one second of the example looks like; `down` while one node of four is gone and its turn
/// to propose comes.
Second second_at(Random& random, std::uint64_t at_s, std::uint64_t p50_us, bool down, bool gone) {
    const bool load = at_s < kExampleSeconds;
    const std::uint64_t due = load ? kExampleRate : 0;
    const std::uint64_t finalized = load ? due - random.below(240) : random.between(900, 1'300);
    return {
        .at_s = at_s,
        .due = due,
        .accepted = load ? due - random.below(40) : 0,
        .finalized = down ? finalized * 2 / 5 : finalized,
        .p50_us = (down ? 6 : 1) * (p50_us + random.below(p50_us / 6)),
        .p99_us = (down ? 9 : 3) * (p50_us + random.below(p50_us / 4)),
        .waiting = (down ? 5 : 1) * random.between(700, 1'300),
        .height = 30 + at_s * 9,
        .nodes_up = gone ? 3U : 4U,
        .cpu_us = load ? random.between(2'300'000, 2'500'000) : random.between(300'000, 500'000)};
}

std::vector<Stage> example_stages(std::uint64_t txns) {
    return {
        {"verify",
         "from arrival of a transaction until its signature is checked",
         spread_of(txns * 4, 180)},
        {"propose", "from the turn of a leader until its proposal is sent", spread_of(216, 2'100)},
        {"prepare", "from a proposal until 2f+1 prepare votes", spread_of(864, 6'900)},
        {"commit", "from 2f+1 prepare votes until 2f+1 commit votes", spread_of(864, 3'800)},
        {"execute", "of a final block, until its state root is known", spread_of(864, 9'400)},
        {"store", "until a final block is on the disk", spread_of(864, 4'700)}};
}

std::vector<NodeUse> example_nodes(Random& random, std::uint64_t txns, bool one_died) {
    std::vector<NodeUse> out;
    for (std::uint64_t node = 0; node < 4; ++node) {
        const bool died = one_died && node == 3;
        out.push_back(
            {.node = node,
             .user_us = (died ? 5U : 13U) * 1'000'000U + random.below(900'000),
             .system_us = (died ? 400'000U : 1'300'000U) + random.below(200'000),
             .resident_bytes_max = 180'000'000 + random.below(20'000'000),
             .disk_written_bytes = txns * 310 + random.below(1'000'000),
             .sent_bytes = txns * 260 + random.below(1'000'000),
             .received_bytes = txns * 255 + random.below(1'000'000),
             .messages_sent = 9'000 + random.below(900),
             .signatures = died ? txns / 3 : txns,
             .height_from = 30,
             .height_to = died ? 102U : 258U,
             .ran_through = !died});
    }
    return out;
}

Run example_run(Random& random, const std::string& name, std::uint64_t p50_us) {
    const std::uint64_t txns = kExampleRate * kExampleSeconds;
    Run run;
    run.name = name;
    run.setup = {
        .workload = "transfer",
        .election = "dpos",
        .fault = "",
        .nodes = 4,
        .rate = kExampleRate,
        .rate_found = true,
        .seconds = kExampleSeconds,
        .senders = 1'000,
        .block_interval_ms = 100,
        .random_seed = 1};
    run.counts = {
        .offered = txns,
        .finalized = txns,
        .in_time = txns - 1'150,
        .failed = 0,
        .unfinished = 0,
        .refusals = 12,
        .txn_bytes = 181};
    run.per_second = static_cast<double>(run.counts.in_time) / double{kExampleSeconds};
    run.latency = {
        .accepted = spread_of(txns, 1'900),
        .first = spread_of(txns, p50_us),
        .quorum = spread_of(txns, p50_us + 9'000)};
    run.blocks = {
        .count = 228,
        .txns_max = 1'430,
        .interval = spread_of(227, 101'000),
        .view_changes = 0,
        .longest_stall_us = 214'000};
    run.stages = example_stages(txns);
    run.nodes = example_nodes(random, txns, /*one_died=*/false);
    run.floor = {
        .verify_alone_us = 33.5,
        .verify_us = 49.75,
        .floor_us = 199,
        .spent_us = 398.25,
        .ratio = 398.25 / 199,
        .client_us = 61.5};
    for (std::uint64_t at_s = 0; at_s <= kExampleSeconds; ++at_s) {
        run.seconds.push_back(second_at(random, at_s, p50_us, /*down=*/false, /*gone=*/false));
    }
    run.checks = {
        {"every transaction is final", "0 unfinished", "0 unfinished", true},
        {"the nodes agree", "one hash a height", "one hash a height", true}};
    return run;
}

Run example_crash(Random& random) {
    Run run = example_run(random, "crash-f", 118'000);
    run.setup.fault = "crash-f";
    run.marks = {{8'000'000, "node 3 is killed"}, {16'000'000, "node 3 starts again"}};
    run.nodes = example_nodes(random, run.counts.offered, /*one_died=*/true);
    run.blocks.view_changes = 3;
    run.blocks.longest_stall_us = 1'320'000;
    run.seconds.clear();
    for (std::uint64_t at_s = 0; at_s <= kExampleSeconds; ++at_s) {
        const bool gone = at_s >= 8 && at_s < 16;
        run.seconds.push_back(second_at(random, at_s, 118'000, gone && at_s % 4 == 1, gone));
    }
    run.checks.push_back({"no stall is longer than 2 s", "at most 2.00 s", "1.32 s", true});
    return run;
}

Run example_learning(Random& random) {
    Run run = example_run(random, "pole", 131'000);
    run.setup.election = "pole";
    run.learning = Learning{
        .rounds = 2,
        .samples = 388'000,
        .samples_per_s = 16'166.5,
        .jobs_done = 7,
        .jobs_wasted = 1,
        .proofs_rejected = 0,
        .train_ratio = 0.625,
        .best_accuracy = 0.9375,
        .time_to_target_ms = std::nullopt};
    return run;
}

}  // namespace

Report random_report(std::uint64_t seed) {
    Random random(seed, "report");
    Report out;
    auto& [command, machine, runs, simulated, knee, checks] = out;
    fill_all(random, command, machine, runs, simulated, knee, checks);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        runs[i].name += fmt::format(" #{}", i);
    }
    return out;
}

Report example_report() {
    Random random(1, "example report");
    Report out;
    out.command = "engines";
    out.machine = {
        .version = "0.1.0",
        .compiler = "GCC 12.2.0, -O2",
        .cpu = "A processor <of 2026>",
        .cores = 4,
        .memory_bytes = 16ULL << 30U,
        .system = "Linux 6.1.0",
        .load_before = 0.25,
        .began_ms = 1'780'000'000'000};
    out.runs.push_back(example_run(random, "dpos", 118'000));
    out.runs.push_back(example_learning(random));
    out.runs.push_back(example_crash(random));
    out.checks = {{"learning costs little", "at most 30 % of the throughput", "0.2 %", true}};
    return out;
}

Report small_report() {
    Report out = example_report();
    out.runs.erase(out.runs.begin());
    out.runs.resize(1);
    Run& run = out.runs.front();
    run.seconds.resize(1);
    run.stages.resize(1);
    run.nodes.resize(1);
    run.checks.resize(1);
    run.marks = {{1'000'000, "node 3 is killed"}};
    run.learning->time_to_target_ms = 12'000;
    out.simulated = {
        {.nodes = 4,
         .blocks = 8,
         .txns = 86,
         .proposals = 24,
         .prepares = 96,
         .commits = 96,
         .relayed = 1,
         .gossip = 730,
         .others = 98,
         .sent_bytes = 122'000,
         .verifications = 595,
         .cpu_us = 84'000,
         .simulated_ms = 872,
         .messages_before = 1'223,
         .random_seed = 1}};
    out.knee_per_s = 8'000;
    return out;
}

}  // namespace polis::tools::bench
