// Operators with two operands, and operators on a shifted one.
#include <bit>

#include <vm/handlers/state.hpp>
#include <vm/handlers/tables.hpp>

namespace polis::vm::handlers {

namespace {

template <Binary op, bool wide, bool imm>
void binary(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const auto a = static_cast<Unsigned>(slots[pc->a]);
    const auto b = second<Unsigned, imm>(pc, slots, pc->b);
    if (const auto why = trap_of<op>(a, b)) [[unlikely]] {
        return stop(context, gas, *why);
    }
    slots[pc->dst] = calculate<op>(a, b);
    POLIS_VM_GO(pc + 1);
}

template <Binary op>
void binary_wide(POLIS_VM_STATE) {
    const std::uint64_t a = slots[pc->a];
    const std::uint64_t b = pc->wide_imm();
    if (const auto why = trap_of<op>(a, b)) [[unlikely]] {
        return stop(context, gas, *why);
    }
    slots[pc->dst] = calculate<op>(a, b);
    POLIS_VM_GO(pc + 2);
}

template <Shift shift, class Unsigned>
Unsigned shifted(Unsigned value, int bits) {
    switch (shift) {
        case Shift::kShl:
            return value << bits;
        case Shift::kShrU:
            return value >> bits;
        case Shift::kShrS:
            return static_cast<Unsigned>(static_cast<std::make_signed_t<Unsigned>>(value) >> bits);
        case Shift::kRotl:
            return std::rotl(value, bits);
    }
    return 0;
}

template <Combine combine, class Unsigned>
Unsigned combined(Unsigned a, Unsigned b) {
    switch (combine) {
        case Combine::kAdd:
            return a + b;
        case Combine::kSub:
            return a - b;
        case Combine::kXor:
            return a ^ b;
        case Combine::kOr:
            return a | b;
        case Combine::kAnd:
            return a & b;
    }
    return 0;
}

template <Shift shift, Combine combine, bool wide>
void shift_and_combine(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    constexpr int kMask = wide ? 63 : 31;
    const auto moved = shifted<shift>(static_cast<Unsigned>(slots[pc->a]), pc->imm & kMask);
    slots[pc->dst] = combined<combine>(static_cast<Unsigned>(slots[pc->b]), moved);
    POLIS_VM_GO(pc + 1);
}

struct Arithmetic {
    template <std::size_t code>
    static constexpr Handler handler() {
        if constexpr (code < static_cast<std::size_t>(Code::kWide)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kBinary);
            return &binary < static_cast<Binary>(kIndex / 4), (kIndex & 2) != 0,
                   (kIndex & 1) != 0 > ;
        } else if constexpr (code < static_cast<std::size_t>(Code::kShifted)) {
            return &binary_wide<static_cast<Binary>(code - static_cast<std::size_t>(Code::kWide))>;
        } else {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kShifted);
            constexpr std::size_t kPair = kIndex / 2;
            return &shift_and_combine < static_cast<Shift>(kPair / kCombines),
                   static_cast<Combine>(kPair % kCombines), (kIndex & 1) != 0 > ;
        }
    }
};

}  // namespace

const std::array<Handler, kArithmeticCount> kArithmeticHandlers =
    table_of<Arithmetic, Code::kBinary, kArithmeticCount>();

}  // namespace polis::vm::handlers
