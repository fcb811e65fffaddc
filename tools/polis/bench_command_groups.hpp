#pragma once

#include <tools/polis/command.hpp>

/// The commands of `polis bench`.
namespace polis::tools {

void add_bench_compare_command(Program& program, CLI::App& bench);
void add_bench_engines_command(Program& program, CLI::App& bench);
void add_bench_faults_command(Program& program, CLI::App& bench);
void add_bench_growth_command(Program& program, CLI::App& bench);
void add_bench_report_command(Program& program, CLI::App& bench);
void add_bench_run_command(Program& program, CLI::App& bench);
void add_bench_sweep_command(Program& program, CLI::App& bench);

}  // namespace polis::tools
