// Where runs trap and where they must not, each case on both engines. What an instruction computes
// is the matter of the specification's suite; here are the places where engines went wrong.
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <tests/vm/both_engines.hpp>
#include <tests/vm/wasm_builder.hpp>

namespace polis::vm {
namespace {

using tests::Code;
using tests::kI32;
using tests::kI64;
using tests::ModuleBuilder;
using tests::one_function;
using tests::result_of;
using tests::run_both;
using tests::trap_of_run;
namespace op = tests::op;

constexpr std::uint64_t kMin32 = 0x8000'0000;
constexpr std::uint64_t kMin64 = 0x8000'0000'0000'0000;
constexpr std::uint64_t kMinus32 = 0xffff'ffff;
constexpr std::uint64_t kMinus64 = UINT64_MAX;

/// div_s, div_u, rem_s, rem_u of each width.
constexpr std::array<std::uint8_t, 8> kDivisions{0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82};

bool is_wide(std::uint8_t opcode) { return opcode >= 0x79; }

ValueType type_of(std::uint8_t opcode) { return is_wide(opcode) ? kI64 : kI32; }

/// Both operands in locals.
Bytes of_locals(std::uint8_t opcode) {
    const ValueType type = type_of(opcode);
    return one_function({type, type}, type, Code().get(0).get(1).op(opcode));
}

Code& constant(Code& code, bool wide, std::int64_t value) {
    return wide ? code.i64(value) : code.i32(static_cast<std::int32_t>(value));
}

/// The second operand is part of the code; the first one too if it is given.
Bytes of_constants(std::uint8_t opcode, std::optional<std::int64_t> left, std::int64_t right) {
    const ValueType type = type_of(opcode);
    Code code;
    if (left) {
        constant(code, is_wide(opcode), *left);
    } else {
        code.get(0);
    }
    constant(code, is_wide(opcode), right).op(opcode);
    return one_function({type}, type, code);
}

TEST(Division, by_zero_traps_in_every_form) {
    for (const std::uint8_t opcode : kDivisions) {
        EXPECT_EQ(trap_of_run(of_locals(opcode), {7, 0}), Trap::kDivideByZero) << int{opcode};
        EXPECT_EQ(trap_of_run(of_constants(opcode, {}, 0), {7}), Trap::kDivideByZero);
        EXPECT_EQ(trap_of_run(of_constants(opcode, 7, 0), {7}), Trap::kDivideByZero);
        EXPECT_EQ(trap_of_run(of_locals(opcode), {0, 0}), Trap::kDivideByZero);
        EXPECT_FALSE(trap_of_run(of_locals(opcode), {0, 7}));
    }
}

TEST(Division, of_the_smallest_by_minus_one_overflows_as_a_quotient_only) {
    for (const std::uint8_t opcode : kDivisions) {
        const bool wide = is_wide(opcode);
        const std::uint64_t smallest = wide ? kMin64 : kMin32;
        const std::uint64_t minus_one = wide ? kMinus64 : kMinus32;
        const bool is_quotient = opcode == 0x6d || opcode == 0x7f;
        const auto expected = is_quotient ? std::optional(Trap::kIntegerOverflow) : std::nullopt;
        EXPECT_EQ(trap_of_run(of_locals(opcode), {smallest, minus_one}), expected) << int{opcode};
        EXPECT_EQ(trap_of_run(of_constants(opcode, {}, -1), {smallest}), expected);
        EXPECT_FALSE(trap_of_run(of_locals(opcode), {smallest + 1, minus_one}));
    }
    EXPECT_EQ(result_of(of_locals(op::kI32RemS), {kMin32, kMinus32}), 0U);
    EXPECT_EQ(result_of(of_constants(0x81, {}, -1), {kMin64}), 0U);
    EXPECT_EQ(
        result_of(of_locals(op::kI32DivS), {static_cast<std::uint32_t>(-7), 2}),
        static_cast<std::uint32_t>(-3))
        << "toward zero";
}

TEST(Shift, takes_the_count_modulo_the_width) {
    for (std::uint8_t opcode = op::kI32Shl; opcode <= op::kI32Rotr; ++opcode) {
        for (const std::uint64_t count : {0U, 1U, 31U}) {
            const std::uint64_t plain = result_of(of_locals(opcode), {0x8123'4567, count});
            EXPECT_EQ(result_of(of_locals(opcode), {0x8123'4567, count + 32}), plain);
            EXPECT_EQ(result_of(of_locals(opcode), {0x8123'4567, count + 0xffff'ffe0}), plain);
            const auto code = static_cast<std::int64_t>(count) - 64;
            EXPECT_EQ(result_of(of_constants(opcode, {}, code), {0x8123'4567}), plain);
        }
        EXPECT_EQ(result_of(of_locals(opcode), {0x8123'4567, 0}), 0x8123'4567U) << "by 0";
        EXPECT_EQ(result_of(of_constants(opcode, {}, 32), {0x8123'4567}), 0x8123'4567U);
    }
    for (std::uint8_t opcode = op::kI64Shl; opcode <= op::kI64Rotr; ++opcode) {
        constexpr std::uint64_t kValue = 0x8123'4567'89ab'cdef;
        EXPECT_EQ(result_of(of_locals(opcode), {kValue, 0}), kValue);
        EXPECT_EQ(result_of(of_locals(opcode), {kValue, 64}), kValue);
        EXPECT_EQ(
            result_of(of_locals(opcode), {kValue, 65}), result_of(of_locals(opcode), {kValue, 1}));
    }
}

TEST(Address, is_a_sum_of_64_bits) {
    const auto load = [](std::uint32_t offset) {
        return one_function({kI32}, kI32, Code().get(0).memory(op::kI32Load, offset));
    };
    EXPECT_EQ(trap_of_run(load(0xffff'ffff), {1}), Trap::kMemoryBounds);
    EXPECT_EQ(trap_of_run(load(0xffff'ffff), {0xffff'ffff}), Trap::kMemoryBounds);
    EXPECT_EQ(trap_of_run(load(4), {0xffff'fffc}), Trap::kMemoryBounds) << "wraps to 0";
    EXPECT_EQ(trap_of_run(load(0), {0xffff'ffff}), Trap::kMemoryBounds);
    const auto sum = one_function(
        {kI32, kI32}, kI32, Code().get(0).get(1).op(op::kI32Add).memory(op::kI32Load, 8));
    EXPECT_EQ(trap_of_run(sum, {0xffff'fffc, 4}), std::nullopt) << "what the contract adds wraps";
    EXPECT_EQ(trap_of_run(sum, {0xffff'fff4, 4}), Trap::kMemoryBounds);
}

TEST(Address, may_touch_the_last_byte_and_not_the_next) {
    constexpr std::uint64_t kEnd = 65'536;
    constexpr std::array<std::pair<std::uint8_t, std::uint64_t>, 6> kAccesses{
        {{0x28, 4}, {0x29, 8}, {0x2c, 1}, {0x2f, 2}, {0x30, 1}, {0x34, 4}}};
    for (const auto& [opcode, bytes] : kAccesses) {
        const bool wide = opcode == 0x29 || opcode >= 0x30;
        const Bytes load =
            one_function({kI32}, wide ? kI64 : kI32, Code().get(0).memory(opcode, 1));
        EXPECT_FALSE(trap_of_run(load, {kEnd - bytes - 1})) << int{opcode};
        EXPECT_EQ(trap_of_run(load, {kEnd - bytes}), Trap::kMemoryBounds) << int{opcode};
    }
    constexpr std::array<std::pair<std::uint8_t, std::uint64_t>, 7> kStores{
        {{0x36, 4}, {0x37, 8}, {0x3a, 1}, {0x3b, 2}, {0x3c, 1}, {0x3d, 2}, {0x3e, 4}}};
    for (const auto& [opcode, bytes] : kStores) {
        const bool wide = opcode == 0x37 || opcode >= 0x3c;
        const Bytes store =
            one_function({kI32, wide ? kI64 : kI32}, {}, Code().get(0).get(1).memory(opcode));
        EXPECT_FALSE(trap_of_run(store, {kEnd - bytes, kMinus32})) << int{opcode};
        EXPECT_EQ(trap_of_run(store, {kEnd - bytes + 1, kMinus32}), Trap::kMemoryBounds);
    }
}

TEST(Store, that_traps_writes_nothing) {
    const auto program =
        tests::compiled(one_function({kI32}, {}, Code().get(0).i64(-1).memory(op::kI64Store)));
    tests::Pair pair(program);
    const std::array<std::uint64_t, 1> args{65'532};
    ASSERT_EQ(pair.run(0, args, tests::kPlenty), "");
    EXPECT_EQ(pair.outcome().trap, Trap::kMemoryBounds);
    EXPECT_EQ(pair.naive().instance().memory()->data()[65'535], 0);
}

/// Found by random modules: the constant went where the second part of the address was.
TEST(Store, of_a_constant_at_a_sum_of_two_operands_goes_to_the_sum) {
    const Bytes wasm = one_function(
        {kI32},
        kI32,
        Code()
            .get(0)
            .op(op::kI32Eqz)
            .memory_size()
            .op(op::kI32Add)
            .i32(77)
            .memory(op::kI32Store)
            .i32(2)
            .memory(op::kI32Load));
    EXPECT_EQ(result_of(wasm, {0}), 77U);
}

TEST(Grow, inside_a_callee_is_seen_by_the_caller) {
    ModuleBuilder builder;
    const auto grows = builder.type({});
    const auto runs = builder.type({}, kI32);
    const auto grow = builder.function(grows, Code().i32(1).memory_grow().op(op::kDrop));
    const auto run = builder.function(
        runs,
        Code()
            .call(grow)
            .i32(70'000)
            .i32(42)
            .memory(op::kI32Store)
            .i32(70'000)
            .memory(op::kI32Load));
    builder.memory({.min = 1, .max = 2});
    builder.export_as("run", run);
    EXPECT_EQ(result_of(builder.build()), 42U);
}

TEST(Grow, fails_by_its_maximum_only) {
    const Bytes grow = one_function({kI32}, kI32, Code().get(0).memory_grow());
    EXPECT_EQ(result_of(grow, {3}), 1U);
    EXPECT_EQ(result_of(grow, {4}), kMinus32);
    EXPECT_EQ(result_of(grow, {0}), 1U);
    EXPECT_EQ(trap_of_run(grow, {0xffff'ffff}), Trap::kOutOfGas) << "paid before it is tried";
    const Outcome refused = run_both(grow, {0xffff'ffff}, UINT64_MAX);
    EXPECT_EQ(refused.result, kMinus32);
}

TEST(Branch, with_a_value_that_is_not_taken_keeps_the_value) {
    const Bytes wasm = one_function(
        {kI32}, kI32, Code().block(kI32).i32(10).get(0).br_if(0).i32(5).op(op::kI32Add).end());
    EXPECT_EQ(result_of(wasm, {0}), 15U);
    EXPECT_EQ(result_of(wasm, {1}), 10U);
}

TEST(Branch, leaves_the_operands_below_alone) {
    const Bytes wasm = one_function(
        {kI32},
        kI32,
        Code()
            .i32(1'000)
            .block(kI32)
            .i32(7)
            .i32(8)
            .i32(9)
            .get(0)
            .br_if(0)
            .op(op::kDrop)
            .op(op::kI32Add)
            .end()
            .op(op::kI32Add));
    EXPECT_EQ(result_of(wasm, {1}), 1'009U);
    EXPECT_EQ(result_of(wasm, {0}), 1'015U);
}

TEST(BranchTable, may_have_nothing_but_a_default) {
    const Bytes wasm = one_function(
        {kI32}, kI32, Code().block(kI32).i32(3).get(0).br_table({0}).end().i32(1).op(op::kI32Add));
    for (const std::uint64_t index : {0U, 1U, 0xffff'ffffU}) {
        EXPECT_EQ(result_of(wasm, {index}), 4U);
    }
}

TEST(BranchTable, takes_the_default_for_every_index_beyond) {
    const Bytes wasm = one_function(
        {kI32},
        kI32,
        Code()
            .block()
            .block()
            .block()
            .get(0)
            .br_table({2, 0, 1})
            .end()
            .i32(20)
            .op(op::kReturn)
            .end()
            .i32(30)
            .op(op::kReturn)
            .end()
            .i32(10));
    EXPECT_EQ(result_of(wasm, {0}), 10U);
    EXPECT_EQ(result_of(wasm, {1}), 20U);
    for (const std::uint64_t index : {2U, 3U, 0x7fff'ffffU, 0xffff'ffffU}) {
        EXPECT_EQ(result_of(wasm, {index}), 30U) << index;
    }
}

TEST(Loop, label_is_its_beginning_and_carries_nothing) {
    const Bytes wasm = one_function(
        {kI32},
        kI32,
        Code()
            .loop(kI32)
            .get(1)
            .i32(2)
            .op(op::kI32Add)
            .set(1)
            .get(0)
            .i32(1)
            .op(op::kI32Sub)
            .tee(0)
            .br_if(0)
            .get(1)
            .end(),
        {{1, kI32}});
    EXPECT_EQ(result_of(wasm, {1}), 2U);
    EXPECT_EQ(result_of(wasm, {100}), 200U);
}

TEST(DeadCode, may_use_operands_that_are_not_there) {
    const Bytes wasm = one_function(
        {kI32},
        kI32,
        Code()
            .block(kI32)
            .i32(6)
            .br(0)
            .op(op::kI32Add)
            .op(op::kSelect)
            .op(op::kDrop)
            .get(0)
            .op(op::kI64ExtendI32S)
            .op(op::kI64Mul)
            .op(op::kI32WrapI64)
            .block()
            .op(op::kUnreachable)
            .br(1)
            .end()
            .end());
    EXPECT_EQ(result_of(wasm, {1}), 6U);
}

TEST(DeadCode, behind_unreachable_is_never_reached) {
    const Bytes wasm =
        one_function({}, kI32, Code().op(op::kUnreachable).i32(1).i32(0).op(op::kI32DivS));
    EXPECT_EQ(trap_of_run(wasm), Trap::kUnreachable);
    const Bytes nothing = one_function({}, kI64, Code().op(op::kUnreachable));
    EXPECT_EQ(trap_of_run(nothing), Trap::kUnreachable);
}

TEST(Locals, read_before_a_write_keep_what_was_read) {
    const Bytes set = one_function(
        {kI32}, kI32, Code().get(0).i32(9).set(0).get(0).i32(100).op(op::kI32Mul).op(op::kI32Add));
    EXPECT_EQ(result_of(set, {5}), 905U);
    const Bytes tee = one_function(
        {kI32},
        kI32,
        Code().get(0).get(0).i32(1).op(op::kI32Add).tee(0).op(op::kI32Sub).get(0).op(op::kI32Xor));
    EXPECT_EQ(result_of(tee, {5}), (kMinus32 ^ 6U));
    const Bytes swap = one_function(
        {kI32, kI32},
        kI32,
        Code().get(0).get(1).set(0).set(1).get(0).i32(10).op(op::kI32Mul).get(1).op(op::kI32Add));
    EXPECT_EQ(result_of(swap, {1, 2}), 21U);
    const Bytes in_a_branch = one_function(
        {kI32, kI32}, kI32, Code().get(0).get(1).if_().i32(50).set(0).end().get(0).op(op::kI32Add));
    EXPECT_EQ(result_of(in_a_branch, {1, 0}), 2U);
    EXPECT_EQ(result_of(in_a_branch, {1, 1}), 51U);
}

TEST(Locals, read_before_a_loop_that_writes_them_keep_what_was_read) {
    const Bytes wasm = one_function(
        {kI32},
        kI32,
        Code()
            .get(0)
            .loop()
            .get(0)
            .i32(1)
            .op(op::kI32Sub)
            .tee(0)
            .br_if(0)
            .end()
            .get(0)
            .op(op::kI32Add));
    EXPECT_EQ(result_of(wasm, {5}), 5U);
}

TEST(Select, works_with_constants_anywhere) {
    const auto select = [](const Code& first, const Code& second, const Code& condition) {
        return one_function(
            {kI32},
            kI32,
            Code().raw(first.bytes()).raw(second.bytes()).raw(condition.bytes()).op(op::kSelect));
    };
    const Code one = Code().i32(1);
    const Code two = Code().i32(2);
    const Code arg = Code().get(0);
    EXPECT_EQ(result_of(select(one, two, arg), {7}), 1U);
    EXPECT_EQ(result_of(select(one, two, arg), {0}), 2U);
    EXPECT_EQ(result_of(select(arg, two, one), {7}), 7U);
    EXPECT_EQ(result_of(select(one, arg, Code().i32(0)), {7}), 7U);
    EXPECT_EQ(result_of(select(one, two, one), {7}), 1U);
    EXPECT_EQ(result_of(select(arg, arg, arg), {0}), 0U);
}

/// Three entries: of "twice" under another type index with the same structure, of "no" with another
/// structure, and none.
Bytes with_table() {
    ModuleBuilder builder;
    const auto runs = builder.type({kI32, kI32}, kI32);
    const auto one = builder.type({kI32}, kI32);
    const auto same = builder.type({kI32}, kI32);
    const auto other = builder.type({kI64}, kI32);
    const auto run = builder.function(runs, Code().get(1).get(0).call_indirect(same));
    const auto twice = builder.function(one, Code().get(0).i32(2).op(op::kI32Mul));
    const auto no = builder.function(other, Code().i32(0));
    builder.table({.min = 4, .max = 4});
    builder.element(0, {twice, no});
    builder.memory({.min = 0, .max = 0});
    builder.export_as("run", run);
    return builder.build();
}

TEST(CallIndirect, compares_types_by_structure) {
    EXPECT_EQ(result_of(with_table(), {0, 21}), 42U);
    EXPECT_EQ(trap_of_run(with_table(), {1, 21}), Trap::kSignature);
}

TEST(CallIndirect, traps_at_what_is_not_there) {
    EXPECT_EQ(trap_of_run(with_table(), {2, 21}), Trap::kEmptyElement);
    EXPECT_EQ(trap_of_run(with_table(), {3, 21}), Trap::kEmptyElement);
    EXPECT_EQ(trap_of_run(with_table(), {4, 21}), Trap::kTableBounds);
    EXPECT_EQ(trap_of_run(with_table(), {0xffff'ffff, 21}), Trap::kTableBounds);
}

/// "dirty" fills its locals and leaves; "clean" adds up its own, which lie where those did.
TEST(Call, begins_with_locals_of_zero) {
    ModuleBuilder builder;
    const auto nothing = builder.type({});
    const auto gives = builder.type({}, kI64);
    Code fill;
    Code add;
    add.i64(0);
    constexpr std::uint32_t kLocals = 20;
    for (std::uint32_t i = 0; i < kLocals; ++i) {
        fill.i64(-1).set(i);
        add.get(i).op(op::kI64Or);
    }
    const auto dirty = builder.function(nothing, fill, {{kLocals, kI64}});
    const auto clean = builder.function(gives, add, {{kLocals, kI64}});
    const auto run = builder.function(gives, Code().call(dirty).call(clean));
    builder.memory({.min = 0, .max = 0});
    builder.export_as("run", run);
    EXPECT_EQ(result_of(builder.build()), 0U);
}

TEST(Call, uses_its_arguments_up) {
    ModuleBuilder builder;
    const auto takes = builder.type({kI32, kI32, kI32}, kI32);
    const auto gives = builder.type({}, kI32);
    const auto middle = builder.function(takes, Code().i32(99).set(0).get(1));
    const auto run =
        builder.function(gives, Code().i32(5).i32(6).i32(7).i32(8).call(middle).op(op::kI32Add));
    builder.memory({.min = 0, .max = 0});
    builder.export_as("run", run);
    EXPECT_EQ(result_of(builder.build()), 12U);
}

/// Calls itself as often as its argument says.
Bytes recursion(std::uint32_t locals) {
    return one_function(
        {kI32},
        kI32,
        Code().get(0).if_(kI32).get(0).i32(1).op(op::kI32Sub).call(0).else_().i32(77).end(),
        {{locals, kI64}});
}

TEST(Recursion, ends_by_the_number_of_frames) {
    EXPECT_EQ(result_of(recursion(0), {kCallDepthMax - 1}), 77U);
    EXPECT_EQ(trap_of_run(recursion(0), {kCallDepthMax}), Trap::kStackExhausted);
    EXPECT_EQ(trap_of_run(recursion(0), {1'000'000}), Trap::kStackExhausted);
}

TEST(Recursion, ends_by_the_number_of_slots) {
    constexpr std::uint32_t kLocals = 400;
    const auto program = tests::compiled(recursion(kLocals));
    const std::uint32_t slots = program->functions().front().frame_slots;
    EXPECT_GT(slots, kLocals);
    const std::uint64_t frames = kStackSlotsMax / slots;
    ASSERT_LT(frames, kCallDepthMax);
    EXPECT_EQ(result_of(recursion(kLocals), {frames - 1}), 77U);
    EXPECT_EQ(trap_of_run(recursion(kLocals), {frames}), Trap::kStackExhausted);
}

TEST(Recursion, into_a_host_function_takes_no_frame) {
    ModuleBuilder builder;
    const auto height = builder.import_function("polis", "height", builder.type({}, kI64));
    const auto type = builder.type({kI32}, kI64);
    const auto run = builder.function(
        type,
        Code().get(0).if_(kI64).get(0).i32(1).op(op::kI32Sub).call(1).else_().call(height).end());
    builder.memory({.min = 0, .max = 0});
    builder.export_as("run", run);
    EXPECT_FALSE(trap_of_run(builder.build(), {kCallDepthMax - 1}));
}

}  // namespace
}  // namespace polis::vm
