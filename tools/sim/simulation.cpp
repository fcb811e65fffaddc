#include <tools/sim/simulation.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <tools/sim/describe.hpp>
#include <tools/sim/partitions.hpp>
#include <tools/sim/population.hpp>
#include <tools/sim/school.hpp>

namespace polis::sim {

namespace {

constexpr std::uint64_t kEventsMax = 3'000'000;  // a run that needs more goes in circles
constexpr std::uint64_t kTraitorsMs = 200;
constexpr std::uint64_t kSetBackHeights = 3;  // from the copy of a record to its return
constexpr std::uint64_t kFactMs = 700;
constexpr std::uint64_t kNoncesAhead = 2;
constexpr std::uint64_t kAfterForkMs = 5'000;
constexpr std::uint64_t kHeightsAfter = 3;  // that must follow the end of the faults
constexpr std::uint64_t kRecoveryMsMin = 30'000;

}  // namespace

Simulation::Simulation(const Case& run, TraceSink sink)
    : scenario_(make_scenario(run)),
      genesis_(make_genesis(scenario_)),
      trace_(kRunStart, std::move(sink)),
      judge_({scenario_, genesis_, checker_, workers_}),
      cluster_({scenario_, genesis_, checker_, workers_, judge_, trace_}),
      random_(run.seed, "faults"),
      work_(run.seed, "work") {}

RunResult run_case(const Case& run) { return Simulation(run, {}).run(); }

RunResult Simulation::run() {
    trace_.line(cluster_.now(), "-", describe(scenario_));
    cluster_.start();
    run_faults();
    if (judge_.forked()) {
        run_after_fork();
    } else if (scenario_.run.options.above_f == 0 && !judge_.violation()) {
        run_recovery();
    }
    Referee& referee = judge_.referee();
    if (judge_.violation()) {
        const Violation& violation = *judge_.violation();
        trace_.line(
            cluster_.now(),
            "-",
            fmt::format("VIOLATION of {}: {}", to_string(violation.broken), violation.what));
    }
    for (Height height{1}; height <= referee.height(); ++height.value) {
        trace_.mix(referee.head(height).block.view());
        result_.views_max = std::max(result_.views_max, referee.view(height).value);
    }
    result_.violation = judge_.violation();
    result_.heights = referee.height().value;
    result_.messages = cluster_.messages();
    result_.events = cluster_.events();
    result_.restarts = cluster_.restarts();
    result_.facts = referee.facts();
    result_.rounds = referee.rounds();
    result_.school = referee.school();
    result_.committees = referee.committees();
    result_.accusations = judge_.accusations();
    result_.simulated_ms = cluster_.now().value - kRunStart.value;
    result_.memory_bytes_max = judge_.memory_bytes_max();
    result_.forked = judge_.forked();
    result_.digest = trace_.finish();
    return result_;
}

bool Simulation::over() const { return judge_.violation().has_value() || judge_.forked(); }

/// One event or chore, if one is due by `limit`.
bool Simulation::step_until(TimeMs limit) {
    const TimeMs never{UINT64_MAX};
    const TimeMs event = cluster_.has_next() ? cluster_.next_time() : never;
    const TimeMs chore = chores_.empty() ? never : chores_.next_time();
    if (std::min(event, chore) > limit) {
        return false;
    }
    if (cluster_.events() >= kEventsMax) {
        judge_.fault(Broken::kLiveness, "the run goes in circles: too many events");
        return false;
    }
    if (event <= chore) {
        cluster_.step();
    } else {
        const auto entry = chores_.pop();
        cluster_.advance_to(entry.time);
        do_chore(entry.event);
    }
    return true;
}

void Simulation::schedule(Chore chore, std::uint64_t mean_ms) {
    if (mean_ms > 0) {
        chores_.push(TimeMs{cluster_.now().value + random_.between(1, 2 * mean_ms)}, chore);
    }
}

void Simulation::run_faults() {
    schedule(Chore::kCrash, scenario_.rates.crash_ms);
    schedule(Chore::kPartition, scenario_.rates.partition_ms);
    schedule(Chore::kDisk, scenario_.rates.disk_ms);
    schedule(Chore::kTraitors, scenario_.traitors.empty() ? 0 : kTraitorsMs);
    schedule(Chore::kTxn, scenario_.txns_per_second > 0 ? 1'000 / scenario_.txns_per_second : 0);
    schedule(Chore::kFact, kFactMs);
    schedule(Chore::kLearn, scenario_.run.options.pole ? scenario_.rates.height_ms : 0);
    const TimeMs limit{kRunStart.value + scenario_.faults_ms_max};
    while (!over() && judge_.referee().height() < scenario_.target && step_until(limit)) {
    }
    if (!over()) {
        cluster_.advance_to(std::min(limit, cluster_.now()));
    }
}

void Simulation::run_recovery() {
    healed_ = true;
    cluster_.heal();
    const TimeMs begin = cluster_.now();
    const Height last = judge_.referee().height();
    const Height next{last.value + 1};
    const View view = highest_view(next);
    const std::uint64_t bound_ms =
        kRecoveryMsMin + 2 * (scenario_.faults_max() + 2) * scenario_.timing.view_timeout_ms_max;
    const TimeMs limit{begin.value + bound_ms};
    while (!over() && !all_correct_at(next) && step_until(limit)) {
    }
    result_.recovery_ms = cluster_.now().value - begin.value;
    if (!over() && !all_correct_at(next)) {
        judge_.fault(
            Broken::kLiveness,
            fmt::format(
                "{} ms after the faults not every correct node has block {}",
                bound_ms,
                next.value));
    }
    if (over()) {
        return;
    }
    const View decided = judge_.referee().view(next);
    result_.recovery_views = decided.value - std::min(decided, view).value;
    if (result_.recovery_views > scenario_.faults_max() + 1) {
        judge_.fault(
            Broken::kLiveness,
            fmt::format(
                "block {} took {} leader changes after the faults; f is {}",
                next.value,
                result_.recovery_views,
                scenario_.faults_max()));
    }
    const Height goal{last.value + kHeightsAfter};
    const TimeMs end{cluster_.now().value + bound_ms};
    while (!over() && !all_correct_at(goal) && step_until(end)) {
    }
    if (!over() && !all_correct_at(goal)) {
        judge_.fault(Broken::kLiveness, fmt::format("stands still before block {}", goal.value));
    }
}

/// What the liars said must reach all who are to judge them.
void Simulation::run_after_fork() {
    healed_ = true;
    cluster_.heal();
    const TimeMs limit{cluster_.now().value + kAfterForkMs};
    while (!judge_.violation() && step_until(limit)) {
    }
    judge_.call_to_account();
}

void Simulation::do_chore(Chore chore) {
    switch (chore) {
        case Chore::kCrash:
            crash_somebody();
            break;
        case Chore::kPartition:
            cut_something();
            break;
        case Chore::kMend:
            if (!healed_) {
                cluster_.cut({});
            }
            break;
        case Chore::kDisk:
            break_some_disk();
            break;
        case Chore::kSetBack:
            set_somebody_back();
            break;
        case Chore::kTraitors:
            prompt_traitors();
            break;
        case Chore::kTxn:
            submit_txn();
            break;
        case Chore::kFact:
            find_fact();
            break;
        case Chore::kLearn:
            learn();
            break;
    }
}

std::uint64_t Simulation::pause() { return random_.between(1, scenario_.rates.pause_ms_max); }

std::optional<NodeId> Simulation::some_node(bool correct) {
    std::vector<NodeId> found;
    for (NodeId id = 0; id < cluster_.size(); ++id) {
        if (cluster_.running(id) && (!correct || cluster_.correct(id))) {
            found.push_back(id);
        }
    }
    return found.empty() ? std::nullopt : std::optional{random_.pick(found)};
}

void Simulation::crash_somebody() {
    if (healed_) {
        return;
    }
    // Now and then the lights go out everywhere.
    const std::size_t count =
        random_.chance(1, 20) ? cluster_.size() : (random_.chance(1, 5) ? 2 : 1);
    for (std::size_t i = 0; i < count; ++i) {
        const auto node = some_node(/*correct=*/false);
        if (!node) {
            break;
        }
        if (random_.chance(1, 2)) {
            cluster_.crash(*node, pause());
        } else {
            cluster_.break_disk(*node, ledger::StoreFault::kCrash, pause());
        }
    }
    schedule(Chore::kCrash, scenario_.rates.crash_ms);
}

void Simulation::cut_something() {
    if (healed_) {
        return;
    }
    const auto kind =
        static_cast<Partition>(random_.below(static_cast<std::uint64_t>(kPartitionLast) + 1));
    cluster_.cut(cut_links(kind, cluster_.size(), random_));
    schedule(Chore::kMend, scenario_.rates.mend_ms_max / 2 + 1);
    schedule(Chore::kPartition, scenario_.rates.partition_ms);
}

void Simulation::break_some_disk() {
    if (healed_) {
        return;
    }
    const auto node = some_node(/*correct=*/true);
    const bool may =
        node && (set_back_.contains(*node) || set_back_.size() < scenario_.set_back_max);
    if (may && random_.chance(1, 2)) {
        set_back_.insert(*node);
        cluster_.keep_vote_record(*node);
        schedule(Chore::kSetBack, kSetBackHeights * scenario_.rates.height_ms);
    } else if (node) {
        std::array faults{
            ledger::StoreFault::kIo, ledger::StoreFault::kNoSpace, ledger::StoreFault::kFailedSync};
        // Named, since compilers draw the arguments of a call in different orders.
        const ledger::StoreFault fault = random_.pick(faults);
        const std::uint64_t pause_ms = pause();
        cluster_.break_disk(*node, fault, pause_ms);
    }
    schedule(Chore::kDisk, scenario_.rates.disk_ms);
}

/// The copy of a vote record is put back at a restart, so one must come, and soon after a vote.
void Simulation::set_somebody_back() {
    if (healed_) {
        return;
    }
    for (const NodeId id : set_back_) {
        cluster_.crash(id, random_.between(1, scenario_.rates.height_ms));
    }
}

void Simulation::prompt_traitors() {
    for (NodeId id = 0; id < cluster_.size(); ++id) {
        if (cluster_.correct(id)) {
            continue;
        }
        const Traitor* traitor = scenario_.traitor(scenario_.nodes[id].member);
        if (!healed_ && traitor->tricks.contains(Trick::kSetsBackDisk) && random_.chance(1, 10)) {
            cluster_.set_disk_back(id, pause());
        }
        cluster_.prompt(id);
    }
    schedule(Chore::kTraitors, kTraitorsMs);
}

void Simulation::submit_txn() {
    if (const auto node = some_node(/*correct=*/true)) {
        ledger::Chain& chain = cluster_.validator(*node).chain();
        cluster_.input(*node, node::SubmitTxn{make_txn(chain, scenario_, work_, kNoncesAhead)});
    }
    schedule(Chore::kTxn, 1'000 / scenario_.txns_per_second);
}

void Simulation::find_fact() {
    const consensus::Fact fact = make_fact(scenario_.run.seed, fact_count_++);
    judge_.referee().expect(fact);
    for (NodeId id = 0; id < cluster_.size(); ++id) {
        tell(id, fact);
    }
    schedule(Chore::kFact, kFactMs);
}

/// A node has worked a fact out; a liar says something else, if there is anything else to say.
void Simulation::tell(NodeId id, const consensus::Fact& fact) {
    const Traitor* traitor = scenario_.traitor(scenario_.nodes[id].member);
    const bool lies = traitor != nullptr && traitor->tricks.contains(Trick::kFalseFacts);
    cluster_.input(id, node::FactFound{lies && !fact.result.empty() ? false_fact(fact) : fact});
}

/// One sends what owner and trainers want to, all work out what their state asks for.
void Simulation::learn() {
    if (const auto node = some_node(/*correct=*/true)) {
        ledger::Chain& chain = cluster_.validator(*node).chain();
        for (Bytes& txn : school_txns(chain, scenario_, work_)) {
            cluster_.input(*node, node::SubmitTxn{std::move(txn)});
        }
    }
    for (NodeId id = 0; id < cluster_.size(); ++id) {
        if (!cluster_.running(id)) {
            continue;
        }
        for (const consensus::Fact& fact : school_facts(cluster_.validator(id).chain())) {
            judge_.referee().expect(fact);
            tell(id, fact);
        }
    }
    schedule(Chore::kLearn, scenario_.rates.height_ms);
}

bool Simulation::all_correct_at(Height height) const {
    for (NodeId id = 0; id < cluster_.size(); ++id) {
        if (cluster_.correct(id) && cluster_.announced(id) < height) {
            return false;
        }
    }
    return true;
}

/// Among the correct nodes that decide this height.
View Simulation::highest_view(Height height) {
    View view;
    for (NodeId id = 0; id < cluster_.size(); ++id) {
        if (cluster_.correct(id) && cluster_.running(id)) {
            const pbft::Replica& replica = cluster_.validator(id).replica();
            view = replica.height() == height ? std::max(view, replica.view()) : view;
        }
    }
    return view;
}

}  // namespace polis::sim
