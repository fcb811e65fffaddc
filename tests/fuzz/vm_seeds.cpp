#include <tests/fuzz/vm_seeds.hpp>

#include <core/random.hpp>
#include <tests/vm/random_module.hpp>
#include <tests/vm/wasm_builder.hpp>

namespace polis::fuzz {

namespace {

using vm::ExternKind;
using vm::ValueType;
using vm::tests::Code;
using vm::tests::kI32;
using vm::tests::kI64;
using vm::tests::ModuleBuilder;
namespace op = vm::tests::op;

/// A contract with something of everything that contracts have.
Bytes contract() {
    ModuleBuilder builder;
    const auto input = builder.import_function("polis", "input", builder.type({kI32, kI32}, kI32));
    const auto method = builder.type({});
    const auto adds = builder.type({kI32, kI64}, kI64);
    const auto global = builder.global({kI64, true}, -7);
    const auto add = builder.function(
        adds, Code().get(0).op(op::kI64ExtendI32U).get(1).op(op::kI64Add), {{3, kI32}});
    const auto run = builder.function(
        method,
        Code()
            .i32(8)
            .i32(100)
            .call(input)
            .i64(5)
            .i32(0)
            .call_indirect(adds)
            .global_set(global)
            .i32(16)
            .global_get(global)
            .memory(op::kI64Store, 4, 3));
    builder.table({.min = 2, .max = 2});
    builder.memory({.min = 1, .max = 3});
    builder.export_as("memory", ExternKind::kMemory, 0);
    builder.export_as("run", run);
    builder.element(0, {add});
    builder.data(8, Bytes{1, 2, 3});
    builder.custom("polis.abi", as_bytes("{}"));
    return builder.build();
}

Bytes branches() {
    Code code;
    code.block(kI32).block().get(0).br_table({0, 0}).end().i32(1).get(0).br_if(0).op(op::kDrop);
    code.loop().get(0).i32(1).op(op::kI32Sub).tee(0).br_if(0).end();
    code.get(0).if_(kI32).i32(2).else_().i32(3).end().end();
    return vm::tests::one_function({kI32}, kI32, code, {{2, kI64}});
}

/// What only the specification's profile accepts.
Bytes specification() {
    ModuleBuilder builder;
    builder.import_other(
        "spectest", "memory", ExternKind::kMemory, vm::tests::encoded({.min = 1, .max = 2}));
    builder.import_other("spectest", "global_i32", ExternKind::kGlobal, Bytes{0x7f, 0});
    const auto type = builder.type({ValueType::kF64}, ValueType::kF32);
    builder.function(type, Code().get(0).op(0xb6));
    builder.start(builder.function(builder.type({}), Code()));
    return builder.build();
}

}  // namespace

std::map<std::string, Bytes> vm_seeds() {
    std::map<std::string, Bytes> out;
    out["vm_decode/seed_contract"] = contract();
    out["vm_decode/seed_branches"] = branches();
    out["vm_decode/seed_specification"] = specification();
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        vm::tests::SeededDecisions decisions(seed);
        out["vm_decode/seed_random_" + std::to_string(seed)] = vm::tests::random_module(decisions);
        Bytes bytes(200 * seed);
        Random(seed, "vm_seeds").fill(bytes);
        out["vm_diff/seed_" + std::to_string(seed)] = bytes;
    }
    return out;
}

}  // namespace polis::fuzz
