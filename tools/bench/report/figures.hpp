#pragma once

#include <string>
#include <vector>

#include <tools/bench/result.hpp>

/// The pictures of a report.
namespace polis::tools::bench {

struct Figure {
    std::string title;
    std::string caption;              ///< what it shows and how to read it
    std::vector<std::string> charts;  ///< SVG; several stand side by side
};

/// Of one run: what came in and became final, latency, the mempool, processors, stages.
[[nodiscard]] std::vector<Figure> figures_of(const Run& run);

/// What a block took over the number of nodes, real and simulated ones.
[[nodiscard]] Figure growth_by_block(const Report& report);

/// Over all runs: growth by block if there are simulated networks too; throughput against latency
/// if the rates differ, growth by transaction if the numbers of nodes differ, otherwise runs side
/// by side. None of these for a single run.
[[nodiscard]] std::vector<Figure> figures_over(const Report& report);

}  // namespace polis::tools::bench
