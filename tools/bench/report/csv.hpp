#pragma once

#include <string>
#include <string_view>

#include <tools/bench/result.hpp>

/// Tables of a report for other programs: RFC 4180 with lines that end with CR LF, a head with the
/// names of the columns, units in the names. docs/formats/bench.md
namespace polis::tools::bench {

/// A field as RFC 4180 writes it: in quotes if a comma, quote or line break is in it.
[[nodiscard]] std::string csv_field(std::string_view text);

[[nodiscard]] std::string runs_csv(const Report& report);       ///< a row a run
[[nodiscard]] std::string seconds_csv(const Report& report);    ///< a row a second of a run
[[nodiscard]] std::string nodes_csv(const Report& report);      ///< a row a node of a run
[[nodiscard]] std::string stages_csv(const Report& report);     ///< a row a stage of a run
[[nodiscard]] std::string latency_csv(const Report& report);    ///< three rows a run
[[nodiscard]] std::string simulated_csv(const Report& report);  ///< a row a simulated network

}  // namespace polis::tools::bench
