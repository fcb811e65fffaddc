#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tools/failure.hpp>
#include <tools/vm/engine.hpp>
#include <tools/vm/kernels/kernels.hpp>

/// How fast the contract VM is, beside the same programs on the processor itself.
namespace polis::tools::vmtool {

// What this engine is built for: docs/guides/vm.md.
inline constexpr double kAggregationRatioMax = 6.5;
inline constexpr double kGeometricMeanMax = 11;
inline constexpr double kTranslationMbMin = 20;  ///< 10^6 bytes a second
inline constexpr double kInstantiationUsMax = 30;

/// The kernel that the first target is about.
inline constexpr std::string_view kAggregationKernel = "ptsfd";

struct BenchOptions {
    std::span<const kernels::Kernel> kernels;  ///< kernels::all()
    ByteView large;                            ///< kernels::large_module()
    std::string filter;                        ///< a regular expression on names; empty: all
    double seconds = 1;                        ///< for each kernel, about
    Engine engine = Engine::kFast;
};

/// Times are processor time, of the fastest of several repetitions.
struct KernelFigures {
    std::string name;
    std::uint64_t wasm_bytes = 0;
    double native_ms = 0;
    double vm_ms = 0;
    std::uint64_t gas = 0;
    double instantiate_us = 0;

    [[nodiscard]] double ratio() const { return vm_ms / native_ms; }

    [[nodiscard]] double ns_per_gas() const { return vm_ms * 1e6 / static_cast<double>(gas); }
};

struct BenchResult {
    std::vector<KernelFigures> kernels;
    std::uint64_t large_bytes = 0;
    double large_us = 0;  ///< translation of BenchOptions::large

    [[nodiscard]] double geometric_mean() const;

    /// 10^6 bytes a second.
    [[nodiscard]] double translation_mb() const;

    /// The slowest instantiation of all kernels.
    [[nodiscard]] double instantiation_us() const;

    /// Nothing if it was filtered away.
    [[nodiscard]] std::optional<double> aggregation_ratio() const;
};

/// Runs the kernels, native and in the VM by turns.
/// @error if there are none, a filter is no expression or fits none, or a result is not the native
/// one; then the engine is wrong
[[nodiscard]] Fallible<BenchResult> run_bench(
    const BenchOptions& options, const std::function<void(std::string_view)>& say);

/// One run of a kernel with this gas. @error as run_bench, but a trap is an answer
[[nodiscard]] Fallible<vm::Outcome> run_kernel(
    const kernels::Kernel& kernel, std::uint32_t size, Engine engine, std::uint64_t gas);

}  // namespace polis::tools::vmtool
