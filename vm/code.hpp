#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

/// The register code that functions are translated to.
///
/// A frame is a row of 64-bit slots: parameters and locals, then one slot for each height of the
/// operand stack. Instructions read and write slots; i32 values have a zero high half. Arguments
/// of a call are the caller's top slots and become the callee's first ones.
namespace polis::vm {

struct Context;
struct Instruction;

/// Executes one instruction and jumps to the next one's handler: the whole state of the engine
/// travels in these six registers.
using Handler = void (*)(
    const Instruction* pc,
    std::uint64_t* slots,
    std::uint8_t* memory,
    std::uint64_t memory_bytes,
    std::int64_t gas,
    Context* context);

/// Two operands, one result. The first ten compare.
enum class Binary : std::uint8_t {
    kEq,
    kNe,
    kLtS,
    kLtU,
    kGtS,
    kGtU,
    kLeS,
    kLeU,
    kGeS,
    kGeU,
    kAdd,
    kSub,
    kMul,
    kDivS,
    kDivU,
    kRemS,
    kRemU,
    kAnd,
    kOr,
    kXor,
    kShl,
    kShrS,
    kShrU,
    kRotl,
    kRotr,
    kAndNot,  ///< a & ~b: no operator of the contract's, but what two of them come to
};

inline constexpr std::size_t kCompares = 10;
inline constexpr std::size_t kBinaries = 26;

/// What a load does with the bytes. Bit by bit the same for i32 and i64 where the sign is not
/// extended.
enum class Load : std::uint8_t {
    kU8,
    kU16,
    kU32,
    kU64,
    kS8To32,
    kS16To32,
    kS8To64,
    kS16To64,
    kS32To64
};

inline constexpr std::size_t kLoads = 9;

/// Bytes of a store, as a power of two: 0 to 3.
inline constexpr std::size_t kStores = 4;

/// How a load or store makes its address. All sums of contract values wrap at 32 bits; the offset
/// of the instruction is added in 64.
enum class Address : std::uint8_t {
    kSlot,       ///< a, offset imm
    kSum,        ///< a + index, offset imm
    kScaled,     ///< a + (index << c), offset imm
    kDisplaced,  ///< a + imm, offset c
    kAbsolute,   ///< imm
    kLea,        ///< a + (index << c) + imm, no offset
    kLeaIndex,   ///< (index << c) + imm, no offset
};

inline constexpr std::size_t kAddresses = 7;

/// A shift by a constant that feeds another operator, like the second operand of some processors.
enum class Shift : std::uint8_t { kShl, kShrU, kShrS, kRotl };

enum class Combine : std::uint8_t { kAdd, kSub, kXor, kOr, kAnd };

inline constexpr std::size_t kShifts = 4;
inline constexpr std::size_t kCombines = 5;

/// What an instruction does. Names the fields that it uses; `dst`, `a`, `b`, `c` are slots.
enum class Code : std::uint16_t {
    kNop,
    kHalt,          ///< ends the run
    kTrap,          ///< imm: Trap
    kCopy,          ///< dst, a
    kCopyTwo,       ///< dst = a, then b = c
    kConst,         ///< dst, jump | imm: high and low half
    kSelect,        ///< dst = c != 0 ? a : b
    kSelectFirst,   ///< dst = c != 0 ? imm : b
    kSelectSecond,  ///< dst = c != 0 ? a : imm
    kSelectBoth,    ///< dst = c != 0 ? imm : b, b as a signed number
    kGlobalGet,     ///< dst, imm: index
    kGlobalSet,     ///< a, imm: index
    kMemorySize,    ///< dst
    kMemoryGrow,    ///< dst, a
    kBr,            ///< jump
    kBrTable,       ///< a, imm: number of kBr that follow, the last of them the default
    kBrTableValue,  ///< the same, and copies b to the dst of the kBr that is taken
    kReturn,        ///< what the caller gets is in slot 0
    kReturnValue,   ///< a
    kCall,      ///< imm: function without the imported ones, a: first slot of the callee's frame
    kCallHost,  ///< imm: imported function, a: first slot of the arguments
    kCallIndirect,  ///< imm: canonical type, a: first slot of the arguments, b: index in the table
    kI32Clz,        ///< dst, a; likewise up to kExtend32S
    kI32Ctz,
    kI32Popcnt,
    kI64Clz,
    kI64Ctz,
    kI64Popcnt,
    kWrap,
    kExtend32S,
    kI32MulAdd,  ///< dst = a * b + c
    kI64MulAdd,
    kLea,       ///< i32; dst = a + (b << c) + imm
    kLeaIndex,  ///< i32; dst = (b << c) + imm
    // Families: see the functions below.
    kBinary,                          ///< dst, a, b; or dst, a, imm
    kWide = kBinary + kBinaries * 4,  ///< 64 bits; dst, a, and the next 8 bytes of code
    kShifted = kWide + kBinaries,     ///< dst = b op (a shift imm)
    kBranch = kShifted + kShifts * kCombines * 2,  ///< a, dst as second operand, jump; or a, imm
    kAddBranch = kBranch + kCompares * 4,          ///< i32; a += imm, dst second operand, jump; or
                                                   ///< a += dst as a signed number, imm
    kSelectIf = kAddBranch + kCompares * 2,        ///< dst = a compares to b ? c : slot imm
    kSelectIfFirst = kSelectIf + kCompares * 2,    ///< the same, c as a signed number
    kCompareBranch = kSelectIfFirst + kCompares * 2,  ///< i32; dst = a compares to imm, or to slot
                                                      ///< imm; jump if it holds, or if it does not
    kMemoryAdd = kCompareBranch + kCompares * 4,  ///< memory at a (or 0), offset imm, += b + c, c
                                                  ///< as a signed number
    kIncrement = kMemoryAdd + kStores * 4,  ///< dst = [a +] (b << c) + imm; memory at dst += 1
    kMove = kIncrement + kStores * 2,       ///< memory at dst + jump = memory at a + imm
    kAddStore = kMove + kStores,            ///< dst = a + b; memory at c (or 0), offset imm = dst
    kLoad = kAddStore + 8,                  ///< dst, address with index b
    kStore = kLoad + kLoads * kAddresses,   ///< address with index dst, b the value
    kStoreConst = kStore + kStores * kAddresses,  ///< the same, b the value as a signed number
    kEnd = kStoreConst + kStores * kAddresses,
};

inline constexpr std::size_t kCodes = static_cast<std::size_t>(Code::kEnd);

namespace detail {

template <class Enum>
constexpr std::size_t number(Enum value) {
    return static_cast<std::size_t>(value);
}

constexpr Code member(Code family, std::size_t index) {
    return static_cast<Code>(number(family) + index);
}

}  // namespace detail

/// @param wide 64 bits instead of 32  @param imm the second operand is imm, sign-extended
[[nodiscard]] constexpr Code binary_code(Binary op, bool wide, bool imm) {
    return detail::member(Code::kBinary, detail::number(op) * 4 + (wide ? 2 : 0) + (imm ? 1 : 0));
}

/// The second operand stands behind the instruction, in the place of another one.
[[nodiscard]] constexpr Code wide_code(Binary op) {
    return detail::member(Code::kWide, detail::number(op));
}

[[nodiscard]] constexpr Code shifted_code(Shift shift, Combine combine, bool wide) {
    return detail::member(
        Code::kShifted,
        (detail::number(shift) * kCombines + detail::number(combine)) * 2 + (wide ? 1 : 0));
}

/// Branches if the comparison holds.
[[nodiscard]] constexpr Code branch_code(Binary compare, bool wide, bool imm) {
    return detail::member(
        Code::kBranch, detail::number(compare) * 4 + (wide ? 2 : 0) + (imm ? 1 : 0));
}

/// Adds and then branches if the comparison of the sum holds.
[[nodiscard]] constexpr Code add_branch_code(Binary compare, bool imm) {
    return detail::member(Code::kAddBranch, detail::number(compare) * 2 + (imm ? 1 : 0));
}

/// @param first_imm the first choice is a constant
[[nodiscard]] constexpr Code select_if_code(Binary compare, bool wide, bool first_imm) {
    return detail::member(
        first_imm ? Code::kSelectIfFirst : Code::kSelectIf,
        detail::number(compare) * 2 + (wide ? 1 : 0));
}

/// @param when what the comparison must come to for the branch to be taken
[[nodiscard]] constexpr Code compare_branch_code(Binary compare, bool imm, bool when) {
    return detail::member(
        Code::kCompareBranch, detail::number(compare) * 4 + (imm ? 2 : 0) + (when ? 1 : 0));
}

[[nodiscard]] constexpr Code increment_code(std::size_t bytes_log2, bool has_base) {
    return detail::member(Code::kIncrement, bytes_log2 * 2 + (has_base ? 1 : 0));
}

[[nodiscard]] constexpr Code move_code(std::size_t bytes_log2) {
    return detail::member(Code::kMove, bytes_log2);
}

/// @param absolute the address is the offset alone  @param constant b is a signed number
[[nodiscard]] constexpr Code memory_add_code(std::size_t bytes_log2, bool absolute, bool constant) {
    return detail::member(
        Code::kMemoryAdd, bytes_log2 * 4 + (absolute ? 2 : 0) + (constant ? 1 : 0));
}

/// @param absolute the address is the offset alone  @param constant b is a signed number
[[nodiscard]] constexpr Code add_store_code(bool wide, bool absolute, bool constant) {
    return detail::member(
        Code::kAddStore, (wide ? 4U : 0U) + (absolute ? 2U : 0U) + (constant ? 1U : 0U));
}

[[nodiscard]] constexpr Code load_code(Load load, Address address) {
    return detail::member(Code::kLoad, detail::number(load) * kAddresses + detail::number(address));
}

[[nodiscard]] constexpr Code store_code(std::size_t bytes_log2, Address address, bool constant) {
    return detail::member(
        constant ? Code::kStoreConst : Code::kStore,
        bytes_log2 * kAddresses + detail::number(address));
}

struct Instruction {
    union {
        Handler handler;  ///< once the program is finished
        std::uint64_t code;
    };

    std::uint16_t dst;
    std::uint16_t a;
    std::uint16_t b;
    std::uint16_t c;
    std::int32_t imm;
    std::uint32_t gas;  ///< of the run that begins here, for whoever enters it by a branch or call

    /// Bytes from this instruction to the target: lies where b and c are.
    [[nodiscard]] std::int32_t jump() const {
        std::int32_t out = 0;
        std::memcpy(&out, &b, sizeof out);
        return out;
    }

    /// What stands behind a kWide.
    [[nodiscard]] std::uint64_t wide_imm() const {
        std::uint64_t out = 0;
        std::memcpy(&out, this + 1, sizeof out);
        return out;
    }

    void set_jump(std::int32_t bytes) { std::memcpy(&b, &bytes, sizeof bytes); }
};

static_assert(sizeof(Instruction) == 24 && offsetof(Instruction, b) % 4 == 0);

/// Puts the handler into an instruction. @pre instruction.code is a Code
void bind_handler(Instruction& instruction);

/// What a bound instruction is; slow, for tools and tests.
[[nodiscard]] std::optional<Code> code_of(const Instruction& instruction);

/// "i64.add s3, s1, #5" of a bound instruction, for a person.
[[nodiscard]] std::string to_string(const Instruction& instruction);

}  // namespace polis::vm
