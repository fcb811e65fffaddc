// Running modules by hand: arguments, gas by function, the world of a contract; and the kernels of
// the benchmark, whose answers are the processor's.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tests/support/temp_dir.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <tools/vm/bench.hpp>
#include <tools/vm/kernels/kernels.hpp>
#include <tools/vm/run_module.hpp>

namespace polis::tools::vmtool {
namespace {

using polis::testing::TempDir;
using vm::tests::Code;
using vm::tests::kI32;
using vm::tests::kI64;
using vm::tests::ModuleBuilder;

// ---- arguments ----------------------------------------------------------------------------------

TEST(VmArguments, are_decimal_of_either_sign_or_hexadecimal) {
    const auto parse = [](std::string_view text, vm::ValueType type) {
        return parse_argument(text, type, 1).value();
    };
    EXPECT_EQ(parse("0", kI32), 0U);
    EXPECT_EQ(parse("-1", kI32), 0xffff'ffffU);
    EXPECT_EQ(parse("-2147483648", kI32), 0x8000'0000U);
    EXPECT_EQ(parse("4294967295", kI32), 0xffff'ffffU);
    EXPECT_EQ(parse("0xFfffFfff", kI32), 0xffff'ffffU);
    EXPECT_EQ(parse("-1", kI64), ~std::uint64_t{0});
    EXPECT_EQ(parse("-9223372036854775808", kI64), std::uint64_t{1} << 63);
    EXPECT_EQ(parse("18446744073709551615", kI64), ~std::uint64_t{0});
    EXPECT_EQ(parse("0x10", kI64), 16U);
}

TEST(VmArguments, that_do_not_fit_are_named_with_what_fits) {
    for (const char* text :
         {"",
          "-",
          "x",
          "1.5",
          "0x",
          "0xg",
          "+1",
          " 1",
          "1 ",
          "01",
          "--1",
          "-0x1",
          "4294967296",
          "-2147483649",
          "0x100000000",
          "99999999999999999999999"}) {
        const auto parsed = parse_argument(text, kI32, 3);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().kind, FailureKind::kUsage);
        EXPECT_NE(parsed.error().message.find("argument 3"), std::string::npos);
        EXPECT_NE(parsed.error().message.find("4294967295"), std::string::npos);
    }
    EXPECT_FALSE(parse_argument("18446744073709551616", kI64, 1).has_value());
    EXPECT_FALSE(parse_argument("-9223372036854775809", kI64, 1).has_value());
    EXPECT_FALSE(parse_argument("1", vm::ValueType::kF64, 1).has_value());
}

// ---- runs ---------------------------------------------------------------------------------------

/// Writes the module where run_module() finds it.
class Module {
  public:
    explicit Module(const Bytes& bytes) {
        std::ofstream(file(), std::ios::binary) << as_text(bytes);
    }

    [[nodiscard]] std::string file() const { return (dir_.path() / "module.wasm").string(); }

    [[nodiscard]] ModuleRunOptions options(std::vector<std::string> args = {}) const {
        ModuleRunOptions out;
        out.file = file();
        out.function = "run";
        out.args = std::move(args);
        return out;
    }

  private:
    TempDir dir_;
};

TEST(VmRun, gives_the_result_and_its_gas_alike_on_both_engines) {
    const Module module(vm::tests::one_function(
        {kI64, kI64}, kI64, Code().get(0).get(1).op(vm::tests::op::kI64Mul)));
    for (const Engine engine : {Engine::kFast, Engine::kNaive}) {
        ModuleRunOptions options = module.options({"-3", "7"});
        options.engine = engine;
        options.repeat = 3;
        const ModuleRun run = run_module(options).value();
        EXPECT_TRUE(run.is_good());
        EXPECT_EQ(run.outcome.result, static_cast<std::uint64_t>(-21));
        EXPECT_EQ(run.gas_used, 3U);  // two locals and a product; the end is free
        EXPECT_EQ(run.memory_bytes, vm::kPageBytes);
    }
}

TEST(VmRun, what_cannot_be_meant_is_wrong_usage) {
    const Module module(vm::tests::one_function({kI32}, kI32, Code().get(0)));
    ModuleRunOptions other = module.options({"1"});
    other.function = "walk";
    ModuleRunOptions outside = module.options({"1"});
    outside.memory = MemoryRange{vm::kPageBytes - 1, 2};
    ModuleRunOptions coins = module.options({"1"});
    coins.world.value = coins.world.balance = Amount{std::uint64_t{1} << 63};
    ModuleRunOptions nowhere = module.options({"1"});
    nowhere.file = "/nowhere/module.wasm";
    for (const ModuleRunOptions& options :
         {module.options(),
          module.options({"1", "2"}),
          module.options({"one"}),
          other,
          outside,
          coins,
          nowhere}) {
        const auto run = run_module(options);
        ASSERT_FALSE(run.has_value());
        EXPECT_EQ(run.error().kind, FailureKind::kUsage) << run.error().message;
    }
}

TEST(VmRun, a_module_that_is_refused_says_why) {
    const Module module(Bytes{0, 1, 2, 3, 4, 5, 6, 7});
    const ModuleRun run = run_module(module.options()).value();
    ASSERT_TRUE(run.rejection.has_value());
    EXPECT_EQ(run.rejection->code, vm::RejectionCode::kBadMagic);
    EXPECT_FALSE(run.is_good());
}

TEST(VmRun, stops_when_its_gas_is_used) {
    const Module module(vm::tests::one_function({}, std::nullopt, Code().loop().br(0).end()));
    ModuleRunOptions options = module.options();
    options.gas = 1'000;
    const ModuleRun run = run_module(options).value();
    EXPECT_EQ(run.outcome.trap, vm::Trap::kOutOfGas);
    EXPECT_EQ(run.gas_used, 1'000U);
}

/// Stores what it is given under the key "k", emits it, returns it; then reverts or ends.
Bytes keeper(bool reverts) {
    ModuleBuilder builder;
    const auto two = builder.type({kI32, kI32});
    const auto four = builder.type({kI32, kI32, kI32, kI32});
    const auto two_to_one = builder.type({kI32, kI32}, kI32);
    const auto method = builder.type({});
    const auto input = builder.import_function("polis", "input", two_to_one);
    const auto set = builder.import_function("polis", "storage_set", four);
    const auto emit = builder.import_function("polis", "emit", four);
    const auto give = builder.import_function("polis", "return", two);
    const auto revert = builder.import_function("polis", "revert", two);
    builder.memory({1, 1});
    builder.data(0, as_bytes("k"));
    Code code;
    code.i32(16).i32(64).call(input).set(0);
    code.i32(0).i32(1).i32(16).get(0).call(set);
    code.i32(0).i32(1).i32(16).get(0).call(emit);
    code.i32(16).get(0).call(reverts ? revert : give);
    builder.export_as("run", builder.function(method, code, {{1, kI32}}));
    return builder.build();
}

TEST(VmRun, a_contract_finds_its_world_and_leaves_its_traces) {
    const Module module(keeper(/*reverts=*/false));
    ModuleRunOptions options = module.options();
    options.profile = vm::Profile::kContract;
    options.world.input = to_bytes(as_bytes("hello"));
    options.memory = MemoryRange{16, 5};
    const ModuleRun run = run_module(options).value();
    ASSERT_TRUE(run.is_good());
    EXPECT_EQ(as_text(run.output), "hello");
    EXPECT_EQ(as_text(run.dump), "hello");
    ASSERT_EQ(run.events.size(), 1U);
    EXPECT_EQ(run.events[0].name, "k");
    EXPECT_EQ(as_text(run.events[0].data), "hello");
    const TouchedRecord& touch = run.storage.at(to_bytes(as_bytes("k")));
    EXPECT_EQ(touch.before, std::nullopt);
    EXPECT_EQ(touch.after, to_bytes(as_bytes("hello")));
}

TEST(VmRun, a_revert_undoes_everything_but_its_message) {
    const Module module(keeper(/*reverts=*/true));
    ModuleRunOptions options = module.options();
    options.world.input = to_bytes(as_bytes("no"));
    const ModuleRun run = run_module(options).value();
    EXPECT_EQ(run.outcome.trap, vm::Trap::kHost);
    EXPECT_TRUE(run.reverted);
    EXPECT_EQ(as_text(run.output), "no");
    EXPECT_TRUE(run.events.empty());
    EXPECT_EQ(run.storage.at(to_bytes(as_bytes("k"))).after, std::nullopt);
}

// ---- gas by function ----------------------------------------------------------------------------

TEST(GasProfile, tells_own_gas_from_that_of_callees) {
    GasProfile profile;
    profile.on_call(3, 100);
    profile.on_call(5, 90);
    profile.on_return(5, 60);
    profile.on_call(5, 55);
    const std::vector<FunctionGas> rows = profile.finish(40);  // a trap within the second call
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].function, 5U);
    EXPECT_EQ(rows[0].calls, 2U);
    EXPECT_EQ(rows[0].own, 45U);
    EXPECT_EQ(rows[0].total, 45U);
    EXPECT_EQ(rows[1].function, 3U);
    EXPECT_EQ(rows[1].own, 15U);
    EXPECT_EQ(rows[1].total, 60U);
}

TEST(VmRun, gas_of_functions_adds_up_to_what_was_used) {
    ModuleBuilder builder;
    const auto one = builder.type({kI32}, kI32);
    const auto inner = builder.function(one, Code().get(0).i32(3).op(vm::tests::op::kI32Mul));
    builder.export_as("run", builder.function(one, Code().get(0).call(inner).call(inner)));
    const Module module(builder.build());
    for (const Engine engine : {Engine::kFast, Engine::kNaive}) {
        ModuleRunOptions options = module.options({"2"});
        options.engine = engine;
        options.profile_gas = true;
        const ModuleRun run = run_module(options).value();
        EXPECT_EQ(run.outcome.result, 18U);
        std::uint64_t sum = 0;
        for (const FunctionGas& each : run.functions) {
            sum += each.own;
        }
        EXPECT_EQ(sum, run.gas_used);
        ASSERT_EQ(run.functions.size(), 2U);
        EXPECT_EQ(run.functions[0].calls + run.functions[1].calls, 3U);
    }
}

// ---- kernels ------------------------------------------------------------------------------------

/// Little work for each kernel, whatever its size counts.
std::uint32_t small_size(const kernels::Kernel& kernel) {
    return kernel.name == "fib" ? 15 : std::max(1U, kernel.size / 1'000);
}

TEST(Kernels, answer_in_the_vm_what_they_answer_on_the_processor) {
    if (kernels::all().empty()) {
        GTEST_SKIP() << "skipped: built without clang-19 and lld-19";
    }
    for (const kernels::Kernel& kernel : kernels::all()) {
        const std::uint32_t size = small_size(kernel);
        const auto outcome = run_kernel(kernel, size, Engine::kFast, kRunGasDefault);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
        EXPECT_EQ(outcome->trap, std::nullopt) << kernel.name;
        EXPECT_EQ(outcome->result, kernel.native(size)) << kernel.name;
    }
}

TEST(Kernels, end_alike_on_both_engines_when_gas_is_short) {
    constexpr std::uint64_t kGas = 300'000;
    for (const kernels::Kernel& kernel : kernels::all()) {
        const auto fast = run_kernel(kernel, kernel.size, Engine::kFast, kGas);
        const auto naive = run_kernel(kernel, kernel.size, Engine::kNaive, kGas);
        ASSERT_TRUE(fast && naive) << kernel.name;
        EXPECT_EQ(*fast, *naive) << kernel.name;
        EXPECT_EQ(fast->trap, vm::Trap::kOutOfGas) << kernel.name;
    }
}

}  // namespace
}  // namespace polis::tools::vmtool
