#include <array>
#include <string_view>

#include <fmt/format.h>

#include <vm/code.hpp>
#include <vm/trap.hpp>

namespace polis::vm {

namespace {

constexpr std::array<std::string_view, kBinaries> kBinaryNames{
    "eq",   "ne",  "lt_s", "lt_u",  "gt_s",  "gt_u",  "le_s",  "le_u",   "ge_s",
    "ge_u", "add", "sub",  "mul",   "div_s", "div_u", "rem_s", "rem_u",  "and",
    "or",   "xor", "shl",  "shr_s", "shr_u", "rotl",  "rotr",  "and_not"};

constexpr std::array<std::string_view, kLoads> kLoadNames{
    "u8", "u16", "u32", "u64", "s8to32", "s16to32", "s8to64", "s16to64", "s32to64"};

constexpr std::array<std::string_view, static_cast<std::size_t>(Code::kBinary)> kPlainNames{
    "nop",         "halt",           "trap",        "copy",         "copy",
    "const",       "select",         "select",      "select",       "select",
    "global.get",  "global.set",     "memory.size", "memory.grow",  "br",
    "br_table",    "br_table_value", "return",      "return_value", "call",
    "call_host",   "call_indirect",  "i32.clz",     "i32.ctz",      "i32.popcnt",
    "i64.clz",     "i64.ctz",        "i64.popcnt",  "wrap",         "extend32_s",
    "i32.mul_add", "i64.mul_add",    "lea",         "lea"};

constexpr std::array<std::string_view, kShifts> kShiftNames{"shl", "shr_u", "shr_s", "rotl"};
constexpr std::array<std::string_view, kCombines> kCombineNames{"add", "sub", "xor", "or", "and"};

std::string_view bits(bool wide) { return wide ? "i64" : "i32"; }

std::int64_t target_of(const Instruction& instruction) {
    return instruction.jump() / static_cast<std::int64_t>(sizeof(Instruction));
}

std::string binary_text(const Instruction& i, std::size_t index) {
    const std::string name =
        fmt::format("{}.{} s{}, s{}", bits((index & 2) != 0), kBinaryNames[index / 4], i.dst, i.a);
    return (index & 1) != 0 ? fmt::format("{}, #{}", name, i.imm)
                            : fmt::format("{}, s{}", name, i.b);
}

std::string branch_text(const Instruction& i, std::size_t index) {
    const std::string name =
        fmt::format("br_if {}.{} s{}", bits((index & 2) != 0), kBinaryNames[index / 4], i.a);
    const std::string operand =
        (index & 1) != 0 ? fmt::format("#{}", i.imm) : fmt::format("s{}", i.dst);
    return fmt::format("{}, {} -> {:+}", name, operand, target_of(i));
}

std::string wide_text(const Instruction& i, std::size_t index) {
    return fmt::format("i64.{} s{}, s{}, #{:#x}", kBinaryNames[index], i.dst, i.a, i.wide_imm());
}

std::string shifted_text(const Instruction& i, std::size_t index) {
    const std::size_t pair = index / 2;
    return fmt::format(
        "{}.{} s{}, s{}, s{} {} #{}",
        bits((index & 1) != 0),
        kCombineNames[pair % kCombines],
        i.dst,
        i.b,
        i.a,
        kShiftNames[pair / kCombines],
        i.imm);
}

std::string add_branch_text(const Instruction& i, std::size_t index) {
    const bool imm = (index & 1) != 0;
    return fmt::format(
        "br_if i32.{} (s{} += #{}), {} -> {:+}",
        kBinaryNames[index / 2],
        i.a,
        imm ? std::int32_t{static_cast<std::int16_t>(i.dst)} : i.imm,
        imm ? fmt::format("#{}", i.imm) : fmt::format("s{}", i.dst),
        target_of(i));
}

std::string address_text(const Instruction& i, Address address, std::uint16_t index) {
    const auto imm = static_cast<std::uint32_t>(i.imm);
    switch (address) {
        case Address::kSlot:
            return fmt::format("[s{} + {}]", i.a, imm);
        case Address::kSum:
            return fmt::format("[s{} + s{} + {}]", i.a, index, imm);
        case Address::kScaled:
            return fmt::format("[s{} + (s{} << {}) + {}]", i.a, index, i.c, imm);
        case Address::kDisplaced:
            return fmt::format("[(s{} + #{}) + {}]", i.a, i.imm, i.c);
        case Address::kAbsolute:
            return fmt::format("[{}]", imm);
        case Address::kLea:
            return fmt::format("[s{} + (s{} << {}) + #{}]", i.a, index, i.c, i.imm);
        case Address::kLeaIndex:
            return fmt::format("[(s{} << {}) + #{}]", index, i.c, i.imm);
    }
    return "?";
}

std::string memory_add_text(const Instruction& i, std::size_t index) {
    const Address address = (index & 2) != 0 ? Address::kAbsolute : Address::kSlot;
    const bool constant = (index & 1) != 0;
    return fmt::format(
        "add.{} {}, {}{}",
        8U << (index / 4),
        address_text(i, address, 0),
        constant ? fmt::format("#{}", static_cast<std::int16_t>(i.b)) : fmt::format("s{}", i.b),
        i.c != 0 ? fmt::format(" + #{}", static_cast<std::int16_t>(i.c)) : "");
}

std::string add_store_text(const Instruction& i, std::size_t index) {
    const auto offset = static_cast<std::uint32_t>(i.imm);
    const bool wide = (index & 4) != 0;
    return fmt::format(
        "store.{} {}, s{} = {}.add s{}, {}",
        wide ? 64 : 32,
        (index & 2) != 0 ? fmt::format("[{}]", offset) : fmt::format("[s{} + {}]", i.c, offset),
        i.dst,
        bits(wide),
        i.a,
        (index & 1) != 0 ? fmt::format("#{}", static_cast<std::int16_t>(i.b))
                         : fmt::format("s{}", i.b));
}

std::string increment_text(const Instruction& i, std::size_t index) {
    const Address address = (index & 1) != 0 ? Address::kLea : Address::kLeaIndex;
    return fmt::format(
        "increment.{} [s{} = {}]", 8U << (index / 2), i.dst, address_text(i, address, i.b));
}

std::string move_text(const Instruction& i, std::size_t index) {
    return fmt::format(
        "move.{} [s{} + #{}], [s{} + #{}]", 8U << index, i.dst, i.jump(), i.a, i.imm);
}

std::string compare_branch_text(const Instruction& i, std::size_t index) {
    return fmt::format(
        "{} (s{} = i32.{} s{}, {}{}) -> {:+}",
        (index & 1) != 0 ? "br_if" : "br_unless",
        i.dst,
        kBinaryNames[index / 4],
        i.a,
        (index & 2) != 0 ? '#' : 's',
        i.imm,
        target_of(i));
}

std::string select_if_text(const Instruction& i, std::size_t index, bool first_imm) {
    return fmt::format(
        "select s{}, {}.{} s{}, s{} ? {} : s{}",
        i.dst,
        bits((index & 1) != 0),
        kBinaryNames[index / 2],
        i.a,
        i.b,
        first_imm ? fmt::format("#{}", static_cast<std::int16_t>(i.c)) : fmt::format("s{}", i.c),
        i.imm);
}

std::string load_text(const Instruction& i, std::size_t index) {
    return fmt::format(
        "load.{} s{}, {}",
        kLoadNames[index / kAddresses],
        i.dst,
        address_text(i, static_cast<Address>(index % kAddresses), i.b));
}

std::string store_text(const Instruction& i, std::size_t index, bool constant) {
    return fmt::format(
        "store.{} {}, {}",
        8U << (index / kAddresses),
        address_text(i, static_cast<Address>(index % kAddresses), i.dst),
        constant ? fmt::format("#{}", static_cast<std::int16_t>(i.b)) : fmt::format("s{}", i.b));
}

std::string plain_text(const Instruction& i, Code code) {
    const std::string_view name = kPlainNames[static_cast<std::size_t>(code)];
    switch (code) {
        case Code::kNop:
        case Code::kHalt:
        case Code::kReturn:
            return std::string(name);
        case Code::kTrap:
            return fmt::format("{} {}", name, to_string(static_cast<Trap>(i.imm)));
        case Code::kConst:
            return fmt::format(
                "{} s{}, {:#x}",
                name,
                i.dst,
                (static_cast<std::uint64_t>(static_cast<std::uint32_t>(i.jump())) << 32) |
                    static_cast<std::uint32_t>(i.imm));
        case Code::kCopyTwo:
            return fmt::format("copy s{}, s{}; copy s{}, s{}", i.dst, i.a, i.b, i.c);
        case Code::kSelect:
            return fmt::format("{} s{}, s{} ? s{} : s{}", name, i.dst, i.c, i.a, i.b);
        case Code::kSelectFirst:
            return fmt::format("{} s{}, s{} ? #{} : s{}", name, i.dst, i.c, i.imm, i.b);
        case Code::kSelectSecond:
            return fmt::format("{} s{}, s{} ? s{} : #{}", name, i.dst, i.c, i.a, i.imm);
        case Code::kSelectBoth:
            return fmt::format(
                "{} s{}, s{} ? #{} : #{}", name, i.dst, i.c, i.imm, static_cast<std::int16_t>(i.b));
        case Code::kLea:
            return fmt::format(
                "{} s{}, s{} + (s{} << {}) + #{}", name, i.dst, i.a, i.b, i.c, i.imm);
        case Code::kLeaIndex:
            return fmt::format("{} s{}, (s{} << {}) + #{}", name, i.dst, i.b, i.c, i.imm);
        case Code::kI32MulAdd:
        case Code::kI64MulAdd:
            return fmt::format("{} s{}, s{} * s{} + s{}", name, i.dst, i.a, i.b, i.c);
        case Code::kGlobalGet:
            return fmt::format("{} s{}, g{}", name, i.dst, i.imm);
        case Code::kGlobalSet:
            return fmt::format("{} g{}, s{}", name, i.imm, i.a);
        case Code::kMemorySize:
            return fmt::format("{} s{}", name, i.dst);
        case Code::kBr:
            return fmt::format("{} -> {:+}", name, target_of(i));
        case Code::kBrTableValue:
            return fmt::format("{} s{}, {} targets, s{}", name, i.a, i.imm, i.b);
        case Code::kBrTable:
            return fmt::format("{} s{}, {} targets", name, i.a, i.imm);
        case Code::kReturnValue:
            return fmt::format("{} s{}", name, i.a);
        case Code::kCall:
        case Code::kCallHost:
            return fmt::format("{} #{}, s{}", name, i.imm, i.a);
        case Code::kCallIndirect:
            return fmt::format("{} [s{}], type {}, s{}", name, i.b, i.imm, i.a);
        default:
            return fmt::format("{} s{}, s{}", name, i.dst, i.a);
    }
}

}  // namespace

std::string to_string(const Instruction& instruction) {
    const auto known = code_of(instruction);
    if (!known) {
        return "?";
    }
    const auto since = [&known](Code first) {
        return static_cast<std::size_t>(*known) - static_cast<std::size_t>(first);
    };
    if (*known < Code::kBinary) {
        return plain_text(instruction, *known);
    }
    using Text = std::string (*)(const Instruction&, std::size_t);

    struct Family {
        Code first;
        Text text;
    };

    constexpr std::array<Family, 15> kFamilies{{
        {Code::kStoreConst,
         [](const Instruction& i, std::size_t index) { return store_text(i, index, true); }},
        {Code::kStore,
         [](const Instruction& i, std::size_t index) { return store_text(i, index, false); }},
        {Code::kLoad, &load_text},
        {Code::kAddStore, &add_store_text},
        {Code::kMove, &move_text},
        {Code::kIncrement, &increment_text},
        {Code::kMemoryAdd, &memory_add_text},
        {Code::kCompareBranch, &compare_branch_text},
        {Code::kSelectIfFirst,
         [](const Instruction& i, std::size_t index) { return select_if_text(i, index, true); }},
        {Code::kSelectIf,
         [](const Instruction& i, std::size_t index) { return select_if_text(i, index, false); }},
        {Code::kAddBranch, &add_branch_text},
        {Code::kBranch, &branch_text},
        {Code::kShifted, &shifted_text},
        {Code::kWide, &wide_text},
        {Code::kBinary, &binary_text},
    }};
    for (const Family& family : kFamilies) {
        if (*known >= family.first) {
            return family.text(instruction, since(family.first));
        }
    }
    return "?";
}

}  // namespace polis::vm
