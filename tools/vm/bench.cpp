#include <tools/vm/bench.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <memory>
#include <regex>
#include <utility>

#include <fmt/format.h>

#include <tools/bench/stopwatch.hpp>
#include <vm/instance.hpp>
#include <vm/program.hpp>

namespace polis::tools::vmtool {

namespace {

/// More than any kernel uses.
constexpr std::uint64_t kBenchGas = 1'000'000'000'000;
constexpr int kRunsMin = 3;
constexpr int kInstances = 64;
constexpr std::string_view kEntry = "run";

/// Kernels import nothing.
class NoHost final : public vm::Host {
  public:
    [[nodiscard]] std::optional<vm::Trap> call(
        std::uint32_t /*function*/, vm::HostCall& /*call*/) override {
        return vm::Trap::kHost;
    }
};

double seconds_of(const auto& work) {
    const double begin = process_cpu_seconds();
    work();
    return process_cpu_seconds() - begin;
}

using ProgramPtr = std::shared_ptr<const vm::Program>;

Fallible<ProgramPtr> translate(std::string_view name, ByteView wasm) {
    auto program = vm::Program::compile(wasm, vm::Rules::contract());
    if (!program) {
        return std::unexpected(fmt::format("{}: {}", name, program.error().message()));
    }
    return *std::move(program);
}

Fallible<std::unique_ptr<vm::Instance>> instantiate(
    std::string_view name, const ProgramPtr& program, vm::Host& host) {
    auto instance = vm::Instance::create(program, host);
    if (!instance) {
        return std::unexpected(fmt::format("{}: {}", name, vm::to_string(instance.error())));
    }
    return *std::move(instance);
}

/// Something that can be run again and again in one instance.
struct Loaded {
    NoHost host;
    ProgramPtr program;
    std::unique_ptr<vm::Instance> instance;
    std::uint32_t function = 0;
};

Fallible<std::unique_ptr<Loaded>> load(const kernels::Kernel& kernel) {
    auto out = std::make_unique<Loaded>();
    POLIS_TRY(out->program, translate(kernel.name, kernel.wasm));
    POLIS_TRY(out->instance, instantiate(kernel.name, out->program, out->host));
    const vm::Export* entry = out->program->module().find_export(kEntry);
    if (entry == nullptr) {
        return std::unexpected(fmt::format("{} exports no {}", kernel.name, kEntry));
    }
    out->function = entry->index;
    return out;
}

vm::Outcome run_loaded(Loaded& loaded, std::uint32_t size, Engine engine, std::uint64_t gas) {
    const std::array<std::uint64_t, 1> args{size};
    return run_on(engine, *loaded.instance, loaded.function, args, gas);
}

Fallible<std::uint64_t> result_of(std::string_view name, const vm::Outcome& outcome) {
    if (outcome.trap || !outcome.result) {
        return std::unexpected(fmt::format(
            "{} ended with {}", name, outcome.trap ? vm::to_string(*outcome.trap) : "no result"));
    }
    return *outcome.result;
}

Fallible<void> time_runs(
    const kernels::Kernel& kernel, const BenchOptions& options, KernelFigures& out) {
    POLIS_TRY(const auto loaded, load(kernel));
    out.native_ms = out.vm_ms = std::numeric_limits<double>::max();
    double spent = 0;
    for (int run = 0; run < kRunsMin || spent < options.seconds; ++run) {
        std::uint64_t expected = 0;
        const double native = seconds_of([&] { expected = kernel.native(kernel.size); });
        vm::Outcome outcome;
        const double vm = seconds_of(
            [&] { outcome = run_loaded(*loaded, kernel.size, options.engine, kBenchGas); });
        POLIS_TRY(const std::uint64_t result, result_of(kernel.name, outcome));
        if (result != expected) {
            return std::unexpected(fmt::format(
                "{} gave {:#x} in the VM and {:#x} on the processor: a bug of the engine; report "
                "it",
                kernel.name,
                result,
                expected));
        }
        out.gas = kBenchGas - outcome.gas_left;
        out.native_ms = std::min(out.native_ms, native * 1e3);
        out.vm_ms = std::min(out.vm_ms, vm * 1e3);
        spent += native + vm;
    }
    return {};
}

Fallible<void> time_instances(const kernels::Kernel& kernel, KernelFigures& out) {
    NoHost host;
    POLIS_TRY(const ProgramPtr program, translate(kernel.name, kernel.wasm));
    std::vector<double> times;
    for (int i = 0; i < kInstances; ++i) {
        Stopwatch watch;
        POLIS_TRY(const auto instance, instantiate(kernel.name, program, host));
        times.push_back(watch.lap());
    }
    std::ranges::nth_element(times, times.begin() + kInstances / 2);
    out.instantiate_us = times[kInstances / 2] * 1e6;
    return {};
}

Fallible<std::vector<kernels::Kernel>> choose(const BenchOptions& options) {
    const std::string& filter = options.filter;
    if (options.kernels.empty()) {
        return std::unexpected(
            "this polis was built without kernels: apt-get install clang-19 lld-19, configure and "
            "build again");
    }
    std::vector<kernels::Kernel> out;
    try {
        const std::regex expression(filter);
        std::ranges::copy_if(
            options.kernels, std::back_inserter(out), [&](const kernels::Kernel& kernel) {
                return std::regex_search(std::string(kernel.name), expression);
            });
    } catch (const std::regex_error&) {
        return wrong_usage(fmt::format(
            "--filter {}: no regular expression; write for example 'sha|sort'", filter));
    }
    if (out.empty()) {
        return wrong_usage(fmt::format("--filter {} fits no kernel; leave it out for all", filter));
    }
    return out;
}

}  // namespace

double BenchResult::geometric_mean() const {
    double sum = 0;
    for (const KernelFigures& each : kernels) {
        sum += std::log(each.ratio());
    }
    return kernels.empty() ? 0 : std::exp(sum / static_cast<double>(kernels.size()));
}

double BenchResult::translation_mb() const { return static_cast<double>(large_bytes) / large_us; }

double BenchResult::instantiation_us() const {
    double out = 0;
    for (const KernelFigures& each : kernels) {
        out = std::max(out, each.instantiate_us);
    }
    return out;
}

std::optional<double> BenchResult::aggregation_ratio() const {
    const auto found = std::ranges::find(kernels, kAggregationKernel, &KernelFigures::name);
    return found == kernels.end() ? std::nullopt : std::optional{found->ratio()};
}

Fallible<BenchResult> run_bench(
    const BenchOptions& options, const std::function<void(std::string_view)>& say) {
    POLIS_TRY(const std::vector<kernels::Kernel> chosen, choose(options));
    BenchResult out;
    for (const kernels::Kernel& kernel : chosen) {
        say(kernel.name);
        KernelFigures figures;
        figures.name = kernel.name;
        figures.wasm_bytes = kernel.wasm.size();
        POLIS_TRY_VOID(time_runs(kernel, options, figures));
        POLIS_TRY_VOID(time_instances(kernel, figures));
        out.kernels.push_back(std::move(figures));
    }
    say("translation");
    const ByteView large = options.large;
    out.large_bytes = large.size();
    out.large_us = std::numeric_limits<double>::max();
    double spent = 0;
    for (int run = 0; run < kRunsMin || spent < options.seconds / 2; ++run) {
        Fallible<ProgramPtr> program = ProgramPtr{};
        const double seconds = seconds_of([&] { program = translate("large", large); });
        POLIS_TRY_VOID(program);
        out.large_us = std::min(out.large_us, seconds * 1e6);
        spent += seconds;
    }
    return out;
}

Fallible<vm::Outcome> run_kernel(
    const kernels::Kernel& kernel, std::uint32_t size, Engine engine, std::uint64_t gas) {
    POLIS_TRY(const auto loaded, load(kernel));
    return run_loaded(*loaded, size, engine, gas);
}

}  // namespace polis::tools::vmtool
