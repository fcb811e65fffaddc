#include <tools/bench/report/output.hpp>

#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <tools/bench/report/csv.hpp>
#include <tools/bench/report/json.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::bench {

Fallible<void> write_files(const std::filesystem::path& folder, const Report& report) {
    using Render = std::string (*)(const Report&);
    // The numbers first: whatever fails after them can be made from them again.
    constexpr std::array<std::pair<std::string_view, Render>, 9> kFiles = {
        {{kSummaryName, &to_json},
         {"runs.csv", &runs_csv},
         {"seconds.csv", &seconds_csv},
         {"nodes.csv", &nodes_csv},
         {"stages.csv", &stages_csv},
         {"latency.csv", &latency_csv},
         {"simulated.csv", &simulated_csv},
         {"report.md", &to_markdown},
         {"report.html", &to_html}}};
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) {
        return std::unexpected(Failure(fmt::format(
            "cannot make {}: {}; choose another folder", folder.string(), failed.message())));
    }
    for (const auto& [name, render] : kFiles) {
        POLIS_TRY_VOID(devnet::write_file(folder / name, render(report)));
    }
    return {};
}

}  // namespace polis::tools::bench
