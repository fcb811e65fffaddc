#include <tools/polis/bench_command_groups.hpp>

namespace polis::tools {

void add_bench_commands(Program& program) {
    CLI::App& bench =
        *program.app.add_subcommand("bench", "Measure networks, and compare what was measured");
    bench.require_subcommand(1);
    add_bench_run_command(program, bench);
    add_bench_sweep_command(program, bench);
    add_bench_engines_command(program, bench);
    add_bench_faults_command(program, bench);
    add_bench_growth_command(program, bench);
    add_bench_compare_command(program, bench);
    add_bench_report_command(program, bench);
}

}  // namespace polis::tools
