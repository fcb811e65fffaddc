// Gas: what instructions cost, when it is paid, and where it runs out. Each case on both engines.
// Expected sums are counted by hand from docs/spec/vm.md, not taken from an engine.
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tests/vm/both_engines.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/gas_schedule.hpp>

namespace polis::vm {
namespace {

using tests::Code;
using tests::gas_of;
using tests::kI32;
using tests::kI64;
using tests::ModuleBuilder;
using tests::one_function;
using tests::run_both;
namespace op = tests::op;

constexpr GasSchedule kGas = kGasSchedule;

TEST(Gas, is_the_sum_of_the_instructions) {
    EXPECT_EQ(gas_of(one_function({}, {}, Code())), 0U);
    EXPECT_EQ(gas_of(one_function({}, kI32, Code().i32(1))), kGas.plain);
    EXPECT_EQ(gas_of(one_function({}, kI32, Code().i32(1).i32(2).op(op::kI32Add))), 3 * kGas.plain);
    EXPECT_EQ(
        gas_of(one_function({}, kI32, Code().i32(1).i32(2).op(op::kI32Mul))),
        2 * kGas.plain + kGas.multiply);
    EXPECT_EQ(
        gas_of(one_function({}, kI32, Code().i32(1).i32(2).op(op::kI32RemU))),
        2 * kGas.plain + kGas.divide);
    EXPECT_EQ(
        gas_of(one_function({}, {}, Code().i32(1).i32(2).memory(op::kI32Store))),
        2 * kGas.plain + kGas.memory);
    EXPECT_EQ(
        gas_of(one_function({}, kI32, Code().op(op::kNop).block().block().end().end().i32(3))),
        kGas.plain)
        << "structure costs nothing";
    EXPECT_EQ(gas_of(one_function({}, {}, Code().op(op::kReturn))), kGas.branch);
}

TEST(Gas, does_not_depend_on_what_the_translation_leaves_out) {
    // A constant, a local and a set that the register code does without.
    const Bytes wasm = one_function(
        {kI32}, kI32, Code().get(0).i32(1).op(op::kI32Add).set(0).get(0).op(op::kI32Eqz));
    EXPECT_EQ(gas_of(wasm, {5}), 6 * kGas.plain);
    const Bytes dropped = one_function({kI32}, {}, Code().get(0).op(op::kDrop));
    EXPECT_EQ(gas_of(dropped, {5}), 2 * kGas.plain);
    const Bytes fused = one_function(
        {kI32, kI32}, kI32, Code().block().get(0).get(1).op(op::kI32LtU).br_if(0).end().i32(1));
    EXPECT_EQ(gas_of(fused, {1, 2}), 4 * kGas.plain + kGas.branch);
    EXPECT_EQ(gas_of(fused, {2, 1}), 4 * kGas.plain + kGas.branch);
}

TEST(Gas, is_paid_for_the_way_that_is_taken) {
    const Bytes wasm = one_function(
        {kI32}, kI32, Code().get(0).if_(kI32).i32(1).i32(2).op(op::kI32Add).else_().i32(3).end());
    EXPECT_EQ(gas_of(wasm, {1}), kGas.plain + kGas.branch + 3 * kGas.plain + kGas.branch)
        << "else is a branch over the other half";
    EXPECT_EQ(gas_of(wasm, {0}), kGas.plain + kGas.branch + kGas.plain);
    const Bytes table = one_function(
        {kI32},
        {},
        Code().block().block().get(0).br_table({0, 1}).end().i32(1).op(op::kDrop).end());
    EXPECT_EQ(gas_of(table, {0}), kGas.plain + kGas.branch_table + 2 * kGas.plain);
    EXPECT_EQ(gas_of(table, {1}), kGas.plain + kGas.branch_table);
}

TEST(Gas, of_a_loop_is_paid_each_time) {
    const Bytes wasm =
        one_function({kI32}, {}, Code().loop().get(0).i32(1).op(op::kI32Sub).tee(0).br_if(0).end());
    for (const std::uint64_t times : {1U, 2U, 50U}) {
        EXPECT_EQ(gas_of(wasm, {times}), times * (4 * kGas.plain + kGas.branch));
    }
}

TEST(Gas, of_a_call_counts_the_locals_that_are_zeroed) {
    for (const auto& [locals, eights] :
         {std::pair{0U, 0U}, {1U, 1U}, {8U, 1U}, {9U, 2U}, {400U, 50U}}) {
        ModuleBuilder builder;
        const auto callee = builder.function(builder.type({kI32}), Code(), {{locals, kI64}});
        const auto run = builder.function(builder.type({}), Code().i32(1).call(callee));
        builder.memory({.min = 0, .max = 0});
        builder.export_as("run", run);
        EXPECT_EQ(gas_of(builder.build()), kGas.plain + kGas.call + eights * kGas.locals_8)
            << locals;
    }
}

TEST(Gas, of_growing_is_paid_by_the_page_even_if_it_fails) {
    const Bytes grow = one_function({kI32}, kI32, Code().get(0).memory_grow());
    const std::uint64_t base = gas_of(grow, {0});
    EXPECT_EQ(gas_of(grow, {3}), base + 3 * kGas.grow_page);
    EXPECT_EQ(gas_of(grow, {9}), base + 9 * kGas.grow_page);
    EXPECT_EQ(run_both(grow, {3}, base + 3 * kGas.grow_page).result, 1U);
    const Outcome short_of_one = run_both(grow, {3}, base + 3 * kGas.grow_page - 1);
    EXPECT_EQ(short_of_one.trap, Trap::kOutOfGas);
    EXPECT_EQ(short_of_one.gas_left, 0U);
}

TEST(Gas, of_a_trap_is_that_of_the_run_it_lies_in) {
    // The division traps; what stands behind it up to the end was paid with it.
    const Bytes wasm = one_function(
        {},
        kI32,
        Code().i32(1).i32(0).op(op::kI32DivU).i32(5).op(op::kI32Add).i32(6).op(op::kI32Add));
    const Outcome outcome = run_both(wasm);
    EXPECT_EQ(outcome.trap, Trap::kDivideByZero);
    EXPECT_EQ(tests::kPlenty - outcome.gas_left, 6 * kGas.plain + kGas.divide);
}

TEST(Gas, runs_out_at_the_beginning_of_a_run) {
    // The store before the loop is done by a run that was paid, the one in the loop never is.
    const Bytes wasm = one_function(
        {},
        {},
        Code()
            .i32(0)
            .i32(1)
            .memory(op::kI32Store8)
            .block()
            .i32(0)
            .br_if(0)
            .i32(0)
            .i32(2)
            .memory(op::kI32Store8)
            .end());
    const std::uint64_t first = 3 * kGas.plain + kGas.memory + kGas.branch;
    const std::uint64_t all = first + 2 * kGas.plain + kGas.memory;
    for (std::uint64_t gas = 0; gas <= all; ++gas) {
        const auto program = tests::compiled(wasm);
        tests::Pair pair(program);
        ASSERT_EQ(pair.run(0, {}, gas), "") << gas;
        EXPECT_EQ(pair.outcome().trap.has_value(), gas < all);
        EXPECT_EQ(pair.outcome().gas_left, 0U);
        const int expected = gas < first ? 0 : gas < all ? 1 : 2;
        EXPECT_EQ(pair.naive().instance().memory()->data()[0], expected) << gas;
    }
}

TEST(Gas, may_be_as_much_as_the_type_holds) {
    const Bytes wasm = one_function({}, kI32, Code().i32(1));
    for (const std::uint64_t gas :
         {std::uint64_t{std::numeric_limits<std::int64_t>::max()},
          std::uint64_t{1} << 63,
          std::numeric_limits<std::uint64_t>::max()}) {
        const Outcome outcome = run_both(wasm, {}, gas);
        EXPECT_EQ(outcome.result, 1U);
        EXPECT_EQ(outcome.gas_left, gas - kGas.plain);
    }
}

TEST(Gas, ends_what_would_never_end) {
    const Bytes loop = one_function({}, {}, Code().loop().br(0).end());
    EXPECT_EQ(run_both(loop, {}, 100'000).trap, Trap::kOutOfGas);
    const Bytes table = one_function({}, {}, Code().loop().i32(0).br_table({0, 0}).end());
    EXPECT_EQ(run_both(table, {}, 100'000).trap, Trap::kOutOfGas);
    const Bytes condition = one_function({}, {}, Code().loop().i32(1).br_if(0).end());
    EXPECT_EQ(run_both(condition, {}, 100'000).trap, Trap::kOutOfGas);
}

TEST(Gas, of_another_schedule_is_what_it_says) {
    GasSchedule dear;
    dear.plain = 10;
    dear.divide = 1'000;
    const Bytes wasm = one_function({}, kI32, Code().i32(8).i32(2).op(op::kI32DivU));
    const auto program = Program::compile(wasm, Rules::kernel(), dear);
    ASSERT_TRUE(program);
    tests::Pair pair(*program);
    ASSERT_EQ(pair.run(0, {}, 5'000), "");
    EXPECT_EQ(pair.outcome().gas_left, 5'000U - 1'020U);
}

/// Every step of a small program with calls, loops, branches and memory.
TEST(Gas, at_each_limit_gives_the_same_on_both_engines) {
    ModuleBuilder builder;
    const auto takes = builder.type({kI32}, kI32);
    const auto callee = builder.function(
        takes,
        Code()
            .get(0)
            .i32(3)
            .op(op::kI32RemU)
            .if_(kI32)
            .get(0)
            .else_()
            .get(0)
            .i32(7)
            .op(op::kI32Add)
            .end(),
        {{3, kI64}});
    const auto run = builder.function(
        takes,
        Code()
            .loop()
            .get(0)
            .get(0)
            .call(callee)
            .memory(op::kI32Store)
            .block()
            .block()
            .get(0)
            .br_table({0, 1, 0})
            .end()
            .i32(1)
            .memory_grow()
            .op(op::kDrop)
            .end()
            .get(0)
            .i32(1)
            .op(op::kI32Sub)
            .tee(0)
            .br_if(0)
            .end()
            .i32(4)
            .memory(op::kI32Load));
    builder.memory({.min = 1, .max = 2});
    builder.export_as("run", run);
    const Bytes wasm = builder.build();
    constexpr std::array<std::uint64_t, 1> kArgs{9};
    const std::uint64_t all = gas_of(wasm, {kArgs[0]});
    const auto program = tests::compiled(wasm);
    for (std::uint64_t gas = 0; gas <= all;
         gas = gas < 400 || gas + 60 > all ? gas + 1 : gas + 13) {
        tests::Pair pair(program);
        ASSERT_EQ(pair.run(run, kArgs, gas), "") << gas;
        ASSERT_EQ(pair.outcome().trap.has_value(), gas < all) << gas;
    }
}

}  // namespace
}  // namespace polis::vm
