// Modules made to cost more than they pay for: refused by name, or bounded in what they become and
// in what they do for their gas. Times and memory: hostile_bench.
#include <tests/vm/hostile.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <tests/vm/both_engines.hpp>
#include <tests/vm/random_module.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/limits.hpp>

namespace polis::vm {
namespace {

/// A byte of code gives at most one instruction of 24 bytes, and containers grow by doubling.
constexpr std::size_t kProgramPerByte = 48;
constexpr std::size_t kProgramAnyway = 256 * 1024;
constexpr std::uint64_t kGas = 300'000;

TEST(HostileModule, is_refused_by_name_or_accepted_as_a_contract) {
    for (const tests::Hostile& each : tests::hostile_modules()) {
        const auto program = Program::compile(each.wasm, Rules::contract());
        if (each.refused) {
            ASSERT_FALSE(program) << each.name;
            EXPECT_EQ(to_string(program.error().code), to_string(*each.refused))
                << each.name << ": " << program.error().message();
        } else {
            EXPECT_TRUE(program) << each.name << ": " << program.error().message();
        }
    }
}

TEST(HostileModule, becomes_a_program_in_proportion_to_its_bytes) {
    for (const tests::Hostile& each : tests::hostile_modules()) {
        if (each.refused) {
            continue;
        }
        const auto program = tests::compiled(each.wasm, Rules::contract());
        ASSERT_NE(program, nullptr) << each.name;
        EXPECT_LE(program->memory_bytes(), kProgramPerByte * each.wasm.size() + kProgramAnyway)
            << each.name << ": " << each.wasm.size() << " bytes of code";
        RecordProperty(each.name, std::to_string(program->memory_bytes() / each.wasm.size()));
    }
}

TEST(HostileModule, ends_by_its_gas_alike_on_both_engines) {
    for (const tests::Hostile& each : tests::hostile_modules()) {
        if (each.refused) {
            continue;
        }
        const auto program = tests::compiled(each.wasm, Rules::contract());
        ASSERT_NE(program, nullptr) << each.name;
        tests::Pair pair(program);
        ASSERT_TRUE(pair.is_linked()) << each.name;
        const std::uint32_t run = program->module().find_export("run")->index;
        EXPECT_EQ(pair.run(run, {}, kGas), "") << each.name;
        EXPECT_LE(pair.naive().instance().memory()->pages(), kMemoryPagesMax);
    }
}

TEST(HostileModule, grows_no_faster_than_it_pays) {
    const auto modules = tests::hostile_modules();
    const auto grow = std::ranges::find(modules, "memory.grow in a loop", &tests::Hostile::name);
    ASSERT_NE(grow, modules.end());
    const auto program = tests::compiled(grow->wasm, Rules::contract());
    tests::Pair pair(program);
    ASSERT_EQ(pair.run(0, {}, 10 * kGasSchedule.grow_page), "");
    EXPECT_EQ(pair.outcome().trap, Trap::kOutOfGas);
    EXPECT_EQ(pair.naive().instance().memory()->pages(), 1U + 9U);
}

TEST(Truncation, at_every_byte_is_refused_by_name) {
    Bytes whole;
    for (std::uint64_t seed = 1; whole.size() < 600 || whole.size() > 3'000; ++seed) {
        tests::SeededDecisions decisions(seed);
        whole = tests::random_module(decisions);
    }
    ASSERT_TRUE(Program::compile(whole, Rules::kernel()));
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        cut.shrink_to_fit();  // so that AddressSanitizer sees a read beyond the end
        for (const Rules& rules : {Rules::contract(), Rules::kernel(), Rules::specification()}) {
            const auto program = Program::compile(cut, rules);
            if (program) {
                ++accepted;  // between two sections, with nothing missing
            } else {
                EXPECT_LE(program.error().offset, size);
                EXPECT_FALSE(program.error().message().empty());
            }
        }
    }
    EXPECT_LE(accepted, 3U * 12U);
}

TEST(Truncation, of_hostile_modules_is_refused_too) {
    for (const tests::Hostile& each : tests::hostile_modules()) {
        for (std::size_t part = 1; part < 16; ++part) {
            const std::size_t size = each.wasm.size() * part / 16;
            const Bytes cut(
                each.wasm.begin(), each.wasm.begin() + static_cast<std::ptrdiff_t>(size));
            const auto program = Program::compile(cut, Rules::contract());
            EXPECT_FALSE(program) << each.name << " cut at " << size;
        }
    }
}

TEST(Bytes, changed_at_random_are_refused_or_run_alike) {
    Random random(5, "vm.changed");
    std::uint64_t refused = 0;
    std::uint64_t runs = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        tests::SeededDecisions decisions(seed);
        Bytes wasm = tests::random_module(decisions);
        for (std::uint64_t changes = random.between(1, 3); changes > 0; --changes) {
            random.pick(wasm) = static_cast<std::uint8_t>(random.below(256));
        }
        const auto program = Program::compile(wasm, Rules::kernel());
        if (!program) {
            ++refused;
            continue;
        }
        tests::Pair pair(*program);
        if (!pair.is_linked()) {
            continue;
        }
        for (const Export& exported : (*program)->module().exports) {
            if (exported.kind == ExternKind::kFunction &&
                (*program)->module().type_of(exported.index).params.empty()) {
                EXPECT_EQ(pair.run(exported.index, {}, 2'000), "") << seed;
                ++runs;
            }
        }
    }
    EXPECT_GT(refused, 100U);
    EXPECT_GT(runs, 10U);
}

}  // namespace
}  // namespace polis::vm
