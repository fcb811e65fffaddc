#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <tools/bench/result.hpp>
#include <tools/failure.hpp>

/// The file summary.json: all of a report, and nothing else. docs/formats/bench.md
namespace polis::tools::bench {

inline constexpr std::string_view kSchemaName = "polis.bench";
inline constexpr std::string_view kSummaryName = "summary.json";

/// A summary of a run of an hour with a hundred nodes has a hundredth of that.
inline constexpr std::uint64_t kSummaryBytesMax = 64U << 20U;

/// The report as the text of a summary; ends with a line feed. Integers are exact, a reader gets
/// back the same doubles.
/// @pre all doubles are finite
[[nodiscard]] std::string to_json(const Report& report);

/// The report that `text` describes. Strict: every member must be there, and no other one.
/// @error what is wrong and where in the text, with a cure; `source` names the text
[[nodiscard]] Fallible<Report> parse_summary(std::string_view text, std::string_view source);

/// Reads a summary; for a folder, the summary in it.
/// @error there is none, it is too large, or it is damaged
[[nodiscard]] Fallible<Report> read_summary(const std::filesystem::path& path);

}  // namespace polis::tools::bench
