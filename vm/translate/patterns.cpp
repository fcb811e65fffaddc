#include <vm/translate/patterns.hpp>

#include <array>

namespace polis::vm {

std::optional<Binary> exchanged(Binary op) {
    switch (op) {
        case Binary::kEq:
        case Binary::kNe:
        case Binary::kAdd:
        case Binary::kMul:
        case Binary::kAnd:
        case Binary::kOr:
        case Binary::kXor:
            return op;
        case Binary::kLtS:
            return Binary::kGtS;
        case Binary::kLtU:
            return Binary::kGtU;
        case Binary::kGtS:
            return Binary::kLtS;
        case Binary::kGtU:
            return Binary::kLtU;
        case Binary::kLeS:
            return Binary::kGeS;
        case Binary::kLeU:
            return Binary::kGeU;
        case Binary::kGeS:
            return Binary::kLeS;
        case Binary::kGeU:
            return Binary::kLeU;
        default:
            return std::nullopt;
    }
}

Binary opposite(Binary compare) {
    switch (compare) {
        case Binary::kEq:
            return Binary::kNe;
        case Binary::kNe:
            return Binary::kEq;
        case Binary::kLtS:
            return Binary::kGeS;
        case Binary::kLtU:
            return Binary::kGeU;
        case Binary::kGtS:
            return Binary::kLeS;
        case Binary::kGtU:
            return Binary::kLeU;
        case Binary::kLeS:
            return Binary::kGtS;
        case Binary::kLeU:
            return Binary::kGtU;
        case Binary::kGeS:
            return Binary::kLtS;
        default:
            return Binary::kLtU;
    }
}

std::optional<Combine> combine_of(Binary op) {
    switch (op) {
        case Binary::kAdd:
            return Combine::kAdd;
        case Binary::kSub:
            return Combine::kSub;
        case Binary::kXor:
            return Combine::kXor;
        case Binary::kOr:
            return Combine::kOr;
        case Binary::kAnd:
            return Combine::kAnd;
        default:
            return std::nullopt;
    }
}

std::optional<ShiftForm> shift_form(const BinaryForm& form, std::int32_t imm) {
    if (!form.imm) {
        return std::nullopt;
    }
    const std::int32_t mask = form.wide ? 63 : 31;
    switch (form.op) {
        case Binary::kShl:
            return ShiftForm{.shift = Shift::kShl, .bits = imm & mask};
        case Binary::kShrU:
            return ShiftForm{.shift = Shift::kShrU, .bits = imm & mask};
        case Binary::kShrS:
            return ShiftForm{.shift = Shift::kShrS, .bits = imm & mask};
        case Binary::kRotl:
            return ShiftForm{.shift = Shift::kRotl, .bits = imm & mask};
        case Binary::kRotr:
            return ShiftForm{.shift = Shift::kRotl, .bits = (mask + 1 - (imm & mask)) & mask};
        default:
            return std::nullopt;
    }
}

std::optional<LeaForm> lea_form(const Instruction& i) {
    const Code code = code_in(i);
    const auto shift = static_cast<std::uint16_t>(i.imm & 31);
    if (code == binary_code(Binary::kAdd, false, false)) {
        return LeaForm{.has_base = true, .base = i.a, .index = i.b, .shift = 0, .imm = 0};
    }
    if (code == shifted_code(Shift::kShl, Combine::kAdd, false)) {
        return LeaForm{.has_base = true, .base = i.b, .index = i.a, .shift = shift, .imm = 0};
    }
    if (code == binary_code(Binary::kShl, false, true)) {
        return LeaForm{.has_base = false, .base = 0, .index = i.a, .shift = shift, .imm = 0};
    }
    if (code == Code::kLea || code == Code::kLeaIndex) {
        return LeaForm{
            .has_base = code == Code::kLea, .base = i.a, .index = i.b, .shift = i.c, .imm = i.imm};
    }
    return std::nullopt;
}

std::optional<SumForm> sum_form(const Instruction& i) {
    const Code code = code_in(i);
    if (code == Code::kLea && i.c == 0) {
        return SumForm{.wide = false, .has_b = true, .a = i.a, .b = i.b, .imm = i.imm};
    }
    const auto form = binary_form(code);
    if (!form || form->op != Binary::kAdd) {
        return std::nullopt;
    }
    return SumForm{
        .wide = form->wide,
        .has_b = !form->imm,
        .a = i.a,
        .b = form->imm ? std::uint16_t{0} : i.b,
        .imm = form->imm ? i.imm : 0};
}

Load load_of_bytes(std::size_t bytes_log2) {
    constexpr std::array<Load, kStores> kSame{Load::kU8, Load::kU16, Load::kU32, Load::kU64};
    return kSame[bytes_log2];
}

}  // namespace polis::vm
