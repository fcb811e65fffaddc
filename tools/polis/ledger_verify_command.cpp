#include <tools/polis/ledger_verify_command.hpp>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include <node/home/home.hpp>
#include <tools/polis/progress_line.hpp>
#include <tools/polis/report.hpp>
#include <tools/verify/replay.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::uint64_t per_second(std::uint64_t count, double seconds) {
    return static_cast<std::uint64_t>(static_cast<double>(count) / std::max(seconds, 1e-3));
}

Outcome report_fault(const ReplayFault& fault, bool json) {
    if (json) {
        Report report;
        report.flag("ok", false);
        report.number("height", fault.height.value);
        report.text("what", fault.what);
        report.text("expected", fault.expected);
        report.text("found", fault.found);
        POLIS_TRY_VOID(print(report, /*as_json=*/true));
    }
    if (fault.expected.empty()) {
        return std::unexpected("verify stopped at " + describe(fault));
    }
    return std::unexpected(
        "this chain is not what its genesis and blocks give: " + describe(fault) +
        "; restore a copy or sync again");
}

}  // namespace

Outcome ledger_verify(const VerifyOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    ProgressLine line("verify");
    const Clock::time_point begin = Clock::now();
    const auto summary = replay(
        *chain, {.threads = options.threads, .on_block = [&line](const ReplayProgress& progress) {
                     line.update(progress.height, progress.head);
                 }});
    if (!summary) {
        return report_fault(summary.error(), options.json);
    }
    const double seconds = seconds_since(begin);
    Report report;
    report.flag("ok", true);
    report.number("height", summary->height.value);
    report.number("blocks", summary->height.value + 1);
    report.number("transactions", summary->txns);
    report.number("rows_compared", summary->rows);
    report.json("seconds", seconds);
    report.note("seconds", fmt::format("{:.3f}", seconds));
    report.number("tx_per_second", per_second(summary->txns, seconds));
    report.number("threads", options.threads);
    report.bytes("genesis_hash", summary->genesis.view());
    report.bytes("block", summary->block.view());
    report.bytes("state_root", summary->state_root.view());
    report.note("verdict", "every signature, link, receipt, root and row is as execution gives it");
    return print(report, options.json);
}

}  // namespace polis::tools
