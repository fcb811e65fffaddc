#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <vm/types.hpp>

/// The instructions of WebAssembly 1.0, in one table: names, types, sizes.
namespace polis::vm {

/// The bytes of the binary format, as far as code refers to them by name.
enum class Op : std::uint8_t {
    kUnreachable = 0x00,
    kNop = 0x01,
    kBlock = 0x02,
    kLoop = 0x03,
    kIf = 0x04,
    kElse = 0x05,
    kEnd = 0x0b,
    kBr = 0x0c,
    kBrIf = 0x0d,
    kBrTable = 0x0e,
    kReturn = 0x0f,
    kCall = 0x10,
    kCallIndirect = 0x11,
    kDrop = 0x1a,
    kSelect = 0x1b,
    kLocalGet = 0x20,
    kLocalSet = 0x21,
    kLocalTee = 0x22,
    kGlobalGet = 0x23,
    kGlobalSet = 0x24,
    kI32Load = 0x28,
    kI64Load = 0x29,
    kF32Load = 0x2a,
    kF64Load = 0x2b,
    kI32Load8S = 0x2c,
    kI32Load8U = 0x2d,
    kI32Load16S = 0x2e,
    kI32Load16U = 0x2f,
    kI64Load8S = 0x30,
    kI64Load8U = 0x31,
    kI64Load16S = 0x32,
    kI64Load16U = 0x33,
    kI64Load32S = 0x34,
    kI64Load32U = 0x35,
    kI32Store = 0x36,
    kI64Store = 0x37,
    kF32Store = 0x38,
    kF64Store = 0x39,
    kI32Store8 = 0x3a,
    kI32Store16 = 0x3b,
    kI64Store8 = 0x3c,
    kI64Store16 = 0x3d,
    kI64Store32 = 0x3e,
    kMemorySize = 0x3f,
    kMemoryGrow = 0x40,
    kI32Const = 0x41,
    kI64Const = 0x42,
    kF32Const = 0x43,
    kF64Const = 0x44,
    kI32Eqz = 0x45,
    kI32Eq = 0x46,  // to kI32GeU = 0x4f: eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u
    kI32GeU = 0x4f,
    kI64Eqz = 0x50,
    kI64Eq = 0x51,  // to kI64GeU = 0x5a, in the same order
    kI64GeU = 0x5a,
    kI32Clz = 0x67,
    kI32Ctz = 0x68,
    kI32Popcnt = 0x69,
    kI32Add = 0x6a,  // to kI32Rotr: add sub mul div_s div_u rem_s rem_u and or xor shl shr_s ...
    kI32Rotr = 0x78,
    kI64Clz = 0x79,
    kI64Ctz = 0x7a,
    kI64Popcnt = 0x7b,
    kI64Add = 0x7c,  // to kI64Rotr, in the same order
    kI64Rotr = 0x8a,
    kI32WrapI64 = 0xa7,
    kI64ExtendI32S = 0xac,
    kI64ExtendI32U = 0xad,
};

/// What an instruction takes and gives beside its immediates.
enum class OpShape : std::uint8_t {
    kNone,        ///< no instruction of WebAssembly 1.0
    kControl,     ///< block to call_indirect, unreachable, nop
    kParametric,  ///< drop, select
    kVariable,    ///< local, global
    kLoad,
    kStore,
    kMemory,  ///< memory.size, memory.grow
    kConst,
    kUnary,   ///< in -> out
    kBinary,  ///< in, in -> out
};

struct OpInfo {
    std::string_view name;
    OpShape shape = OpShape::kNone;
    ValueType in = ValueType::kI32;
    ValueType out = ValueType::kI32;
    std::uint8_t bytes_log2 = 0;  ///< of a load or store: what it touches, the natural alignment

    /// Whether it computes with floats or moves them from or to anywhere but the operand stack.
    [[nodiscard]] constexpr bool is_float_op() const {
        const bool typed = shape != OpShape::kControl && shape != OpShape::kParametric &&
                           shape != OpShape::kVariable && shape != OpShape::kNone;
        return typed && (is_float(in) || is_float(out));
    }
};

/// By byte.
extern const std::array<OpInfo, 256> kOps;

[[nodiscard]] inline const OpInfo& op_info(std::uint8_t byte) { return kOps[byte]; }

}  // namespace polis::vm
