#include <tools/sim/scenario.hpp>

#include <algorithm>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include <consensus/quorum.hpp>
#include <core/random.hpp>

namespace polis::sim {

namespace {

constexpr std::int64_t kSkewMsMax = 2'000;  // well below the drift that blocks may show
constexpr std::uint64_t kSafeDelays = 12;   // of a height fit into the first timeout of a view
constexpr std::uint64_t kHeightDelays = 3;  // that a height takes, about

std::int64_t around_zero(Random& random, std::int64_t max) {
    return static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(2 * max))) - max;
}

void choose_size(Scenario& scenario) {
    Random random(scenario.run.seed, "size");
    const Options& options = scenario.run.options;
    scenario.validators = random.between(options.nodes_min, options.nodes_max);
    scenario.seats = scenario.validators;
    // More candidates than seats, so that stake decides who votes; never fewer seats than asked.
    if (scenario.validators > options.nodes_min && random.chance(1, 2)) {
        scenario.seats = random.between(options.nodes_min, scenario.validators - 1);
    }
    scenario.term_blocks = random.between(3, 8);
    scenario.target = Height{random.between(8, 20)};
    scenario.faults_ms_max = random.between(30'000, 60'000);
    scenario.txns_per_second = random.between(0, 12);
    scenario.stakes_change = random.chance(3, 4);
}

/// A stream of its own: what older seeds mean stays as it is.
void choose_stakes(Scenario& scenario) {
    Random random(scenario.run.seed, "stakes");
    scenario.stakes_equal = random.chance(1, 3);
}

/// Rounds take more blocks than agreement needs to be tried.
void choose_learning(Scenario& scenario) {
    if (scenario.run.options.pole) {
        Random random(scenario.run.seed, "learning");
        scenario.target = Height{random.between(50, 90)};
        scenario.faults_ms_max *= 4;
    }
}

void choose_network(Scenario& scenario) {
    Random random(scenario.run.seed, "profile");
    NetworkProfile& network = scenario.network;
    network.base_ms_max = random.between(1, 40);
    network.jitter_ms_max = random.between(0, 40);
    network.keeps_order = random.chance(1, 4);
    if (scenario.run.options.faults.loss) {
        network.loss_permille = random.chance(2, 3) ? random.between(1, 150) : 0;
        network.repeat_permille = random.chance(1, 2) ? random.between(1, 200) : 0;
        network.slow_permille = random.chance(1, 2) ? random.between(1, 100) : 0;
        network.slow_ms_max = random.between(100, 5'000);
    }
    pbft::Timing& timing = scenario.timing;
    const std::uint64_t delay_ms = network.base_ms_max + network.jitter_ms_max;
    timing.block_interval_ms = random.between(20, 200);
    timing.view_timeout_ms =
        timing.block_interval_ms + std::max<std::uint64_t>(kSafeDelays * delay_ms, 200);
    timing.view_timeout_ms_max = timing.view_timeout_ms * 16;
    timing.resend_ms = std::max<std::uint64_t>(timing.view_timeout_ms / 3, 50);
}

void choose_rates(Scenario& scenario) {
    Random random(scenario.run.seed, "rates");
    const Faults& faults = scenario.run.options.faults;
    Rates& rates = scenario.rates;
    // In heights, so that fast networks see as many faults as slow ones.
    const NetworkProfile& network = scenario.network;
    rates.height_ms = scenario.timing.block_interval_ms +
                      kHeightDelays * (network.base_ms_max + network.jitter_ms_max);
    const auto heights = [&](std::uint64_t few, std::uint64_t many) {
        return rates.height_ms * random.between(few, many);
    };
    rates.pause_ms_max = heights(1, 40);
    rates.mend_ms_max = heights(1, 30);
    rates.crash_ms = faults.crash && random.chance(3, 4) ? heights(1, 20) : 0;
    rates.partition_ms = faults.partition && random.chance(3, 4) ? heights(2, 25) : 0;
    rates.disk_ms = faults.disk && random.chance(3, 4) ? heights(1, 12) : 0;
}

std::set<Trick> choose_tricks(Random& random) {
    std::set<Trick> tricks;
    const std::uint64_t count = random.between(1, 4);
    for (std::uint64_t i = 0; i < count; ++i) {
        tricks.insert(static_cast<Trick>(random.below(static_cast<std::uint64_t>(kTrickLast) + 1)));
    }
    if (tricks.size() > 1) {
        tricks.erase(Trick::kSilent);
    }
    return tricks;
}

void choose_traitors(Scenario& scenario) {
    Random random(scenario.run.seed, "traitors");
    const Options& options = scenario.run.options;
    const std::size_t f = scenario.faults_max();
    const bool many = options.above_f > 0;
    std::size_t count = 0;
    if (many) {
        // Every seat is filled, so that the number of liars in each committee is what was asked.
        scenario.seats = scenario.validators;
        count = scenario.faults_max() + options.above_f;
    } else if (options.faults.byzantine && f > 0) {
        count = random.chance(1, 2) ? f : random.below(f + 1);
    }
    std::vector<std::size_t> members(scenario.validators);
    std::iota(members.begin(), members.end(), std::size_t{0});
    random.shuffle(members);
    for (std::size_t i = 0; i < count; ++i) {
        Traitor traitor{.member = members[i], .tricks = choose_tricks(random)};
        traitor.silent_later = random.chance(1, 2);
        if (many) {
            traitor.tricks.erase(Trick::kSilent);
            traitor.tricks.insert({Trick::kEquivocates, Trick::kVotesForAll});
        }
        scenario.traitors.push_back(std::move(traitor));
    }
    const std::size_t left = f - std::min(f, count);
    scenario.set_back_max = options.faults.disk ? left : 0;
}

void choose_nodes(Scenario& scenario) {
    Random random(scenario.run.seed, "clocks");
    const bool exact = random.chance(1, 4);
    const auto plan = [&](std::size_t member) {
        NodePlan node{.member = member};
        if (!exact) {
            node.skew_ms = around_zero(random, kSkewMsMax);
            node.drift_ppm = around_zero(random, 1'000);
        }
        scenario.nodes.push_back(node);
    };
    for (std::size_t member = 0; member < scenario.validators; ++member) {
        plan(member);
    }
    for (const Traitor& traitor : scenario.traitors) {
        if (traitor.tricks.contains(Trick::kTwins)) {
            plan(traitor.member);
        }
    }
}

}  // namespace

std::string_view to_string(Trick trick) {
    switch (trick) {
        case Trick::kSilent:
            return "silent";
        case Trick::kWithholdsVotes:
            return "withholds votes";
        case Trick::kWithholdsProposals:
            return "withholds proposals";
        case Trick::kWithholdsBodies:
            return "withholds bodies";
        case Trick::kSelective:
            return "selective";
        case Trick::kEquivocates:
            return "equivocates";
        case Trick::kVotesForAll:
            return "votes for all";
        case Trick::kDoubleVotes:
            return "double votes";
        case Trick::kReplays:
            return "replays";
        case Trick::kMutates:
            return "mutates";
        case Trick::kHugeViews:
            return "huge views";
        case Trick::kLiesInViewChange:
            return "lies in view changes";
        case Trick::kTwins:
            return "twins";
        case Trick::kSetsBackDisk:
            return "sets back its disk";
        case Trick::kFalseFacts:
            return "false facts";
    }
    return "unknown";
}

const Traitor* Scenario::traitor(std::size_t member) const {
    const auto found = std::ranges::find(traitors, member, &Traitor::member);
    return found == traitors.end() ? nullptr : &*found;
}

Scenario make_scenario(const Case& run) {
    Scenario scenario;
    scenario.run = run;
    choose_size(scenario);
    choose_stakes(scenario);
    choose_learning(scenario);
    choose_network(scenario);
    choose_rates(scenario);
    choose_traitors(scenario);
    choose_nodes(scenario);
    return scenario;
}

std::string describe(const Scenario& scenario) {
    std::string out = fmt::format(
        "{} validators, {} seats, f {}, terms of {}, delay up to {} ms, view {} ms, loss {} o/oo",
        scenario.validators,
        scenario.seats,
        scenario.faults_max(),
        scenario.term_blocks,
        scenario.network.base_ms_max + scenario.network.jitter_ms_max,
        scenario.timing.view_timeout_ms,
        scenario.network.loss_permille);
    for (const Traitor& traitor : scenario.traitors) {
        out += fmt::format("; v{} lies:", traitor.member);
        for (const Trick trick : traitor.tricks) {
            out += fmt::format(" {},", to_string(trick));
        }
        out.pop_back();
    }
    return out;
}

}  // namespace polis::sim
