#include <vm/opcodes.hpp>

#include <cstddef>

namespace polis::vm {

namespace {

using enum ValueType;
using enum OpShape;

struct Table {
    std::array<OpInfo, 256> ops{};

    constexpr void put(std::size_t byte, OpInfo info) { ops[byte] = info; }

    template <std::size_t N>
    constexpr void put_all(
        std::size_t first,
        const std::array<std::string_view, N>& names,
        OpShape shape,
        ValueType in,
        ValueType out) {
        for (std::size_t i = 0; i < N; ++i) {
            put(first + i,
                {.name = names[i], .shape = shape, .in = in, .out = out, .bytes_log2 = 0});
        }
    }

    constexpr void put_memory(
        std::size_t byte,
        std::string_view name,
        OpShape shape,
        ValueType type,
        std::uint8_t bytes_log2) {
        put(byte,
            {.name = name, .shape = shape, .in = type, .out = type, .bytes_log2 = bytes_log2});
    }
};

constexpr void put_control(Table& t) {
    constexpr std::array<std::string_view, 6> kFirst{
        "unreachable", "nop", "block", "loop", "if", "else"};
    t.put_all(0x00, kFirst, kControl, kI32, kI32);
    constexpr std::array<std::string_view, 7> kSecond{
        "end", "br", "br_if", "br_table", "return", "call", "call_indirect"};
    t.put_all(0x0b, kSecond, kControl, kI32, kI32);
    constexpr std::array<std::string_view, 2> kStack{"drop", "select"};
    t.put_all(0x1a, kStack, kParametric, kI32, kI32);
    constexpr std::array<std::string_view, 5> kVariables{
        "local.get", "local.set", "local.tee", "global.get", "global.set"};
    t.put_all(0x20, kVariables, kVariable, kI32, kI32);
}

constexpr void put_memories(Table& t) {
    t.put_memory(0x28, "i32.load", kLoad, kI32, 2);
    t.put_memory(0x29, "i64.load", kLoad, kI64, 3);
    t.put_memory(0x2a, "f32.load", kLoad, kF32, 2);
    t.put_memory(0x2b, "f64.load", kLoad, kF64, 3);
    t.put_memory(0x2c, "i32.load8_s", kLoad, kI32, 0);
    t.put_memory(0x2d, "i32.load8_u", kLoad, kI32, 0);
    t.put_memory(0x2e, "i32.load16_s", kLoad, kI32, 1);
    t.put_memory(0x2f, "i32.load16_u", kLoad, kI32, 1);
    t.put_memory(0x30, "i64.load8_s", kLoad, kI64, 0);
    t.put_memory(0x31, "i64.load8_u", kLoad, kI64, 0);
    t.put_memory(0x32, "i64.load16_s", kLoad, kI64, 1);
    t.put_memory(0x33, "i64.load16_u", kLoad, kI64, 1);
    t.put_memory(0x34, "i64.load32_s", kLoad, kI64, 2);
    t.put_memory(0x35, "i64.load32_u", kLoad, kI64, 2);
    t.put_memory(0x36, "i32.store", kStore, kI32, 2);
    t.put_memory(0x37, "i64.store", kStore, kI64, 3);
    t.put_memory(0x38, "f32.store", kStore, kF32, 2);
    t.put_memory(0x39, "f64.store", kStore, kF64, 3);
    t.put_memory(0x3a, "i32.store8", kStore, kI32, 0);
    t.put_memory(0x3b, "i32.store16", kStore, kI32, 1);
    t.put_memory(0x3c, "i64.store8", kStore, kI64, 0);
    t.put_memory(0x3d, "i64.store16", kStore, kI64, 1);
    t.put_memory(0x3e, "i64.store32", kStore, kI64, 2);
    t.put_memory(0x3f, "memory.size", kMemory, kI32, 0);
    t.put_memory(0x40, "memory.grow", kMemory, kI32, 0);
    t.put_memory(0x41, "i32.const", kConst, kI32, 0);
    t.put_memory(0x42, "i64.const", kConst, kI64, 0);
    t.put_memory(0x43, "f32.const", kConst, kF32, 0);
    t.put_memory(0x44, "f64.const", kConst, kF64, 0);
}

constexpr void put_integers(Table& t) {
    constexpr std::array<std::string_view, 10> kI32Compare{
        "i32.eq",
        "i32.ne",
        "i32.lt_s",
        "i32.lt_u",
        "i32.gt_s",
        "i32.gt_u",
        "i32.le_s",
        "i32.le_u",
        "i32.ge_s",
        "i32.ge_u"};
    constexpr std::array<std::string_view, 10> kI64Compare{
        "i64.eq",
        "i64.ne",
        "i64.lt_s",
        "i64.lt_u",
        "i64.gt_s",
        "i64.gt_u",
        "i64.le_s",
        "i64.le_u",
        "i64.ge_s",
        "i64.ge_u"};
    constexpr std::array<std::string_view, 3> kI32Bits{"i32.clz", "i32.ctz", "i32.popcnt"};
    constexpr std::array<std::string_view, 3> kI64Bits{"i64.clz", "i64.ctz", "i64.popcnt"};
    constexpr std::array<std::string_view, 15> kI32Binary{
        "i32.add",
        "i32.sub",
        "i32.mul",
        "i32.div_s",
        "i32.div_u",
        "i32.rem_s",
        "i32.rem_u",
        "i32.and",
        "i32.or",
        "i32.xor",
        "i32.shl",
        "i32.shr_s",
        "i32.shr_u",
        "i32.rotl",
        "i32.rotr"};
    constexpr std::array<std::string_view, 15> kI64Binary{
        "i64.add",
        "i64.sub",
        "i64.mul",
        "i64.div_s",
        "i64.div_u",
        "i64.rem_s",
        "i64.rem_u",
        "i64.and",
        "i64.or",
        "i64.xor",
        "i64.shl",
        "i64.shr_s",
        "i64.shr_u",
        "i64.rotl",
        "i64.rotr"};
    t.put(0x45, {.name = "i32.eqz", .shape = kUnary, .in = kI32, .out = kI32, .bytes_log2 = 0});
    t.put(0x50, {.name = "i64.eqz", .shape = kUnary, .in = kI64, .out = kI32, .bytes_log2 = 0});
    t.put_all(0x46, kI32Compare, kBinary, kI32, kI32);
    t.put_all(0x51, kI64Compare, kBinary, kI64, kI32);
    t.put_all(0x67, kI32Bits, kUnary, kI32, kI32);
    t.put_all(0x6a, kI32Binary, kBinary, kI32, kI32);
    t.put_all(0x79, kI64Bits, kUnary, kI64, kI64);
    t.put_all(0x7c, kI64Binary, kBinary, kI64, kI64);
}

constexpr void put_floats(Table& t) {
    constexpr std::array<std::string_view, 6> kF32Compare{
        "f32.eq", "f32.ne", "f32.lt", "f32.gt", "f32.le", "f32.ge"};
    constexpr std::array<std::string_view, 6> kF64Compare{
        "f64.eq", "f64.ne", "f64.lt", "f64.gt", "f64.le", "f64.ge"};
    constexpr std::array<std::string_view, 7> kF32Unary{
        "f32.abs", "f32.neg", "f32.ceil", "f32.floor", "f32.trunc", "f32.nearest", "f32.sqrt"};
    constexpr std::array<std::string_view, 7> kF64Unary{
        "f64.abs", "f64.neg", "f64.ceil", "f64.floor", "f64.trunc", "f64.nearest", "f64.sqrt"};
    constexpr std::array<std::string_view, 7> kF32Binary{
        "f32.add", "f32.sub", "f32.mul", "f32.div", "f32.min", "f32.max", "f32.copysign"};
    constexpr std::array<std::string_view, 7> kF64Binary{
        "f64.add", "f64.sub", "f64.mul", "f64.div", "f64.min", "f64.max", "f64.copysign"};
    t.put_all(0x5b, kF32Compare, kBinary, kF32, kI32);
    t.put_all(0x61, kF64Compare, kBinary, kF64, kI32);
    t.put_all(0x8b, kF32Unary, kUnary, kF32, kF32);
    t.put_all(0x92, kF32Binary, kBinary, kF32, kF32);
    t.put_all(0x99, kF64Unary, kUnary, kF64, kF64);
    t.put_all(0xa0, kF64Binary, kBinary, kF64, kF64);
}

constexpr void put_conversion(
    Table& t, std::size_t byte, std::string_view name, ValueType in, ValueType out) {
    t.put(byte, {.name = name, .shape = kUnary, .in = in, .out = out, .bytes_log2 = 0});
}

constexpr void put_conversions(Table& t) {
    put_conversion(t, 0xa7, "i32.wrap_i64", kI64, kI32);
    put_conversion(t, 0xa8, "i32.trunc_f32_s", kF32, kI32);
    put_conversion(t, 0xa9, "i32.trunc_f32_u", kF32, kI32);
    put_conversion(t, 0xaa, "i32.trunc_f64_s", kF64, kI32);
    put_conversion(t, 0xab, "i32.trunc_f64_u", kF64, kI32);
    put_conversion(t, 0xac, "i64.extend_i32_s", kI32, kI64);
    put_conversion(t, 0xad, "i64.extend_i32_u", kI32, kI64);
    put_conversion(t, 0xae, "i64.trunc_f32_s", kF32, kI64);
    put_conversion(t, 0xaf, "i64.trunc_f32_u", kF32, kI64);
    put_conversion(t, 0xb0, "i64.trunc_f64_s", kF64, kI64);
    put_conversion(t, 0xb1, "i64.trunc_f64_u", kF64, kI64);
    put_conversion(t, 0xb2, "f32.convert_i32_s", kI32, kF32);
    put_conversion(t, 0xb3, "f32.convert_i32_u", kI32, kF32);
    put_conversion(t, 0xb4, "f32.convert_i64_s", kI64, kF32);
    put_conversion(t, 0xb5, "f32.convert_i64_u", kI64, kF32);
    put_conversion(t, 0xb6, "f32.demote_f64", kF64, kF32);
    put_conversion(t, 0xb7, "f64.convert_i32_s", kI32, kF64);
    put_conversion(t, 0xb8, "f64.convert_i32_u", kI32, kF64);
    put_conversion(t, 0xb9, "f64.convert_i64_s", kI64, kF64);
    put_conversion(t, 0xba, "f64.convert_i64_u", kI64, kF64);
    put_conversion(t, 0xbb, "f64.promote_f32", kF32, kF64);
    put_conversion(t, 0xbc, "i32.reinterpret_f32", kF32, kI32);
    put_conversion(t, 0xbd, "i64.reinterpret_f64", kF64, kI64);
    put_conversion(t, 0xbe, "f32.reinterpret_i32", kI32, kF32);
    put_conversion(t, 0xbf, "f64.reinterpret_i64", kI64, kF64);
}

constexpr std::array<OpInfo, 256> make_ops() {
    Table table;
    put_control(table);
    put_memories(table);
    put_integers(table);
    put_floats(table);
    put_conversions(table);
    return table.ops;
}

}  // namespace

constexpr std::array<OpInfo, 256> kOps = make_ops();

}  // namespace polis::vm
