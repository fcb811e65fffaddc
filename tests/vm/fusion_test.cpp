// What several instructions of a contract become, and where they must not: the text of the register
// code, and both engines agreeing on the result.
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tests/vm/both_engines.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/code.hpp>

namespace polis::vm {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::Code;
using tests::kI32;
using tests::kI64;
using tests::one_function;
using tests::run_both;
namespace op = tests::op;

constexpr std::uint8_t kI64Store32 = 0x3e;
constexpr std::uint8_t kI32Ne = 0x47;
constexpr std::uint8_t kI32GtU = 0x4b;
constexpr std::uint8_t kI64And = 0x83;
constexpr std::uint8_t kI64ShrU = 0x88;
constexpr std::uint8_t kI32Rotl = 0x77;

/// The register code of the one function, an instruction a line.
std::string text_of(const Bytes& wasm) {
    const auto program = tests::compiled(wasm);
    std::string out;
    for (const Instruction& instruction : program->code()) {
        out += to_string(instruction) + "\n";
    }
    return out;
}

/// Results that both engines gave, for arguments at edges and within.
void agree(const Bytes& wasm, std::size_t parameters) {
    const std::vector<std::uint64_t> values{0, 1, 7, 255, 4'000, 65'535, 0x7fff'ffff, 0xffff'ffff};
    for (const std::uint64_t first : values) {
        for (const std::uint64_t second : values) {
            const std::vector<std::uint64_t> args{first, second, 3};
            (void)run_both(
                wasm, {args.begin(), args.begin() + static_cast<std::ptrdiff_t>(parameters)});
        }
    }
}

TEST(Fusion, a_comparison_becomes_part_of_the_branch) {
    const Bytes wasm = one_function(
        {kI32, kI32},
        kI32,
        Code().get(0).get(1).op(op::kI32LtU).if_(kI32).i32(1).else_().i32(2).end());
    EXPECT_THAT(text_of(wasm), HasSubstr("br_if i32.ge_u s0, s1"));
    agree(wasm, 2);
}

TEST(Fusion, a_counter_steps_and_is_compared_at_once) {
    Code sum;
    sum.loop().get(1).get(0).op(op::kI32Add).set(1);
    sum.get(0).i32(-1).op(op::kI32Add).tee(0).i32(0).op(kI32Ne).br_if(0).end().get(1);
    const Bytes wasm = one_function({kI32, kI32}, kI32, sum);
    EXPECT_THAT(text_of(wasm), HasSubstr("br_if i32.ne (s0 += #-1), #0"));
    EXPECT_EQ(run_both(wasm, {100, 0}).result, 5'050U);
}

TEST(Fusion, a_comparison_that_a_local_keeps_branches_too) {
    const Bytes wasm = one_function(
        {kI32, kI32},
        kI32,
        Code().block().get(0).i32(255).op(0x46).tee(1).br_if(0).i32(7).set(1).end().get(1));
    EXPECT_THAT(text_of(wasm), HasSubstr("br_if (s1 = i32.eq s0, #255)"));
    agree(wasm, 2);
}

TEST(Fusion, addresses_are_computed_by_loads) {
    const auto text = [](const Code& address, std::uint32_t offset) {
        Code code = address;
        const Bytes wasm = one_function({kI32, kI32}, kI32, code.memory(op::kI32Load8U, offset));
        agree(wasm, 2);
        return text_of(wasm);
    };
    EXPECT_THAT(text(Code().get(0).get(1).op(op::kI32Add), 5), HasSubstr("[s0 + s1 + 5]"));
    EXPECT_THAT(text(Code().get(0).i32(-8).op(op::kI32Add), 5), HasSubstr("[(s0 + #-8) + 5]"));
    EXPECT_THAT(
        text(Code().get(0).get(1).i32(2).op(op::kI32Shl).op(op::kI32Add), 5),
        HasSubstr("[s0 + (s1 << 2) + 5]"));
    EXPECT_THAT(
        text(Code().get(1).i32(2).op(op::kI32Shl).i32(100).op(op::kI32Add), 0),
        HasSubstr("[(s1 << 2) + #100]"));
    EXPECT_THAT(
        text(Code().get(0).get(1).op(op::kI32Add).i32(9).op(op::kI32Add), 0),
        HasSubstr("[s0 + (s1 << 0) + #9]"));
    EXPECT_THAT(text(Code().i32(1'000), 24), HasSubstr("[1024]"));
    // A sum with a constant wraps before the offset is added: there is no room for both.
    EXPECT_THAT(
        text(Code().get(0).get(1).op(op::kI32Add).i32(9).op(op::kI32Add), 1),
        HasSubstr("[s2 + 1]"));
    EXPECT_THAT(text(Code().i32(-1), 24), Not(HasSubstr("[23]")));
}

TEST(Fusion, stores_take_short_constants) {
    const auto store = [](std::int32_t value) {
        return one_function(
            {kI32},
            kI32,
            Code().get(0).i32(value).memory(op::kI32Store).get(0).memory(op::kI32Load));
    };
    EXPECT_THAT(text_of(store(-3)), HasSubstr("store.32 [s0 + 0], #-3"));
    EXPECT_THAT(text_of(store(70'000)), HasSubstr("store.32 [s0 + 0], s"));
    for (const std::int32_t value : {-3, 70'000, 32'767, 32'768, -32'768, -32'769}) {
        EXPECT_EQ(run_both(store(value), {64}).result, static_cast<std::uint32_t>(value));
    }
}

TEST(Fusion, what_is_stored_does_not_disturb_its_address) {
    // The address is the sum of two operands, and the value comes to lie where the second one was.
    const Bytes wasm = one_function(
        {kI32, kI32},
        kI32,
        Code()
            .get(0)
            .memory(op::kI32Load)
            .get(1)
            .memory(op::kI32Load)
            .op(op::kI32Add)
            .i32(70'000)
            .memory(op::kI32Store)
            .i32(0)
            .memory(op::kI32Load));
    EXPECT_EQ(run_both(wasm, {0, 4}).result, 70'000U);
}

TEST(Fusion, memory_is_added_to_in_place) {
    Code count;
    count.get(0).get(0).memory(op::kI32Load, 8).get(1).op(op::kI32Add).memory(op::kI32Store, 8);
    count.get(0).memory(op::kI32Load, 8);
    const Bytes wasm = one_function({kI32, kI32}, kI32, count);
    EXPECT_THAT(text_of(wasm), HasSubstr("add.32 [s0 + 8], s1"));
    agree(wasm, 2);
    Code elsewhere;
    elsewhere.get(0).get(0).memory(op::kI32Load, 12).get(1).op(op::kI32Add);
    elsewhere.memory(op::kI32Store, 8).get(0).memory(op::kI32Load, 8);
    EXPECT_THAT(text_of(one_function({kI32, kI32}, kI32, elsewhere)), Not(HasSubstr("add.32")));
    Code kept;
    kept.get(0).get(0).memory(op::kI32Load, 8).tee(1).i32(1).op(op::kI32Add);
    kept.memory(op::kI32Store, 8).get(1);
    const Bytes keeps = one_function({kI32, kI32}, kI32, kept);
    EXPECT_THAT(text_of(keeps), Not(HasSubstr("add.32"))) << "the old value is wanted";
    agree(keeps, 2);
}

TEST(Fusion, memory_takes_a_number_and_a_constant_at_once) {
    Code reward;
    reward.get(0).get(1).get(0).memory(op::kI32Load, 8).op(op::kI32Add).i32(-1).op(op::kI32Add);
    reward.memory(op::kI32Store, 8).get(0).memory(op::kI32Load, 8);
    const Bytes wasm = one_function({kI32, kI32}, kI32, reward);
    EXPECT_THAT(text_of(wasm), HasSubstr("add.32 [s0 + 8], s1 + #-1"));
    agree(wasm, 2);
    Code large;
    large.get(0).get(1).get(0).memory(op::kI32Load, 8).op(op::kI32Add).i32(40'000).op(op::kI32Add);
    large.memory(op::kI32Store, 8).get(0).memory(op::kI32Load, 8);
    const Bytes too_large = one_function({kI32, kI32}, kI32, large);
    EXPECT_THAT(text_of(too_large), Not(HasSubstr("add.32 ["))) << "no room for the constant";
    agree(too_large, 2);
    Code twice;
    twice.get(0).get(0).memory(op::kI32Load, 8).tee(1).get(1).op(op::kI32Add).i32(1);
    twice.op(op::kI32Add).memory(op::kI32Store, 8).get(0).memory(op::kI32Load, 8);
    agree(one_function({kI32, kI32}, kI32, twice), 2);
}

TEST(Fusion, a_sum_is_stored_as_it_is_computed) {
    Code kept;
    kept.i32(64).get(0).get(1).op(op::kI32Add).tee(0).memory(op::kI32Store, 4);
    kept.get(0).i32(68).memory(op::kI32Load).op(op::kI32Sub);
    const Bytes total = one_function({kI32, kI32}, kI32, kept);
    EXPECT_THAT(text_of(total), HasSubstr("store.32 [68], s0 = i32.add s0, s1"));
    agree(total, 2);
    Code wide;
    wide.get(1).get(0).i64(-5).op(op::kI64Add).memory(op::kI64Store, 8).i32(8);
    wide.memory(op::kI64Load);
    const Bytes step = one_function({kI64, kI32}, kI64, wide);
    EXPECT_THAT(text_of(step), HasSubstr("store.64 [s1 + 8], s3 = i64.add s0, #-5"));
    for (const std::uint64_t address : {0U, 8U, 65'520U, 65'521U}) {
        (void)run_both(step, {3, address});
    }
    // The address is the sum itself: it is read after the addition.
    Code itself;
    itself.get(0).get(1).op(op::kI32Add).set(0).get(0).get(0).memory(op::kI32Store, 4);
    itself.get(0).memory(op::kI32Load, 4);
    const Bytes at_itself = one_function({kI32, kI32}, kI32, itself);
    EXPECT_THAT(text_of(at_itself), HasSubstr("store.32 [s0 + 4], s0 = i32.add s0, s1"));
    agree(at_itself, 2);
    // A store of fewer bytes than the sum has stays what it is.
    Code narrow;
    narrow.i32(64).get(0).get(1).op(op::kI64Add).tee(2).memory(kI64Store32).get(2);
    const Bytes low_half = one_function({kI64, kI64, kI64}, kI64, narrow);
    EXPECT_THAT(text_of(low_half), HasSubstr("i64.add s2, s0, s1\nstore.32 [64], s2"));
    agree(low_half, 3);
}

TEST(Fusion, a_histogram_takes_one_instruction_a_step) {
    Code step;
    step.get(0).i32(2).op(op::kI32Shl).i32(512).op(op::kI32Add).tee(1);
    step.get(1).memory(op::kI32Load).i32(1).op(op::kI32Add).memory(op::kI32Store);
    step.get(1).memory(op::kI32Load);
    const Bytes wasm = one_function({kI32, kI32}, kI32, step);
    EXPECT_THAT(text_of(wasm), HasSubstr("increment.32 [s1 = [(s0 << 2) + #512]]"));
    agree(wasm, 2);
}

TEST(Fusion, steps_trap_at_the_first_byte_beyond) {
    const auto last = [](std::uint8_t load, std::uint8_t store, std::uint32_t bytes) {
        Code step;
        step.get(0).i32(0).op(op::kI32Shl).i32(16).op(op::kI32Add).tee(1);
        step.get(1).memory(load).i32(1).op(op::kI32Add).memory(store).get(1);
        const Bytes wasm = one_function({kI32, kI32}, kI32, step);
        EXPECT_THAT(text_of(wasm), HasSubstr("increment."));
        const std::uint64_t fits = kPageBytes - bytes - 16;
        EXPECT_EQ(run_both(wasm, {fits, 0}).trap, std::nullopt);
        EXPECT_EQ(run_both(wasm, {fits + 1, 0}).trap, Trap::kMemoryBounds);
        EXPECT_EQ(run_both(wasm, {0xffff'fff0, 0}).trap, std::nullopt) << "wraps to 0";
        EXPECT_EQ(run_both(wasm, {0xffff'ffef, 0}).trap, Trap::kMemoryBounds);
    };
    last(op::kI32Load8U, op::kI32Store8, 1);
    last(op::kI32Load, op::kI32Store, 4);
}

TEST(Fusion, bytes_move_without_a_stop) {
    Code move;
    move.get(0).i32(8).op(op::kI32Add).get(1).i32(-4).op(op::kI32Add).memory(op::kI64Load);
    move.memory(op::kI64Store).get(0).memory(op::kI32Load, 8);
    const Bytes wasm = one_function({kI32, kI32}, kI32, move);
    EXPECT_THAT(text_of(wasm), HasSubstr("move.64 [s0 + #8], [s1 + #-4]"));
    agree(wasm, 2);
}

TEST(Fusion, a_shift_feeds_the_next_operator) {
    const Bytes mixed =
        one_function({kI64}, kI64, Code().get(0).i64(30).op(kI64ShrU).get(0).op(op::kI64Xor));
    EXPECT_THAT(text_of(mixed), HasSubstr("i64.xor s1, s0, s0 shr_u #30"));
    EXPECT_EQ(
        run_both(mixed, {0x1234'5678'9abc'def0}).result, 0x1234'5678'9abc'def0 ^ 0x48d1'59e2U);
    const Bytes rotated =
        one_function({kI32, kI32}, kI32, Code().get(1).get(0).i32(5).op(kI32Rotl).op(op::kI32Sub));
    EXPECT_THAT(text_of(rotated), HasSubstr("i32.sub s2, s1, s0 rotl #5"));
    agree(rotated, 2);
    const Bytes reverse = one_function(
        {kI32, kI32}, kI32, Code().get(0).i32(5).op(op::kI32Rotr).get(1).op(op::kI32Sub));
    EXPECT_THAT(text_of(reverse), Not(HasSubstr("rotl #27"))) << "a - b is not b - a";
    agree(reverse, 2);
}

TEST(Fusion, a_product_is_added_and_a_complement_taken) {
    const Bytes product = one_function(
        {kI32, kI32}, kI32, Code().get(0).get(0).get(1).op(op::kI32Mul).op(op::kI32Add));
    EXPECT_THAT(text_of(product), HasSubstr("i32.mul_add s2, s0 * s1 + s0"));
    agree(product, 2);
    const Bytes complement =
        one_function({kI64, kI64}, kI64, Code().get(0).get(1).i64(-1).op(op::kI64Xor).op(kI64And));
    EXPECT_THAT(text_of(complement), HasSubstr("i64.and_not s2, s0, s1"));
    agree(complement, 2);
}

TEST(Fusion, constants_of_64_bits_stand_in_the_code) {
    const Bytes wasm = one_function(
        {kI64}, kI64, Code().get(0).i64(0x1234'5678'9abc'def0).op(op::kI64Mul).set(0).get(0));
    EXPECT_THAT(text_of(wasm), HasSubstr("i64.mul s0, s0, #0x123456789abcdef0"));
    EXPECT_EQ(run_both(wasm, {3}).result, 3 * 0x1234'5678'9abc'def0U);
}

TEST(Fusion, choices_take_comparisons_and_constants) {
    const auto choice = [](const Code& first, const Code& second) {
        Code code;
        code.raw(first.bytes()).raw(second.bytes()).get(0).get(1).op(kI32GtU).op(op::kSelect);
        return one_function({kI32, kI32}, kI32, code);
    };
    const Bytes slots = choice(Code().get(0), Code().get(1));
    EXPECT_THAT(text_of(slots), HasSubstr("select s2, i32.gt_u s0, s1 ? s0 : s1"));
    agree(slots, 2);
    const Bytes first = choice(Code().i32(5), Code().get(1));
    EXPECT_THAT(text_of(first), HasSubstr("i32.gt_u s0, s1 ? #5 : s1"));
    agree(first, 2);
    const Bytes second = choice(Code().get(0), Code().i32(5));
    EXPECT_THAT(text_of(second), HasSubstr("i32.le_u s0, s1 ? #5 : s0"));
    agree(second, 2);
    agree(choice(Code().i32(-1), Code().i32(1)), 2);
    agree(choice(Code().i32(9), Code().i32(-1)), 2);
}

TEST(Fusion, nothing_joins_across_a_place_where_runs_begin) {
    // The comparison stands before the loop, the branch in it.
    const Bytes wasm = one_function(
        {kI32, kI32},
        kI32,
        Code()
            .get(0)
            .get(1)
            .op(op::kI32LtU)
            .set(1)
            .loop()
            .get(1)
            .i32(0)
            .set(1)
            .br_if(0)
            .end()
            .get(1));
    EXPECT_THAT(text_of(wasm), Not(HasSubstr("(s1 = ")));
    agree(wasm, 2);
}

TEST(Fusion, a_value_that_waits_keeps_what_the_local_was) {
    const Bytes wasm = one_function(
        {kI32, kI32},
        kI32,
        Code()
            .get(0)
            .get(0)
            .i32(5)
            .op(op::kI32Add)
            .get(1)
            .set(0)
            .get(0)
            .op(op::kI32Mul)
            .op(op::kI32Add));
    EXPECT_EQ(run_both(wasm, {10, 3}).result, 10 + (10 + 5) * 3U);
}

}  // namespace
}  // namespace polis::vm
