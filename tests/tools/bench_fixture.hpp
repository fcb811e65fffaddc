#pragma once

#include <cstdint>

#include <tools/bench/result.hpp>

/// Reports for tests.
namespace polis::tools::bench {

/// Every member of every struct has a value of its own, from the whole range of its type; texts
/// hold quotes, marks, line breaks and letters beyond ASCII.
[[nodiscard]] Report random_report(std::uint64_t seed);

/// What a benchmark of four nodes may have measured: three runs, one of them with a node that
/// dies, one that learns. Always the same; tests/tools/bench/example.json holds it.
[[nodiscard]] Report example_report();

/// One run, with one entry in every list and a value in every member.
[[nodiscard]] Report small_report();

}  // namespace polis::tools::bench
