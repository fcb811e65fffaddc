// Several instructions of the contract that become one of the register code. Each looks only at the
// instruction that was emitted last, and only where no run can begin in between.
#include <vm/translate/function_translator.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace polis::vm {

namespace {

bool fits_imm(std::uint64_t value, bool wide) {
    const auto number = static_cast<std::int64_t>(value);
    return !wide || number == static_cast<std::int32_t>(number);
}

/// The operator with its operands exchanged, where there is one.
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

/// The comparison that holds exactly when the other does not.
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


template <class Narrow>
bool fits(std::int64_t value) {
    return value >= std::numeric_limits<Narrow>::min() &&
           value <= std::numeric_limits<Narrow>::max();
}

std::optional<Combine> combine_of(Binary op) {
    switch (op) {
        case Binary::kAdd: return Combine::kAdd;
        case Binary::kSub: return Combine::kSub;
        case Binary::kXor: return Combine::kXor;
        case Binary::kOr: return Combine::kOr;
        case Binary::kAnd: return Combine::kAnd;
        default: return std::nullopt;
    }
}

/// A shift by a constant; a rotation to the right is one to the left.
struct ShiftForm {
    Shift shift;
    std::int32_t bits;
};

std::optional<ShiftForm> shift_form(const BinaryForm& form, std::int32_t imm) {
    if (!form.imm) {
        return std::nullopt;
    }
    const std::int32_t mask = form.wide ? 63 : 31;
    switch (form.op) {
        case Binary::kShl: return ShiftForm{.shift = Shift::kShl, .bits = imm & mask};
        case Binary::kShrU: return ShiftForm{.shift = Shift::kShrU, .bits = imm & mask};
        case Binary::kShrS: return ShiftForm{.shift = Shift::kShrS, .bits = imm & mask};
        case Binary::kRotl: return ShiftForm{.shift = Shift::kRotl, .bits = imm & mask};
        case Binary::kRotr: return ShiftForm{.shift = Shift::kRotl, .bits = -imm & mask};
        default: return std::nullopt;
    }
}

/// [base +] (index << shift) + imm, in 32 bits.
struct LeaForm {
    bool has_base = false;
    std::uint16_t base = 0;
    std::uint16_t index = 0;
    std::uint16_t shift = 0;
    std::int32_t imm = 0;
};

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

/// Whether a constant of a select survives as a sign-extended number.
bool is_select_imm(const Operand& operand) {
    if (!operand.is_const()) {
        return false;
    }
    const auto value = static_cast<std::int64_t>(operand.value);
    return fits<std::int32_t>(value);  // an i32 that looks negative has a zero high half: too large
}

/// The number whose low bytes a store writes, if it has a short form.
std::optional<std::uint16_t> store_imm(const Operand& value, std::size_t bytes_log2) {
    if (!value.is_const()) {
        return std::nullopt;
    }
    const int unused = 64 - (8 << bytes_log2);
    const std::int64_t number = static_cast<std::int64_t>(value.value << unused) >> unused;
    return fits<std::int16_t>(number) ? std::optional{static_cast<std::uint16_t>(number)}
                                      : std::nullopt;
}

}  // namespace

const Instruction* FunctionTranslator::producer_of(const Operand& operand) {
    return operand.is_slot() ? emitter_.producer_of(operands_.slot(operand.height)) : nullptr;
}

// ---- arithmetic ----------------------------------------------------------------------

/// A local and a constant that are added wait for whoever can add them on the way.
bool FunctionTranslator::push_sum(
    const BinaryForm& form, const Operand& left, const Operand& right) {
    const Operand& local = left.reads_local() ? left : right;
    const Operand& number = left.reads_local() ? right : left;
    if (form.op != Binary::kAdd || form.wide || !local.reads_local() || !number.is_const()) {
        return false;
    }
    const auto before = static_cast<std::uint32_t>(local.is_local() ? 0 : local.value);
    operands_.push_local_plus(local.local, before + static_cast<std::uint32_t>(number.value));
    return true;
}

void FunctionTranslator::emit_binary(
    const BinaryForm& form, const Operand& left, const Operand& right) {
    const std::uint16_t dst = operands_.slot(left.height);
    const auto with_constant = [&](Binary op, const Operand& operand, std::uint64_t value) {
        if (op == Binary::kAdd && !form.wide &&
            emit_lea(operand, dst, static_cast<std::int32_t>(value))) {
            return;
        }
        const std::uint16_t a = operands_.slot_of(operand);
        if (!fits_imm(value, form.wide)) {
            return emitter_.wide(op, dst, a, value);
        }
        Instruction& out = emitter_.emit(binary_code(op, form.wide, true));
        out.dst = dst;
        out.a = a;
        out.imm = static_cast<std::int32_t>(value);
    };
    if (right.is_const()) {
        return with_constant(form.op, left, right.value);
    }
    const auto turned = exchanged(form.op);
    if (left.is_const() && turned) {
        return with_constant(*turned, right, left.value);
    }
    if (combine(form, left, right)) {
        return;
    }
    const bool symmetric = turned == form.op;
    if (symmetric && right.is_local() && combine(form, right, left)) {
        return;
    }
    const std::uint16_t a = operands_.slot_of(left);
    const std::uint16_t b = operands_.slot_of(right);
    Instruction& out = emitter_.emit(binary_code(form.op, form.wide, false));
    out.dst = dst;
    out.a = a;
    out.b = b;
}

/// operand + imm, where the operand was just computed as a sum or as an index shifted by a constant.
bool FunctionTranslator::emit_lea(const Operand& operand, std::uint16_t dst, std::int32_t imm) {
    const Instruction* const last = producer_of(operand);
    const auto sum = last != nullptr ? lea_form(*last) : std::nullopt;
    if (!sum || sum->imm != 0) {
        return false;
    }
    emitter_.drop_last();
    Instruction& out = emitter_.emit(sum->has_base ? Code::kLea : Code::kLeaIndex);
    out.dst = dst;
    out.a = sum->base;
    out.b = sum->index;
    out.c = sum->shift;
    out.imm = imm;
    return true;
}

/// first & ~second, where the complement was just computed.
bool FunctionTranslator::emit_and_not(
    const BinaryForm& form, const Operand& first, const Operand& second) {
    const Instruction* const last = producer_of(second);
    if (form.op != Binary::kAnd || last == nullptr || last->imm != -1 ||
        code_in(*last) != binary_code(Binary::kXor, form.wide, true)) {
        return false;
    }
    const std::uint16_t complemented = last->a;
    emitter_.drop_last();
    const std::uint16_t other = operands_.slot_of(first);
    Instruction& out = emitter_.emit(binary_code(Binary::kAndNot, form.wide, false));
    out.dst = operands_.slot(std::min(first.height, second.height));
    out.a = other;
    out.b = complemented;
    return true;
}

/// first op second, where second was just computed as a shift by a constant or, for a sum, as a
/// product.
bool FunctionTranslator::combine(
    const BinaryForm& form, const Operand& first, const Operand& second) {
    if (emit_and_not(form, first, second)) {
        return true;
    }
    const Instruction* const last = producer_of(second);
    const auto producer = last != nullptr ? binary_form(code_in(*last)) : std::nullopt;
    const auto how = combine_of(form.op);
    if (!producer || !how || producer->wide != form.wide) {
        return false;
    }
    const Instruction computed = *last;
    const bool product = producer->op == Binary::kMul && !producer->imm && how == Combine::kAdd;
    const auto shift = shift_form(*producer, computed.imm);
    if (!product && !shift) {
        return false;
    }
    emitter_.drop_last();
    // Its own slot lies below what the dropped instruction read, unless it is the deeper operand
    // and nothing is emitted for it.
    const std::uint16_t other = operands_.slot_of(first);
    const Code code = product ? (form.wide ? Code::kI64MulAdd : Code::kI32MulAdd)
                              : shifted_code(shift->shift, *how, form.wide);
    Instruction& out = emitter_.emit(code);
    out.dst = operands_.slot(std::min(first.height, second.height));
    out.a = computed.a;
    if (product) {
        out.b = computed.b;
        out.c = other;
    } else {
        out.b = other;
        out.imm = shift->bits;
    }
    return true;
}

// ---- choices -------------------------------------------------------------------------

/// A comparison whose result a local keeps, and a branch that depends on it.
bool FunctionTranslator::emit_compare_branch(const Operand& condition, bool when) {
    if (!condition.is_local()) {
        return false;
    }
    const auto local = static_cast<std::uint16_t>(condition.local);
    const Instruction* const last = emitter_.producer_of(local);
    const auto form = last != nullptr ? binary_form(code_in(*last)) : std::nullopt;
    if (!form || form->wide || static_cast<std::size_t>(form->op) >= kCompares) {
        return false;
    }
    const Instruction compared = *last;
    emitter_.drop_last();
    Instruction& out = emitter_.emit(compare_branch_code(form->op, form->imm, when));
    out.dst = local;
    out.a = compared.a;
    out.imm = form->imm ? compared.imm : compared.b;
    return true;
}

std::uint32_t FunctionTranslator::emit_branch(const Operand& condition, bool when) {
    if (emit_compare_branch(condition, when)) {
        return emitter_.here() - 1;
    }
    BinaryForm form{.op = Binary::kNe, .wide = false, .imm = true};
    Instruction compared{};
    const Instruction* const last = producer_of(condition);
    const auto producer = last != nullptr ? binary_form(code_in(*last)) : std::nullopt;
    if (producer && static_cast<std::size_t>(producer->op) < kCompares) {
        form = *producer;
        compared = *last;
        emitter_.drop_last();
    } else {
        compared.a = operands_.slot_of(condition);
    }
    const Binary op = when ? form.op : opposite(form.op);
    // A counter that steps and is compared: the end of most loops.
    const Instruction* const step = emitter_.producer_of(compared.a);
    const bool steps = step != nullptr && !form.wide && step->a == compared.a &&
                       code_in(*step) == binary_code(Binary::kAdd, false, true) &&
                       (form.imm ? fits<std::int16_t>(step->imm) : compared.b != compared.a);
    if (steps) {
        const std::int32_t add = step->imm;
        emitter_.drop_last();
        Instruction& out = emitter_.emit(add_branch_code(op, form.imm));
        out.a = compared.a;
        out.dst = form.imm ? static_cast<std::uint16_t>(add) : compared.b;
        out.imm = form.imm ? compared.imm : add;
        return emitter_.here() - 1;
    }
    Instruction& out = emitter_.emit(branch_code(op, form.wide, form.imm));
    out.a = compared.a;
    out.imm = compared.imm;
    out.dst = form.imm ? std::uint16_t{0} : compared.b;
    return emitter_.here() - 1;
}

void FunctionTranslator::emit_select(
    const Operand& first, const Operand& second, const Operand& condition) {
    if (emit_select_if(first, second, condition)) {
        return;
    }
    const bool first_imm = is_select_imm(first);
    const bool second_imm = is_select_imm(second) &&
                            (!first_imm || fits<std::int16_t>(static_cast<std::int64_t>(second.value)));
    const std::uint16_t a = first_imm ? std::uint16_t{0} : operands_.slot_of(first);
    const std::uint16_t b = second_imm ? std::uint16_t{0} : operands_.slot_of(second);
    const std::uint16_t c = operands_.slot_of(condition);
    const Code with_first = second_imm ? Code::kSelectBoth : Code::kSelectFirst;
    const Code without = second_imm ? Code::kSelectSecond : Code::kSelect;
    Instruction& out = emitter_.emit(first_imm ? with_first : without);
    out.dst = operands_.slot(first.height);
    out.a = a;
    out.b = first_imm && second_imm ? static_cast<std::uint16_t>(second.value) : b;
    out.c = c;
    out.imm = static_cast<std::int32_t>(first_imm ? first.value : second.value);
}

bool FunctionTranslator::emit_select_if(
    const Operand& first, const Operand& second, const Operand& condition) {
    const auto is_at_hand = [](const Operand& operand) {
        return operand.is_slot() || operand.is_local();
    };
    const auto is_short = [](const Operand& operand) {
        return operand.is_const() && fits<std::int16_t>(static_cast<std::int64_t>(operand.value));
    };
    const Instruction* const last = producer_of(condition);
    const auto producer = last != nullptr ? binary_form(code_in(*last)) : std::nullopt;
    if (!producer || producer->imm || static_cast<std::size_t>(producer->op) >= kCompares) {
        return false;
    }
    // A constant is always the first choice: the opposite comparison exchanges the two.
    const bool turned = is_short(second) && is_at_hand(first);
    const Operand& chosen = turned ? second : first;
    const Operand& otherwise = turned ? first : second;
    if (!is_at_hand(otherwise) || !(is_at_hand(chosen) || is_short(chosen))) {
        return false;
    }
    const Instruction compared = *last;
    emitter_.drop_last();
    const Binary op = turned ? opposite(producer->op) : producer->op;
    Instruction& out = emitter_.emit(select_if_code(op, producer->wide, chosen.is_const()));
    out.dst = operands_.slot(first.height);
    out.a = compared.a;
    out.b = compared.b;
    out.c = chosen.is_const() ? static_cast<std::uint16_t>(chosen.value) : operands_.slot_of(chosen);
    out.imm = operands_.slot_of(otherwise);
    return true;
}

// ---- memory --------------------------------------------------------------------------

std::optional<FunctionTranslator::AddressForm> FunctionTranslator::take_address(
    const Operand& address, std::uint32_t offset) {
    const Instruction* const last = producer_of(address);
    if (last == nullptr) {
        return std::nullopt;
    }
    AddressForm out;
    if (code_in(*last) == binary_code(Binary::kAdd, false, true) && fits<std::uint16_t>(offset)) {
        out.kind = Address::kDisplaced;
        out.a = last->a;
        out.c = static_cast<std::uint16_t>(offset);
        out.imm = last->imm;
        emitter_.drop_last();
        return out;
    }
    const auto sum = lea_form(*last);
    if (!sum || (offset != 0 && (sum->imm != 0 || !sum->has_base))) {
        return std::nullopt;
    }
    out.a = sum->base;
    out.index = sum->index;
    out.c = sum->shift;
    out.imm = sum->imm;
    if (!sum->has_base) {
        out.kind = Address::kLeaIndex;
    } else if (sum->imm != 0) {
        out.kind = Address::kLea;
    } else {
        out.kind = sum->shift == 0 ? Address::kSum : Address::kScaled;
        out.imm = static_cast<std::int32_t>(offset);
    }
    emitter_.drop_last();
    return out;
}

FunctionTranslator::AddressForm FunctionTranslator::address_form(
    const Operand& address, std::uint32_t offset) {
    AddressForm out;
    out.imm = static_cast<std::int32_t>(offset);
    if (address.is_const() && fits<std::uint32_t>(static_cast<std::int64_t>(address.value + offset))) {
        out.kind = Address::kAbsolute;
        out.imm = static_cast<std::int32_t>(address.value + offset);
        return out;
    }
    if (address.kind == Operand::Kind::kLocalPlus && fits<std::uint16_t>(offset)) {
        out.kind = Address::kDisplaced;
        out.a = static_cast<std::uint16_t>(address.local);
        out.c = static_cast<std::uint16_t>(offset);
        out.imm = static_cast<std::int32_t>(address.value);
        return out;
    }
    if (const auto taken = take_address(address, offset)) {
        return *taken;
    }
    out.a = operands_.slot_of(address);
    return out;
}

void FunctionTranslator::emit_load(Load load, const Operand& address, std::uint32_t offset) {
    const AddressForm form = address_form(address, offset);
    Instruction& out = emitter_.emit(load_code(load, form.kind));
    out.dst = operands_.slot(address.height);
    out.a = form.a;
    out.b = form.index;
    out.c = form.c;
    out.imm = form.imm;
}

void FunctionTranslator::emit_store(
    std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset) {
    if (emit_memory_add(bytes_log2, address, value, offset) ||
        emit_move(bytes_log2, address, value, offset)) {
        return;
    }
    const auto imm = store_imm(value, bytes_log2);
    // First the value: if that emits something, the address is left as it was computed.
    const std::uint16_t from = imm ? *imm : operands_.slot_of(value);
    const AddressForm form = address_form(address, offset);
    Instruction& out = emitter_.emit(store_code(bytes_log2, form.kind, imm.has_value()));
    out.a = form.a;
    out.dst = form.index;
    out.b = from;
    out.c = form.c;
    out.imm = form.imm;
}

/// A store of what was just loaded from the same place and added to.
bool FunctionTranslator::emit_memory_add(
    std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset) {
    constexpr std::array<Load, kStores> kSameBytes{Load::kU8, Load::kU16, Load::kU32, Load::kU64};
    const Instruction* const sum = producer_of(value);
    const Instruction* const load = emitter_.before_last();
    const auto form = sum != nullptr ? binary_form(code_in(*sum)) : std::nullopt;
    const bool absolute = address.is_const();
    if (!form || form->op != Binary::kAdd || load == nullptr || (!absolute && !address.is_local()) ||
        form->wide != (bytes_log2 == 3) || (form->imm && !fits<std::int16_t>(sum->imm))) {
        return false;
    }
    const Address kind = absolute ? Address::kAbsolute : Address::kSlot;
    const std::uint64_t where = absolute ? address.value + offset : offset;
    const bool same_place = code_in(*load) == load_code(kSameBytes[bytes_log2], kind) &&
                            static_cast<std::uint32_t>(load->imm) == where &&
                            (absolute || load->a == address.local);
    // The loaded value must be an operand that the sum has used up, not a local that stays.
    const bool used_up = load->dst >= locals_.size() &&
                         (load->dst == sum->a || (!form->imm && load->dst == sum->b)) &&
                         (form->imm || sum->a != sum->b);
    if (!same_place || !used_up) {
        return false;
    }
    const bool sum_is_one = sum->imm == 1;
    Instruction out{};
    out.code = static_cast<std::uint64_t>(memory_add_code(bytes_log2, absolute, form->imm));
    out.a = load->a;
    out.b = sum->b;
    if (form->imm) {
        out.b = static_cast<std::uint16_t>(sum->imm);
    } else if (load->dst == sum->b) {
        out.b = sum->a;
    }
    out.imm = load->imm;
    emitter_.drop_last();
    emitter_.drop_last();
    emitter_.emit(code_in(out)) = out;
    if (!absolute && form->imm && sum_is_one) {
        count_in_place();
    }
    return true;
}

/// The address of an increment that was just computed into a local: a histogram's step.
void FunctionTranslator::count_in_place() {
    const Instruction add = *emitter_.last();
    const Instruction* const address = emitter_.before_last();
    if (address == nullptr || add.imm != 0 || address->dst != add.a ||
        (code_in(*address) != Code::kLea && code_in(*address) != Code::kLeaIndex)) {
        return;
    }
    const Instruction lea = *address;
    const std::size_t bytes_log2 =
        (static_cast<std::size_t>(code_in(add)) - static_cast<std::size_t>(Code::kMemoryAdd)) / 4;
    emitter_.drop_last();
    emitter_.drop_last();
    Instruction& out = emitter_.emit(increment_code(bytes_log2, code_in(lea) == Code::kLea));
    out.dst = lea.dst;
    out.a = lea.a;
    out.b = lea.b;
    out.c = lea.c;
    out.imm = lea.imm;
}

/// A store of what was just loaded from another place.
bool FunctionTranslator::emit_move(
    std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset) {
    constexpr std::array<Load, kStores> kSameBytes{Load::kU8, Load::kU16, Load::kU32, Load::kU64};
    const Instruction* const load = producer_of(value);
    if (load == nullptr || offset != 0 || !address.reads_local()) {
        return false;
    }
    const Code code = code_in(*load);
    const Load same = kSameBytes[bytes_log2];
    const bool displaced = code == load_code(same, Address::kDisplaced) && load->c == 0;
    const bool plain = code == load_code(same, Address::kSlot) && load->imm == 0;
    if (!displaced && !plain) {
        return false;
    }
    const std::uint16_t from = load->a;
    const std::int32_t displacement = load->imm;
    emitter_.drop_last();
    Instruction& out = emitter_.emit(move_code(bytes_log2));
    out.a = from;
    out.imm = displacement;
    out.dst = static_cast<std::uint16_t>(address.local);
    out.set_jump(address.is_local() ? 0 : static_cast<std::int32_t>(address.value));
    return true;
}

}  // namespace polis::vm
