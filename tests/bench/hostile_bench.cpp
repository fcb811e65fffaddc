// Modules made to cost more than they pay for: time and memory of refusing or translating each,
// and of running what was accepted with a million units of gas. To hold: 50 ms and 16 MiB each.
//
// The counters: peak_KiB is the most that was allocated at once on top of what was before, growth
// of containers included; bytes the size of the module; gas what the run used.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <tests/vm/engines.hpp>
#include <tests/vm/hostile.hpp>
#include <vm/program.hpp>

namespace {

std::atomic<std::size_t> g_allocated{0};
std::atomic<std::size_t> g_peak{0};

void* allocate(std::size_t size) {
    void* const out = std::malloc(size == 0 ? 1 : size);
    if (out == nullptr) {
        std::abort();
    }
    const std::size_t now = g_allocated += malloc_usable_size(out);
    g_peak = std::max(g_peak.load(), now);
    return out;
}

void release(void* pointer) {
    g_allocated -= malloc_usable_size(pointer);
    std::free(pointer);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }

void* operator new[](std::size_t size) { return allocate(size); }

void operator delete(void* pointer) noexcept { release(pointer); }

void operator delete[](void* pointer) noexcept { release(pointer); }

void operator delete(void* pointer, std::size_t /*size*/) noexcept { release(pointer); }

void operator delete[](void* pointer, std::size_t /*size*/) noexcept { release(pointer); }

namespace polis::vm {
namespace {

constexpr std::uint64_t kGas = 1'000'000;
constexpr std::size_t kBytesInKiB = 1'024;

/// Forgets earlier peaks. @return what is allocated now
std::size_t begin_peak() {
    g_peak = g_allocated.load();
    return g_allocated;
}

std::int64_t peak_since(std::size_t before) {
    return static_cast<std::int64_t>((g_peak - before) / kBytesInKiB);
}

void compile(benchmark::State& state, const tests::Hostile& module) {
    std::int64_t peak = 0;
    for (auto _ : state) {
        const std::size_t before = begin_peak();
        benchmark::DoNotOptimize(Program::compile(module.wasm, Rules::contract()));
        peak = std::max(peak, peak_since(before));
    }
    state.counters["peak_KiB"] = static_cast<double>(peak);
    state.counters["bytes"] = static_cast<double>(module.wasm.size());
}

/// With an instance of its own each time: its memory counts if it is touched.
void run_once(benchmark::State& state, const tests::Hostile& module) {
    const auto program = *Program::compile(module.wasm, Rules::contract());
    const std::uint32_t function = program->module().find_export("run")->index;
    std::int64_t peak = 0;
    std::uint64_t gas = 0;
    for (auto _ : state) {
        const std::size_t before = begin_peak();
        tests::Machine machine(program, tests::Engine::kFast);
        gas = kGas - machine.run(function, {}, kGas).gas_left;
        const auto grown = static_cast<std::int64_t>(machine.instance().memory()->size());
        const auto memory = grown / static_cast<std::int64_t>(kBytesInKiB);
        peak = std::max(peak, peak_since(before) + memory);
    }
    state.counters["peak_KiB"] = static_cast<double>(peak);
    state.counters["gas"] = static_cast<double>(gas);
}

const bool kRegistered = [] {
    for (const tests::Hostile& each : tests::hostile_modules()) {
        const std::string name = each.refused ? "refuse/" : "translate/";
        benchmark::RegisterBenchmark((name + each.name).c_str(), [each](benchmark::State& state) {
            compile(state, each);
        })->Unit(benchmark::kMillisecond);
        if (!each.refused) {
            benchmark::RegisterBenchmark(
                ("run/" + each.name).c_str(),
                [each](benchmark::State& state) { run_once(state, each); })
                ->Unit(benchmark::kMillisecond);
        }
    }
    return true;
}();

}  // namespace
}  // namespace polis::vm
