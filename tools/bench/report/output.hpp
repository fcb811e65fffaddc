#pragma once

#include <filesystem>
#include <string>

#include <tools/bench/result.hpp>
#include <tools/failure.hpp>

/// What people read of a report, and the folder that holds all of it.
namespace polis::tools::bench {

/// For the terminal: tables, the verdict in the last line.
[[nodiscard]] std::string to_text(const Report& report);

/// For a code host: the verdict first, then everything in tables.
[[nodiscard]] std::string to_markdown(const Report& report);

/// One page with pictures that needs nothing else: no network, no other file.
[[nodiscard]] std::string to_html(const Report& report);

/// Writes summary.json, report.md, report.html and six tables (CSV) into `folder`, which is made
/// if it is missing. Each file is there as a whole or as it was before.
/// @error the folder cannot be used
[[nodiscard]] Fallible<void> write_files(const std::filesystem::path& folder, const Report& report);

}  // namespace polis::tools::bench
