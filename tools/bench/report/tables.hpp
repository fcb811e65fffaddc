#pragma once

#include <string>
#include <vector>

#include <tools/bench/report/table.hpp>
#include <tools/bench/result.hpp>

/// The tables of a report, the same in the terminal, in Markdown and on the page.
namespace polis::tools::bench {

/// One line a run: what came in, what became final, how soon, and what it cost.
[[nodiscard]] Table runs_table(const Report& report);

/// What was asked for, one line a run.
[[nodiscard]] Table setups_table(const Report& report);

/// Where it ran, one line a property.
[[nodiscard]] Table machine_table(const Machine& machine);

/// Percentiles of every run, from when a transaction was due until three events.
[[nodiscard]] Table latency_table(const Report& report);

/// Blocks and agreement, one line a run.
[[nodiscard]] Table blocks_table(const Report& report);

[[nodiscard]] Table stages_table(const Run& run);
[[nodiscard]] Table nodes_table(const Run& run);

/// Processor time of a transaction and the floor beneath it, one line a run.
[[nodiscard]] Table floor_table(const Report& report);

/// What a block took in networks of several sizes: real ones, then simulated ones.
[[nodiscard]] Table growth_table(const Report& report);

/// Messages of a simulated block by kind, and who checked how much; one line a size.
[[nodiscard]] Table simulated_table(const Report& report);

/// Runs side by side, one line a figure; a column only for runs that learned.
[[nodiscard]] Table learning_table(const Report& report);

[[nodiscard]] bool has_learning(const Report& report);

/// Those of the whole report, then those of the runs.
[[nodiscard]] Table checks_table(const Report& report);

}  // namespace polis::tools::bench
