#pragma once

#include <tools/polis/command.hpp>

namespace polis::tools {

/// Adds `compare` to `polis bench`.
void add_bench_compare_command(Program& program, CLI::App& bench);

/// Adds `report`.
void add_bench_report_command(Program& program, CLI::App& bench);

/// Adds `run`.
void add_bench_run_command(Program& program, CLI::App& bench);

}  // namespace polis::tools
