#include <fmt/format.h>

#include <tools/bench/report/output.hpp>
#include <tools/bench/report/tables.hpp>
#include <tools/bench/report/words.hpp>

namespace polis::tools::bench {

std::string to_text(const Report& report) {
    std::string out = fmt::format(
        "polis {} on {}\n\n{}",
        report.machine.version,
        machine_text(report.machine),
        to_text(runs_table(report)));
    if (report.knee_per_s) {
        out += fmt::format("\nknee: {} transactions a second\n", whole(*report.knee_per_s));
    }
    if (!report.simulated.empty()) {
        out += '\n' + to_text(growth_table(report)) + '\n' + to_text(simulated_table(report));
    }
    if (report.runs.size() == 1) {
        const Run& run = report.runs.front();
        out += '\n' + to_text(latency_table(report));
        if (!run.stages.empty()) {
            out += '\n' + to_text(stages_table(run));
        }
    }
    if (has_learning(report)) {
        out += '\n' + to_text(learning_table(report));
    }
    const Table checks = checks_table(report);
    if (!checks.rows.empty()) {
        out += '\n' + to_text(checks);
    }
    return out + '\n' + verdict(report) + '\n';
}

}  // namespace polis::tools::bench
