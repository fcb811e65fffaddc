#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// Curves and progress in a line of text (UTF-8).
namespace polis::tools::learning {

/// The values as blocks of eight heights, the lowest value lowest. More values than `width` are
/// averaged; fewer are shown as they are.
[[nodiscard]] std::string sparkline(std::span<const std::uint64_t> values, std::size_t width);

/// "[######....]" for `done` of `total`.
[[nodiscard]] std::string progress_bar(std::uint64_t done, std::uint64_t total, std::size_t width);

/// "850 ms", "12.3 s", "4 min 10 s", "2 h 5 min".
[[nodiscard]] std::string duration_text(std::uint64_t ms);

}  // namespace polis::tools::learning
