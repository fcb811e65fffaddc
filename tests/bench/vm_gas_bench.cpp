// Time for each unit of gas, by class of instruction and host function: what docs/adr/0010 is made
// of. Every kernel runs until its gas is used up, so ns_per_gas is time by gas and nothing else.
// Run it on one core with nothing beside: taskset -c 2 vm_gas_bench
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <core/bytes.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/hash.hpp>
#include <core/random.hpp>
#include <tests/vm/hostile.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/instance.hpp>
#include <vm/limits.hpp>
#include <vm/program.hpp>

namespace polis::vm {
namespace {

using tests::Code;
using tests::kI32;
using tests::kI64;
using tests::ModuleBuilder;
namespace op = tests::op;

constexpr std::uint64_t kGas = 1'000'000;
constexpr std::size_t kUnrolled = 64;
constexpr std::uint32_t kMemoryBytes = kMemoryPagesMax * kPageBytes;
constexpr std::int32_t kMemoryMask = kMemoryBytes - 1;
constexpr std::int32_t kLineMask = kMemoryMask - 127;  ///< an access behind it stays within

/// Answers what the hash functions of the interface compute, for what the schedule asks.
class HashingHost : public Host {
  public:
    std::optional<Trap> call(std::uint32_t function, HostCall& call) override {
        const auto which = static_cast<HostFunction>(function);
        const bool reads = which == HostFunction::kSha3 || which == HostFunction::kBlake2b;
        const std::uint64_t size = reads ? call.args[1] : 0;
        const std::uint64_t eights = (size + 7) / 8;
        if (const auto trap =
                call.charge(kGasSchedule.host_base + eights * kGasSchedule.host_byte_8)) {
            return trap;
        }
        return which == HostFunction::kEd25519Verify ? verify(call) : hash(which, call, size);
    }

  private:
    static std::optional<Trap> hash(HostFunction which, HostCall& call, std::uint64_t size) {
        if (size == 0) {
            return std::nullopt;
        }
        const auto bytes = call.bytes(call.args[0], size);
        const auto out = call.bytes(call.args[2], Hash::kSize);
        if (!bytes || !out) {
            return Trap::kMemoryBounds;
        }
        const Hash result = which == HostFunction::kSha3
                                ? crypto::sha3_256(*bytes)
                                : crypto::blake2b_256(crypto::kDomainTxnId, *bytes);
        std::ranges::copy(result.data, out->begin());
        return std::nullopt;
    }

    std::optional<Trap> verify(HostCall& call) {
        call.result = crypto::verify(key_.public_key(), message_, signature_) ? 1 : 0;
        return std::nullopt;
    }

    const crypto::SigningKey key_{crypto::Seed(std::array<std::uint8_t, 32>{1})};
    const Bytes message_ = Bytes(32);
    const Signature signature_ = key_.sign(message_);
};

/// A module whose export "run" never ends, and what its memory begins with.
struct Kernel {
    std::string name;
    Bytes wasm;
    std::function<void(std::span<std::uint8_t>)> fill = {};
};

void count_gas(benchmark::State& state, std::uint64_t gas) {
    constexpr double kNanoseconds = 1e-9;
    state.counters["ns_per_gas"] = benchmark::Counter(
        static_cast<double>(gas) * kNanoseconds,
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void run_kernel(benchmark::State& state, const Kernel& kernel) {
    const auto program = Program::compile(kernel.wasm, Rules::contract());
    if (!program) {
        state.SkipWithError(program.error().message().c_str());
        return;
    }
    HashingHost host;
    const auto instance = Instance::create(*program, host);
    Memory& memory = *(*instance)->memory();
    if (kernel.fill) {
        kernel.fill({memory.data(), memory.size()});
    }
    const std::uint32_t function = (*program)->module().find_export("run")->index;
    std::uint64_t gas = 0;
    for (auto _ : state) {
        const Outcome outcome = run(**instance, function, {}, kGas);
        gas += kGas - outcome.gas_left;
        if (outcome.trap != Trap::kOutOfGas && outcome.trap != Trap::kStackExhausted) {
            state.SkipWithError("the kernel ended");
            return;
        }
    }
    count_gas(state, gas);
}

/// An endless loop around `unit`, unrolled; the whole memory, if it is wanted.
Bytes looping(const Code& unit, const std::vector<LocalGroup>& locals, bool whole_memory = false) {
    ModuleBuilder builder;
    const Code code = Code().loop().repeat(unit, kUnrolled).br(0).end();
    builder.memory({.min = whole_memory ? kMemoryPagesMax : 1, .max = kMemoryPagesMax});
    builder.export_as("run", builder.function(builder.type({}), code, locals));
    return builder.build();
}

/// A cycle through the memory in random order: each word holds the place of the next.
void fill_with_cycle(std::span<std::uint8_t> memory) {
    constexpr std::uint32_t kLine = 64;
    std::vector<std::uint32_t> places(memory.size() / kLine);
    std::iota(places.begin(), places.end(), 0U);
    Random random(1, "vm_gas_bench.cycle");
    random.shuffle(places);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::uint32_t next = places[(i + 1) % places.size()] * kLine;
        std::memcpy(memory.data() + std::size_t{places[i]} * kLine, &next, sizeof next);
    }
}

void fill_with_noise(std::span<std::uint8_t> memory) {
    Random(2, "vm_gas_bench.noise").fill(memory);
}

Code binary(std::uint8_t opcode, bool wide) {
    Code out = Code().get(0).get(1).op(opcode).set(0);
    return wide ? Code().get(2).get(3).op(opcode).set(2) : out;
}

void add_arithmetic(std::vector<Kernel>& out) {
    const std::vector<LocalGroup> locals{{2, kI32}, {2, kI64}};
    const auto add = [&](const std::string& name, const Code& unit) {
        out.push_back({name, looping(unit, locals)});
    };
    add("plain: i32.add of locals", binary(op::kI32Add, false));
    add("plain: i64.xor of a constant", Code().get(2).i64(0x1234).op(op::kI64Xor).set(2));
    add("plain: i64.rotr of locals", binary(op::kI64Rotr, true));
    add("plain: i32.popcnt", Code().get(0).op(0x69).set(0));
    add("plain: i32.eqz over and over", Code().get(0).repeat(Code().op(op::kI32Eqz), 8).set(0));
    add("plain: comparison", binary(op::kI32LtU, false));
    add("plain: select", Code().get(0).get(1).get(0).op(op::kSelect).set(1));
    add("plain: copy of a local", Code().get(0).set(1).get(1).set(0));
    add("plain: constant of 64 bits to a local", Code().i64(0x1234'5678'9abc'def0).set(2));
    add("plain: memory.size", Code().memory_size().op(op::kDrop));
    add("multiply: i64.mul", binary(op::kI64Mul, true));
    const Code large = Code().get(2).i64(-3).op(op::kI64Or).i64(3);
    add("divide: i64.div_s of large by small", Code(large).op(op::kI64DivS).set(2));
    add("divide: i64.rem_u of large by small", Code(large).op(op::kI64RemU).set(2));
    add("divide: i32.div_u", Code().get(0).i32(-3).op(op::kI32Or).i32(3).op(op::kI32DivU).set(0));
}

void add_memory(std::vector<Kernel>& out) {
    const std::vector<LocalGroup> locals{{2, kI32}};
    const auto add = [&](const std::string& name, const Code& unit, bool whole, auto fill) {
        out.push_back({name, looping(unit, locals, whole), fill});
    };
    const Code next =
        Code().get(0).i32(8'264).op(op::kI32Add).i32(kLineMask).op(op::kI32And).tee(0);
    add("load: one place", Code().i32(64).memory(op::kI32Load).op(op::kDrop), false, nullptr);
    add("load: chain within 64 KiB",
        Code().get(0).memory(op::kI32Load).set(0),
        false,
        fill_with_cycle);
    add("load: chain through 4 MiB",
        Code().get(0).memory(op::kI32Load).set(0),
        true,
        fill_with_cycle);
    add("load: strides through 4 MiB, across lines",
        Code(next).memory(op::kI64Load, 61).op(op::kDrop),
        true,
        fill_with_noise);
    add("store: one place", Code().i32(64).i32(7).memory(op::kI32Store), false, nullptr);
    add("store: strides through 4 MiB, across lines",
        Code(next).i64(7).memory(op::kI64Store, 61),
        true,
        fill_with_noise);
}

/// The branch depends on a byte of noise: nobody can foresee it.
void add_branches(std::vector<Kernel>& out) {
    const std::vector<LocalGroup> locals{{2, kI32}};
    const Code advance = Code()
                             .get(0)
                             .i32(1)
                             .op(op::kI32Add)
                             .i32(kMemoryMask)
                             .op(op::kI32And)
                             .tee(0)
                             .memory(op::kI32Load8U);
    out.push_back({"branch: br_if not taken", looping(Code().i32(0).br_if(0), locals)});
    out.push_back({"branch: br to the next", looping(Code().block().br(0).end(), locals)});
    out.push_back(
        {"branch: if by a random byte",
         looping(
             Code(advance)
                 .i32(1)
                 .op(op::kI32And)
                 .if_()
                 .i32(3)
                 .set(1)
                 .else_()
                 .get(1)
                 .op(op::kI32Eqz)
                 .set(1)
                 .end(),
             locals,
             true),
         fill_with_noise});
    constexpr std::uint32_t kCases = 16;
    std::vector<std::uint32_t> labels(kCases);
    std::iota(labels.begin(), labels.end(), 0U);
    Code table = Code().block().repeat(Code().block(), kCases);
    table.raw(advance.bytes()).i32(kCases - 1).op(op::kI32And).br_table(labels);
    for (std::uint32_t i = 0; i < kCases; ++i) {
        const auto opcode = static_cast<std::uint8_t>(op::kI32Add + i % 3);
        table.end().get(1).get(0).op(i % 2 == 0 ? opcode : op::kI32Xor).set(1).br(kCases - 1 - i);
    }
    table.end();
    out.push_back(
        {"branch: br_table by a random byte", looping(table, locals, true), fill_with_noise});
}

void add_calls(std::vector<Kernel>& out) {
    const auto calling = [](std::uint32_t zeroed) {
        ModuleBuilder builder;
        const auto type = builder.type({});
        const auto callee = builder.function(type, Code(), {{zeroed, kI64}});
        const Code code = Code().loop().repeat(Code().call(callee), kUnrolled).br(0).end();
        builder.memory({.min = 1, .max = 1});
        builder.export_as("run", builder.function(type, code));
        return builder.build();
    };
    out.push_back({"call: of an empty function", calling(0)});
    out.push_back({"call: with 512 locals", calling(kLocalsMax)});
    ModuleBuilder deep;
    const auto type = deep.type({});
    deep.memory({.min = 1, .max = 1});
    deep.export_as("run", deep.function(type, Code().call(0), {{100, kI64}}));
    out.push_back({"call: until the stack is full, from a cold stack", deep.build()});
    ModuleBuilder indirect;
    const auto same = indirect.type({});
    std::vector<std::uint32_t> functions;
    constexpr std::uint32_t kFunctions = 1'000;
    for (std::uint32_t i = 0; i < kFunctions; ++i) {
        // Code of its own lines, most of it never run.
        const Code cold = Code().get(0).if_().repeat(binary(op::kI32Add, false), 20).end();
        functions.push_back(indirect.function(same, cold, {{2, kI32}}));
    }
    const Code at_random = Code()
                               .get(0)
                               .i32(1)
                               .op(op::kI32Add)
                               .tee(0)
                               .memory(0x2f)
                               .i32(1'023)
                               .op(op::kI32And)
                               .get(0)
                               .i32(0xffff)
                               .op(op::kI32And)
                               .set(0)
                               .call_indirect(same);
    const auto run = indirect.function(
        same, Code().loop().repeat(at_random, kUnrolled).br(0).end(), {{2, kI32}});
    indirect.table({.min = kTableEntriesMax, .max = kTableEntriesMax});
    indirect.element(0, functions);
    functions.resize(kTableEntriesMax - kFunctions);
    indirect.element(kFunctions, functions);
    indirect.memory({.min = 2, .max = 2});
    indirect.export_as("run", run);
    out.push_back(
        {"call: indirect of 1,000 functions at random", indirect.build(), fill_with_noise});
}

void add_hosts(std::vector<Kernel>& out) {
    const auto calling = [](std::string_view name, const FuncType& type, const Code& unit) {
        ModuleBuilder builder;
        builder.import_function("polis", name, builder.type(type.params, type.result));
        const Code code = Code().loop().repeat(unit, kUnrolled).br(0).end();
        builder.memory({.min = kMemoryPagesMax, .max = kMemoryPagesMax});
        builder.export_as("run", builder.function(builder.type({}), code, {{1, kI64}}));
        return builder.build();
    };
    const auto add = [&](const std::string& what, std::string_view name, const Code& unit) {
        out.push_back(
            {"host: " + what,
             calling(name, find_host_function(name)->type, unit),
             fill_with_noise});
    };
    const auto hash = [](std::int32_t size) { return Code().i32(64).i32(size).i32(0).call(0); };
    add("nothing but the call", "height", Code().call(0).op(op::kDrop));
    add("sha3_256 of 8 bytes", "sha3_256", hash(8));
    add("sha3_256 of 1 KiB", "sha3_256", hash(1'024));
    add("sha3_256 of 64 KiB", "sha3_256", hash(65'536));
    add("blake2b_256 of 8 bytes", "blake2b_256", hash(8));
    add("blake2b_256 of 64 KiB", "blake2b_256", hash(65'536));
    add("ed25519_verify",
        "ed25519_verify",
        Code().i32(0).i32(0).i32(0).i32(32).call(0).op(op::kDrop));
}

/// An instance each time, as every call of a contract makes one.
void instantiate(benchmark::State& state, const Bytes& wasm) {
    const auto program = *Program::compile(wasm, Rules::contract());
    HashingHost host;
    std::uint64_t gas = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(Instance::create(program, host));
        gas += program->instantiation_gas();
    }
    count_gas(state, gas);
}

/// Writes to every page of the machine in a memory of so many pages, of which the first are there
/// when the instance begins and the others come by memory.grow.
Bytes touching(std::uint32_t begins_with, std::uint32_t pages) {
    constexpr std::int32_t kMachinePage = 4'096;
    ModuleBuilder builder;
    const Code code = Code()
                          .i32(static_cast<std::int32_t>(pages - begins_with))
                          .memory_grow()
                          .op(op::kDrop)
                          .loop()
                          .get(0)
                          .i32(1)
                          .memory(op::kI32Store8)
                          .get(0)
                          .i32(kMachinePage)
                          .op(op::kI32Add)
                          .tee(0)
                          .i32(static_cast<std::int32_t>(pages * kPageBytes))
                          .op(op::kI32LtU)
                          .br_if(0)
                          .end();
    builder.memory({.min = begins_with, .max = kMemoryPagesMax});
    builder.export_as("run", builder.function(builder.type({}), code, {{1, kI32}}));
    return builder.build();
}

/// An instance and one run of it that ends.
void run_once(benchmark::State& state, const Bytes& wasm) {
    const auto program = *Program::compile(wasm, Rules::contract());
    HashingHost host;
    std::uint64_t gas = 0;
    for (auto _ : state) {
        const auto instance = Instance::create(program, host);
        gas += program->instantiation_gas() + kGas - run(**instance, 0, {}, kGas).gas_left;
    }
    count_gas(state, gas);
}

void deploy(benchmark::State& state, const Bytes& wasm) {
    std::uint64_t gas = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(Program::compile(wasm, Rules::contract()));
        gas += wasm.size() * kGasSchedule.deploy_byte;
    }
    count_gas(state, gas);
}

Bytes with_pages(std::uint32_t pages, std::size_t data) {
    ModuleBuilder builder;
    builder.memory({.min = pages, .max = kMemoryPagesMax});
    if (data > 0) {
        builder.data(0, Bytes(data, 7));
    }
    return builder.build();
}

const bool kRegistered = [] {
    std::vector<Kernel> kernels;
    add_arithmetic(kernels);
    add_memory(kernels);
    add_branches(kernels);
    add_calls(kernels);
    add_hosts(kernels);
    for (const Kernel& kernel : kernels) {
        benchmark::RegisterBenchmark(
            kernel.name.c_str(), [kernel](benchmark::State& state) { run_kernel(state, kernel); });
    }
    const auto of_module = [](const std::string& name, auto* function, const Bytes& wasm) {
        benchmark::RegisterBenchmark(
            name.c_str(), [function, wasm](benchmark::State& state) { function(state, wasm); });
    };
    of_module("instantiate: nothing but a page", instantiate, with_pages(1, 0));
    of_module("instantiate: 64 pages", instantiate, with_pages(kMemoryPagesMax, 0));
    of_module("instantiate: 200 KiB of data", instantiate, with_pages(4, 200 * 1'024));
    for (const std::uint32_t pages : {1U, 2U, 4U, 5U, 16U, 64U}) {
        of_module(
            "touch: " + std::to_string(pages) + " pages from the beginning",
            run_once,
            touching(pages, pages));
    }
    of_module("touch: 4 pages, 3 of them grown", run_once, touching(1, 4));
    of_module("touch: 16 pages, 12 of them grown", run_once, touching(4, 16));
    of_module("touch: 64 pages, 63 of them grown", run_once, touching(1, kMemoryPagesMax));
    for (const tests::Hostile& each : tests::hostile_modules()) {
        if (!each.refused && each.wasm.size() > kCodeBytesMax / 2) {
            of_module("deploy: " + each.name, deploy, each.wasm);
        }
    }
    return true;
}();

}  // namespace
}  // namespace polis::vm
