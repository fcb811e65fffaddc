#include <tests/vm/hostile.hpp>

#include <utility>

#include <tests/vm/wasm_builder.hpp>
#include <vm/limits.hpp>

namespace polis::vm::tests {

namespace {

using enum RejectionCode;

constexpr std::uint64_t kUnsigned32Max = 0xffff'ffff;

/// Room for a body: what is left of kBodyBytesMax for locals and the last `end`.
constexpr std::size_t kCodeRoom = kBodyBytesMax - 16;

/// A contract whose one function has this body: locals and instructions, without the last end.
Bytes with_body(ByteView locals, const Code& code) {
    ModuleBuilder builder;
    Bytes body = to_bytes(locals);
    append(body, code.bytes());
    body.push_back(op::kEnd);
    builder.memory({.min = 1, .max = kMemoryPagesMax});
    builder.export_as("run", builder.raw_function(builder.type({}), body));
    return builder.build();
}

Bytes local_groups(std::initializer_list<std::uint64_t> counts) {
    Bytes out = leb(counts.size());
    for (const std::uint64_t count : counts) {
        append(out, leb(count));
        out.push_back(static_cast<std::uint8_t>(kI64));
    }
    return out;
}

/// A contract filled with functions of this body up to kCodeBytesMax; "run" calls the first.
Bytes filled_with(const Code& code, const std::vector<LocalGroup>& locals) {
    ModuleBuilder builder;
    builder.memory({.min = 1, .max = kMemoryPagesMax});
    const auto type = builder.type({});
    builder.export_as("run", builder.function(type, code, locals));
    const std::size_t one = code.bytes().size() + 32;
    for (std::size_t size = 2 * one; size + 200 < kCodeBytesMax; size += one) {
        builder.function(type, code, locals);
    }
    return builder.build();
}

/// As many times as a body holds.
Code body_of(const Code& once, const Code& before = {}, const Code& behind = {}) {
    const std::size_t fixed = before.bytes().size() + behind.bytes().size();
    Code out = before;
    out.repeat(once, (kCodeRoom - fixed) / once.bytes().size());
    out.raw(behind.bytes());
    return out;
}

void add_counts(std::vector<Hostile>& out) {
    out.push_back(
        {"2^32-1 locals", with_body(local_groups({kUnsigned32Max}), Code()), kTooManyLocals});
    out.push_back(
        {"two groups of locals whose sum wraps",
         with_body(local_groups({kUnsigned32Max, 2}), Code()),
         kTooManyLocals});
    out.push_back(
        {"a hundred groups of 2^32-1 locals",
         [] {
             Bytes groups = leb(100);
             for (int i = 0; i < 100; ++i) {
                 append(groups, leb(kUnsigned32Max));
                 groups.push_back(static_cast<std::uint8_t>(kI64));
             }
             return with_body(groups, Code());
         }(),
         kTooManyLocals});
    ModuleBuilder memory;
    memory.memory({.min = 65'536, .max = 65'536});
    out.push_back({"a memory of 4 GiB", memory.build(), kMemoryTooLarge});
    ModuleBuilder table;
    table.memory({.min = 1, .max = 1});
    table.table({.min = kUnsigned32Max, .max = kUnsigned32Max});
    out.push_back({"a table of 2^32-1 entries", table.build(), kTableTooLarge});
    ModuleBuilder types;
    types.raw_section(1, leb(kUnsigned32Max));
    out.push_back({"2^32-1 types", types.build(), kBadCount});
    out.push_back(
        {"a br_table of 2^32-1 targets",
         with_body(leb(0), Code().i32(0).op(0x0e).u32(kUnsigned32Max)),
         kBadCount});
}

void add_too_large(std::vector<Hostile>& out) {
    out.push_back(
        {"64,000 pending operands",
         with_body(local_groups({1}), Code().repeat(Code().get(0), 64'000)),
         kBodyTooLarge});
    out.push_back(
        {"15,000 pending operands",
         with_body(local_groups({1}), Code().repeat(Code().get(0), 15'000)),
         kOperandsTooHigh});
    const Code blocks = Code().repeat(Code().block(), 10'000).repeat(Code().end(), 10'000);
    out.push_back({"10,000 nested blocks", with_body(leb(0), blocks), kNestedTooDeep});
    const Code more = Code().repeat(Code().block(), 500'000).repeat(Code().end(), 500'000);
    out.push_back({"500,000 nested blocks", with_body(leb(0), more), kCodeTooLarge});
    ModuleBuilder functions;
    functions.type(std::vector<ValueType>(900, kI64));
    Bytes all_of_type_0 = leb(60'000);
    all_of_type_0.insert(all_of_type_0.end(), 60'000, 0);
    functions.raw_section(3, all_of_type_0);
    out.push_back(
        {"60,000 functions that share a type of 900 parameters",
         functions.build(),
         kTooManyParameters});
    ModuleBuilder short_type;
    short_type.type({});
    short_type.raw_section(3, all_of_type_0);
    out.push_back({"60,000 functions", short_type.build(), kTooManyFunctions});
    const Code table = Code().i32(0).br_table(std::vector<std::uint32_t>(20'000, 0));
    out.push_back({"a br_table of 20,000 targets", with_body(leb(0), table), kBranchTableTooLarge});
}

/// What pays, and is to pay enough.
void add_runs(std::vector<Hostile>& out) {
    out.push_back(
        {"memory.grow in a loop",
         with_body(leb(0), Code().loop().i32(1).memory_grow().op(op::kDrop).br(0).end()),
         {}});
    out.push_back(
        {"memory.grow by 0 in a loop",
         with_body(leb(0), Code().loop().i32(0).memory_grow().op(op::kDrop).br(0).end()),
         {}});
    ModuleBuilder calls;
    const auto type = calls.type({});
    const auto callee = calls.function(type, Code(), {{kLocalsMax, kI64}});
    calls.memory({.min = 1, .max = 1});
    calls.export_as("run", calls.function(type, Code().loop().call(callee).br(0).end()));
    out.push_back({"a function of 512 locals called in a loop", calls.build(), {}});
    ModuleBuilder recursion;
    recursion.memory({.min = 1, .max = 1});
    recursion.export_as(
        "run", recursion.function(recursion.type({}), Code().loop().call(0).br(0).end()));
    out.push_back({"recursion without an end", recursion.build(), {}});
    std::vector<std::uint32_t> labels;
    for (std::uint32_t i = 0; i <= kBranchTableMax; ++i) {
        labels.push_back(i % 200);
    }
    Code table = Code().loop();
    table.repeat(Code().block(), 200);
    table.get(0).i32(1).op(op::kI32Add).tee(0).i32(511).op(op::kI32And).br_table(labels);
    for (int i = 0; i < 200; ++i) {
        table.end().br(static_cast<std::uint32_t>(199 - i));
    }
    table.end();
    Bytes one_i32 = leb(1);
    append(one_i32, leb(1));
    one_i32.push_back(static_cast<std::uint8_t>(kI32));
    out.push_back({"a br_table of 512 targets in a loop", with_body(one_i32, table), {}});
    out.push_back(
        {"loads of a memory that was never touched",
         with_body(
             one_i32,
             Code()
                 .i32(63)
                 .memory_grow()
                 .op(op::kDrop)
                 .loop()
                 .get(0)
                 .i32(4'096)
                 .op(op::kI32Add)
                 .tee(0)
                 .i32(0x3f'ffff)
                 .op(op::kI32And)
                 .memory(op::kI64Load)
                 .op(op::kDrop)
                 .br(0)
                 .end()),
         {}});
}

/// What makes the translation write or remember most for a byte.
void add_translations(std::vector<Hostile>& out) {
    const Code drop = Code().op(op::kDrop);
    out.push_back(
        {"code full of i32.eqz",
         filled_with(body_of(Code().op(op::kI32Eqz), Code().get(0), drop), {{1, kI32}}),
         {}});
    out.push_back(
        {"code full of calls", filled_with(body_of(Code().call(0)), {{kLocalsMax, kI64}}), {}});
    out.push_back(
        {"code full of copies", filled_with(body_of(Code().get(0).set(1)), {{2, kI32}}), {}});
    out.push_back(
        {"code full of memory.size",
         filled_with(body_of(Code().memory_size().op(op::kDrop)), {}),
         {}});
    out.push_back(
        {"1,000 pending operands, flushed again and again",
         filled_with(
             body_of(Code().repeat(Code().get(0), 1'000).i32(1).set(0).repeat(drop, 1'000)),
             {{1, kI32}}),
         {}});
    out.push_back(
        {"1,000 pending operands, and sets of another local",
         filled_with(
             body_of(
                 Code().i32(1).set(1),
                 Code().repeat(Code().get(0), 1'000),
                 Code().repeat(drop, 1'000)),
             {{2, kI32}}),
         {}});
    out.push_back(
        {"1,000 pending operands below many blocks",
         filled_with(
             body_of(
                 Code().block().end(),
                 Code().repeat(Code().get(0), 1'000),
                 Code().repeat(drop, 1'000)),
             {{1, kI32}}),
         {}});
    out.push_back(
        {"1,000 pending operands below many calls",
         filled_with(
             body_of(
                 Code().call(0), Code().repeat(Code().get(0), 1'000), Code().repeat(drop, 1'000)),
             {{1, kI32}}),
         {}});
    out.push_back(
        {"1,000 pending operands below many branches",
         filled_with(
             body_of(
                 Code().get(0).br_if(0),
                 Code().repeat(Code().get(0), 1'000),
                 Code().repeat(drop, 1'000)),
             {{1, kI32}}),
         {}});
}

/// Branches that carry values, and tables of them.
void add_branches(std::vector<Hostile>& out) {
    Code deep = Code().repeat(Code().block(), 200);
    const std::vector<std::uint32_t> targets = [] {
        std::vector<std::uint32_t> all;
        for (std::uint32_t i = 0; i <= kBranchTableMax; ++i) {
            all.push_back(i % 200);
        }
        return all;
    }();
    out.push_back(
        {"code full of br_tables",
         filled_with(
             body_of(
                 Code().block().get(0).br_table(targets).end(),
                 deep,
                 Code().repeat(Code().end(), 200)),
             {{1, kI32}}),
         {}});
    // Each target wants its value at another height.
    Code values;
    Code ends;
    for (int i = 0; i < 200; ++i) {
        values.i32(7).block(kI32);
        ends.end().op(op::kI32Add);
    }
    out.push_back(
        {"code full of br_tables that carry values",
         filled_with(
             body_of(
                 Code().block(kI32).i32(1).get(0).br_table(targets).end().op(op::kDrop),
                 values,
                 Code().i32(1).raw(ends.bytes()).op(op::kDrop)),
             {{1, kI32}}),
         {}});
    out.push_back(
        {"code full of branches that carry values",
         filled_with(
             body_of(
                 Code().get(0).br_if(0),
                 Code().get(0).block(kI32).i32(3).i32(5),
                 Code().op(op::kDrop).end().op(op::kDrop).op(op::kDrop)),
             {{1, kI32}}),
         {}});
}

void add_tables(std::vector<Hostile>& out) {
    ModuleBuilder many;
    many.memory({.min = kMemoryPagesMax, .max = kMemoryPagesMax});
    const auto type = many.type({});
    for (std::uint32_t i = 1; i < kTypesMax; ++i) {
        many.type(std::vector<ValueType>(kParametersMax, kI64));
    }
    many.export_as("run", many.function(type, Code()));
    for (std::uint32_t i = 1; i < kFunctionsMax; ++i) {
        many.function(i % kTypesMax, Code(), {{kLocalsMax - kParametersMax, kI64}});
    }
    many.table({.min = kTableEntriesMax, .max = kTableEntriesMax});
    for (std::uint32_t i = 0; i < kSegmentsMax; ++i) {
        many.element(0, std::vector<std::uint32_t>(500, i));
        many.data(static_cast<std::int32_t>(i * 30'000), Bytes(500, 7));
    }
    out.push_back({"as many of everything as there may be", many.build(), {}});
}

}  // namespace

std::vector<Hostile> hostile_modules() {
    std::vector<Hostile> out;
    add_counts(out);
    add_too_large(out);
    add_runs(out);
    add_translations(out);
    add_branches(out);
    add_tables(out);
    return out;
}

}  // namespace polis::vm::tests
