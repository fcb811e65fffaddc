// One load on one network, from signing to the figures of a Run.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>

#include <core/random.hpp>
#include <tools/bench/during.hpp>
#include <tools/bench/floor.hpp>
#include <tools/bench/probe.hpp>
#include <tools/bench/run.hpp>
#include <tools/bench/summarise.hpp>
#include <tools/bench/workload.hpp>
#include <tools/load/drive.hpp>

namespace polis::tools::bench {

namespace {

std::uint64_t own_cpu_us() {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto us = [](const timeval& time) {
        return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
               static_cast<std::uint64_t>(time.tv_usec);
    };
    return us(use.ru_utime) + us(use.ru_stime);
}

/// Without progress after the load for so long, what is open stays open.
constexpr std::chrono::seconds kPatience{20};

/// Transactions on which the floor is measured.
constexpr std::size_t kFloorSample = 512;

std::uint64_t mean_bytes(const std::vector<SignedTxn>& txns) {
    std::uint64_t sum = 0;
    for (const SignedTxn& txn : txns) {
        sum += txn.encoded.size();
    }
    return txns.empty() ? 0 : sum / txns.size();
}

/// Signed transactions at even distances; each account speaks to one node.
std::vector<DueTxn> spread_out(
    std::vector<SignedTxn> txns, const LoadPlan& plan, std::size_t nodes) {
    std::vector<DueTxn> out;
    out.reserve(txns.size());
    for (std::size_t i = 0; i < txns.size(); ++i) {
        out.push_back(
            {.txn = std::move(txns[i]),
             .at_us = i * 1'000'000 / plan.rate,
             .node = i % plan.senders % nodes});
    }
    return out;
}

std::vector<HttpAddress> addresses_of(const devnet::Devnet& devnet) {
    std::vector<HttpAddress> out;
    for (const devnet::Node& node : devnet.nodes) {
        out.push_back(devnet::rpc_address(node));
    }
    return out;
}

/// Everything that is made before the clock starts.
Fallible<std::vector<SignedTxn>> make_txns(
    const devnet::Devnet& devnet, const LoadPlan& plan, const Say& say) {
    RpcClient node(devnet::rpc_address(devnet.nodes.front()));
    LoadAccounts accounts = LoadAccounts::of_devnet(devnet.manifest.seed, plan.senders);
    POLIS_TRY_VOID(accounts.read_nonces(node));
    POLIS_TRY(const std::unique_ptr<Workload> workload, make_workload(plan.workload));
    POLIS_TRY_VOID(workload->prepare(node, accounts));
    POLIS_TRY(const SenderView chain, accounts.view(node));
    Random random(plan.random_seed, "benchmark");
    std::vector<ledger::Payload> payloads;
    const std::uint64_t count = plan.rate * plan.seconds;
    payloads.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        payloads.push_back(workload->next(i % plan.senders, accounts, random));
    }
    say(fmt::format("signing {} transactions", count));
    return accounts.sign(chain, payloads);
}

/// What is read of nodes and of this process as the load begins and ends.
struct Around {
    std::vector<Reading> before;
    std::vector<Reading> after;
    std::uint64_t client_us = 0;
};

Setup setup_of(const devnet::Devnet& devnet, const LoadPlan& plan) {
    return {
        .workload = plan.workload,
        .election = devnet.manifest.election,
        .fault = plan.fault == nullptr ? "" : std::string(plan.fault->name),
        .nodes = devnet.nodes.size(),
        .rate = plan.rate,
        .rate_found = plan.rate_found,
        .seconds = plan.seconds,
        .senders = plan.senders,
        .block_interval_ms = devnet.manifest.block_interval_ms,
        .random_seed = plan.random_seed};
}

/// Adds what nobody knew before the load. @pre both verifications are measured
Floor floor_of(const Run& run, Floor out, std::uint64_t client_us) {
    out.floor_us = static_cast<double>(run.setup.nodes) * out.verify_us;
    const auto finalized = static_cast<double>(run.counts.finalized);
    if (finalized > 0) {
        std::uint64_t spent = 0;
        for (const NodeUse& node : run.nodes) {
            spent += node.user_us + node.system_us;
        }
        out.spent_us = static_cast<double>(spent) / finalized;
        out.client_us = static_cast<double>(client_us) / finalized;
        out.ratio = out.spent_us / out.floor_us;
    }
    return out;
}

std::vector<Check> usual_checks(const Counts& counts) {
    const auto none = [](std::string what, std::uint64_t count, std::string_view name) {
        return Check{
            .what = std::move(what),
            .wanted = fmt::format("0 {}", name),
            .found = fmt::format("{} {}", count, name),
            .passed = count == 0};
    };
    return {
        none("every transaction becomes final", counts.unfinished, "unfinished"),
        none("every transaction succeeds", counts.failed, "failed")};
}

}  // namespace

Fallible<Run> measure(Network& network, const LoadPlan& plan, const Say& say) {
    devnet::Devnet& devnet = network.devnet();
    POLIS_TRY(std::vector<SignedTxn> txns, make_txns(devnet, plan, say));
    const std::uint64_t txn_bytes = mean_bytes(txns);
    const std::vector<Signed> signatures =
        signatures_of(std::span(txns).first(std::min(txns.size(), kFloorSample)));
    Floor floor;
    floor.verify_alone_us = verification_us(signatures);
    VerificationProbe probe(signatures);
    std::vector<DueTxn> load = spread_out(std::move(txns), plan, devnet.nodes.size());
    const LoadTimes times = times_of(load, plan.seconds);
    std::vector<FaultStep> steps;
    if (plan.fault != nullptr) {
        steps = plan.fault->steps(devnet.nodes.size(), plan.seconds);
    }
    During during(devnet, steps);
    Around around;
    if (plan.before) {
        plan.before(devnet);
    }
    around.before = read_nodes(devnet);
    say(fmt::format("{}: {} transactions a second for {} s", plan.name, plan.rate, plan.seconds));
    DriveOptions options{
        .nodes = addresses_of(devnet), .load_us = plan.seconds * 1'000'000, .patience = kPatience};
    options.at_start = [&] {
        around.client_us = own_cpu_us();
        during.start();
        probe.start();
    };
    options.at_end = [&] {
        probe.stop();
        around.client_us = own_cpu_us() - around.client_us - probe.spent_us();
        around.after = read_nodes(during.now());
    };
    auto driven = drive(options, std::move(load));
    during.stop();
    POLIS_TRY(const Driven seen, std::move(driven));
    if (!during.failure().empty()) {
        return std::unexpected(Failure(during.failure()));
    }
    if (plan.after) {
        plan.after(devnet);
    }
    Run run;
    run.name = plan.name;
    run.setup = setup_of(devnet, plan);
    summarise(times, seen, run);
    run.counts.txn_bytes = txn_bytes;
    run.stages = stages_between(around.before, around.after);
    run.nodes = use_between(around.before, around.after);
    add_looks(during.looks(), run);
    run.marks = during.marks();
    floor.verify_us = probe.verification_us();
    run.floor = floor_of(run, floor, around.client_us);
    run.checks = usual_checks(run.counts);
    if (plan.fault != nullptr) {
        std::ranges::move(plan.fault->judge(run, steps), std::back_inserter(run.checks));
    }
    POLIS_TRY_VOID(check_network(devnet, plan.fault, run));
    return run;
}

}  // namespace polis::tools::bench
