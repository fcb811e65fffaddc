// What the fast engine does beside computing.
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <tests/vm/both_engines.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/instance.hpp>

namespace polis::vm {
namespace {

using tests::Code;
using tests::kI32;
using tests::kI64;
using tests::ModuleBuilder;
namespace op = tests::op;

/// Every instruction is a call in tail position: if one of them took stack, a thousand steps of
/// this loop would take it a thousand times, and ten million overflow it.
TEST(Interpreter, millions_of_instructions_need_no_stack) {
    ModuleBuilder builder;
    const auto callee =
        builder.function(builder.type({kI32}, kI32), Code().get(0).i32(3).op(op::kI32Mul));
    Code loop;
    loop.loop();
    loop.get(0)
        .i32(255)
        .op(op::kI32And)
        .tee(1)
        .get(1)
        .memory(op::kI32Load8U)
        .get(0)
        .op(op::kI32Add);
    loop.memory(op::kI32Store8);
    loop.block().get(1).br_table({0, 0}).end();
    loop.get(0).call(callee).global_set(0).global_get(0).op(op::kDrop);
    loop.get(0).i32(0).call_indirect(0).op(op::kDrop);
    loop.get(1).get(0).get(1).i32(7).op(op::kI32LtU).op(op::kSelect).set(1);
    loop.i32(0).memory_grow().memory_size().op(op::kI32DivU).op(op::kDrop);
    loop.get(0).op(op::kI64ExtendI32S).op(op::kI32WrapI64).op(op::kDrop);
    loop.get(0).i32(-1).op(op::kI32Add).tee(0).br_if(0).end().get(1);
    const auto type = builder.type({kI32, kI32}, kI32);
    const auto run_index = builder.function(type, loop);
    builder.memory({.min = 1, .max = 1});
    builder.table({.min = 1, .max = 1});
    builder.element(0, {callee});
    builder.global({.type = kI32, .is_mutable = true}, 0);
    builder.export_as("run", run_index);
    const auto program = tests::compiled(builder.build());
    ASSERT_NE(program, nullptr);
    tests::Machine machine(program, tests::Engine::kFast);
    ASSERT_TRUE(machine.is_linked());
    const std::vector<std::uint64_t> args{500'000, 0};
    const Outcome outcome = machine.run(run_index, args, 1'000'000'000);
    EXPECT_EQ(outcome.trap, std::nullopt);
}

class Recorder : public CallObserver {
  public:
    void on_call(std::uint32_t function, std::uint64_t gas_left) override {
        calls.push_back({function, gas_left});
    }

    void on_return(std::uint32_t function, std::uint64_t gas_left) override {
        returns.push_back({function, gas_left});
    }

    std::vector<std::pair<std::uint32_t, std::uint64_t>> calls;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> returns;
};

TEST(Interpreter, observers_see_calls_with_the_gas_between) {
    ModuleBuilder builder;
    const auto leaf = builder.function(builder.type({}, kI64), Code().i64(1));
    const auto outer =
        builder.function(builder.type({}, kI64), Code().call(leaf).call(leaf).op(op::kI64Add));
    builder.export_as("run", outer);
    const auto program = tests::compiled(builder.build());
    ASSERT_NE(program, nullptr);
    tests::Machine machine(program, tests::Engine::kFast);
    Recorder recorder;
    machine.instance().observe(&recorder);
    const Outcome outcome = machine.run(outer, {}, 1'000);
    EXPECT_EQ(outcome.result, 2U);
    ASSERT_EQ(recorder.calls.size(), 3U);
    EXPECT_EQ(recorder.calls[0], (std::pair<std::uint32_t, std::uint64_t>{outer, 1'000}));
    EXPECT_EQ(recorder.calls[1].first, leaf);
    EXPECT_EQ(recorder.calls[1].second - recorder.returns[0].second, 1U) << "one constant";
    EXPECT_EQ(
        recorder.returns[2], (std::pair<std::uint32_t, std::uint64_t>{outer, outcome.gas_left}));
}

TEST(Interpreter, more_gas_than_a_signed_number_holds_is_given_back) {
    const Bytes wasm = tests::one_function({}, kI32, Code().i32(5));
    const Outcome outcome = tests::run_both(wasm, {}, UINT64_MAX);
    EXPECT_EQ(outcome.result, 5U);
    EXPECT_EQ(outcome.gas_left, UINT64_MAX - 1);
}

}  // namespace
}  // namespace polis::vm
