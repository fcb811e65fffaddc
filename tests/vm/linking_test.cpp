// Instances that share functions, memories, tables and globals, as the specification's suite has
// them: both engines do the same across the border.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tests/vm/both_engines.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/instance.hpp>
#include <vm/naive.hpp>

namespace polis::vm {
namespace {

using tests::Code;
using tests::Engine;
using tests::kI32;
using tests::kI64;
using tests::ModuleBuilder;
namespace op = tests::op;

Outcome run_with(
    Engine engine,
    Instance& instance,
    std::string_view name,
    const std::vector<std::uint64_t>& args = {},
    std::uint64_t gas = tests::kPlenty) {
    const std::uint32_t function = instance.module().find_export(name)->index;
    return engine == Engine::kFast ? run(instance, function, args, gas)
                                   : run_naive(instance, function, args, gas);
}

std::unique_ptr<Instance> linked(const Bytes& wasm, Imports imports) {
    auto instance =
        Instance::create(tests::compiled(wasm, Rules::specification()), std::move(imports));
    EXPECT_TRUE(instance.has_value()) << to_string(instance.error());
    return instance ? *std::move(instance) : nullptr;
}

constexpr std::array<Engine, 2> kBoth{Engine::kFast, Engine::kNaive};

/// A memory, a counter in a global and a function that adds to both.
Bytes counter() {
    ModuleBuilder builder;
    const auto adds = builder.type({kI32}, kI32);
    const auto global = builder.global({kI32, true}, 100);
    const auto add = builder.function(
        adds,
        Code()
            .global_get(global)
            .get(0)
            .op(op::kI32Add)
            .global_set(global)
            .i32(8)
            .global_get(global)
            .memory(op::kI32Store)
            .global_get(global));
    builder.memory({.min = 1, .max = 2});
    builder.export_as("add", add);
    return builder.build();
}

/// Imports all of the counter; adds, and looks at what has come of it.
Bytes user() {
    ModuleBuilder builder;
    const auto adds = builder.type({kI32}, kI32);
    const auto add = builder.import_function("counter", "add", adds);
    builder.import_other(
        "counter", "memory", ExternKind::kMemory, tests::encoded({.min = 1, .max = 2}));
    builder.import_other("counter", "value", ExternKind::kGlobal, Bytes{0x7f, 1});
    const auto run = builder.function(
        adds,
        Code()
            .get(0)
            .call(add)
            .i32(8)
            .memory(op::kI32Load)
            .op(op::kI32Eqz)
            .op(op::kI32Add)
            .global_get(0)
            .i32(1'000)
            .op(op::kI32Mul)
            .op(op::kI32Add));
    builder.export_as("run", run);
    builder.export_as("again", add);
    return builder.build();
}

Imports of(Instance& counter) {
    return {
        .functions = {counter.function(0)},
        .table = nullptr,
        .memory = counter.memory(),
        .globals = {counter.globals().front()}};
}

TEST(Linking, shares_functions_memories_and_globals) {
    std::vector<std::uint64_t> gas_left;
    for (const Engine engine : kBoth) {
        const auto first = linked(counter(), {});
        const auto second = linked(user(), of(*first));
        const Outcome outcome = run_with(engine, *second, "run", {5});
        EXPECT_EQ(outcome.result, 105U + 105'000U) << tests::to_string(outcome);
        EXPECT_EQ(first->globals().front()->value, 105U);
        EXPECT_EQ(first->memory()->data()[8], 105);
        EXPECT_EQ(run_with(engine, *second, "again", {1}).result, 106U) << "an import, exported";
        gas_left.push_back(outcome.gas_left);
    }
    EXPECT_EQ(gas_left.front(), gas_left.back());
}

TEST(Linking, pays_alike_at_each_limit) {
    for (std::uint64_t gas = 0; gas < 60; ++gas) {
        std::vector<Outcome> outcomes;
        std::vector<std::uint64_t> values;
        for (const Engine engine : kBoth) {
            const auto first = linked(counter(), {});
            const auto second = linked(user(), of(*first));
            outcomes.push_back(run_with(engine, *second, "run", {5}, gas));
            values.push_back(first->globals().front()->value);
        }
        EXPECT_EQ(outcomes.front(), outcomes.back()) << gas;
        EXPECT_EQ(values.front(), values.back()) << gas;
    }
}

/// Calls entry `callee` of the table that both share and puts itself into entry `own`.
Bytes player(std::int32_t own, std::int32_t callee) {
    ModuleBuilder builder;
    const auto type = builder.type({kI32}, kI32);
    builder.import_other("shared", "table", ExternKind::kTable, Bytes{0x70, 0, 2});
    const auto play = builder.function(
        type,
        Code()
            .get(0)
            .if_(kI32)
            .get(0)
            .i32(1)
            .op(op::kI32Sub)
            .i32(callee)
            .call_indirect(type)
            .i32(1)
            .op(op::kI32Add)
            .else_()
            .i32(0)
            .end(),
        {{static_cast<std::uint32_t>(5 + 4 * own), kI64}});
    builder.element(own, {play});
    builder.export_as("play", play);
    return builder.build();
}

TEST(Linking, counts_frames_of_all_instances_together) {
    for (const std::uint64_t depth :
         {std::uint64_t{10}, std::uint64_t{kCallDepthMax - 1}, std::uint64_t{kCallDepthMax}}) {
        std::vector<Outcome> outcomes;
        for (const Engine engine : kBoth) {
            const auto table = std::make_shared<Table>();
            table->limits = {.min = 2, .max = std::nullopt};
            table->entries.resize(2);
            const Imports imports{
                .functions = {}, .table = table, .memory = nullptr, .globals = {}};
            const auto first = linked(player(0, 1), imports);
            const auto second = linked(player(1, 0), imports);
            outcomes.push_back(run_with(engine, *first, "play", {depth}));
        }
        EXPECT_EQ(outcomes.front(), outcomes.back()) << depth;
        if (depth < kCallDepthMax) {
            EXPECT_EQ(outcomes.front().result, depth);
        } else {
            EXPECT_EQ(outcomes.front().trap, Trap::kStackExhausted);
        }
    }
}

TEST(Linking, refuses_what_does_not_fit_and_changes_nothing) {
    const auto first = linked(counter(), {});
    const auto program = tests::compiled(user(), Rules::specification());
    const auto error_of = [&](Imports imports) {
        const auto instance = Instance::create(program, std::move(imports));
        return instance ? std::string() : std::string(to_string(instance.error()));
    };
    EXPECT_EQ(error_of({}), to_string(LinkError::kMissing));
    Imports other_global = of(*first);
    other_global.globals.front() =
        std::make_shared<GlobalCell>(GlobalCell{.type = {kI32, false}, .value = 1});
    EXPECT_EQ(error_of(other_global), to_string(LinkError::kIncompatible));
    Imports small = of(*first);
    small.memory = Memory::create({.min = 0, .max = 2}, 2);
    EXPECT_EQ(error_of(small), to_string(LinkError::kIncompatible));

    ModuleBuilder writes;
    writes.import_other(
        "counter", "memory", ExternKind::kMemory, tests::encoded({.min = 1, .max = 2}));
    writes.data(0, Bytes{1, 2, 3});
    writes.data(65'535, Bytes{1, 2});
    const auto beyond = Instance::create(
        tests::compiled(writes.build(), Rules::specification()),
        {.functions = {}, .table = nullptr, .memory = first->memory(), .globals = {}});
    ASSERT_FALSE(beyond.has_value());
    EXPECT_EQ(beyond.error(), LinkError::kData);
    EXPECT_EQ(first->memory()->data()[0], 0) << "no segment is written if one does not fit";
}

/// What an observer is told: a line for each call and return.
class Lines : public CallObserver {
  public:
    void on_call(std::uint32_t function, std::uint64_t gas_left) override {
        add("call", function, gas_left);
    }

    void on_return(std::uint32_t function, std::uint64_t gas_left) override {
        add("return", function, gas_left);
    }

    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  private:
    void add(const std::string& what, std::uint32_t function, std::uint64_t gas_left) {
        lines_.push_back(what + ' ' + std::to_string(function) + ' ' + std::to_string(gas_left));
    }

    std::vector<std::string> lines_;
};

TEST(CallObserver, hears_the_same_from_both_engines) {
    ModuleBuilder builder;
    const auto type = builder.type({kI32}, kI32);
    const auto inner = builder.function(type, Code().get(0).i32(3).op(op::kI32Mul));
    const auto run = builder.function(
        type, Code().get(0).call(inner).call(inner).i32(1).op(op::kI32DivU), {{9, kI64}});
    builder.memory({.min = 0, .max = 0});
    builder.export_as("run", run);
    std::vector<std::vector<std::string>> heard;
    for (const Engine engine : kBoth) {
        const auto instance = linked(builder.build(), {});
        Lines lines;
        instance->observe(&lines);
        EXPECT_EQ(run_with(engine, *instance, "run", {2}, 1'000).result, 18U);
        heard.push_back(lines.lines());
    }
    EXPECT_EQ(heard.front(), heard.back());
    EXPECT_EQ(heard.front().size(), 6U);
    EXPECT_EQ(heard.front().front(), "call 1 1000");
}

}  // namespace
}  // namespace polis::vm
