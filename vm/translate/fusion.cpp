// Several operators of the contract that become one instruction of the register code. Each looks
// only at what was emitted last, and only where no run can begin in between.
#include <algorithm>

#include <vm/translate/function_translator.hpp>
#include <vm/translate/patterns.hpp>

namespace polis::vm {

namespace {

bool fits_imm(std::uint64_t value, bool wide) {
    const auto number = static_cast<std::int64_t>(value);
    return !wide || number == static_cast<std::int32_t>(number);
}

/// Whether a constant of a select survives as a sign-extended number.
bool is_select_imm(const Operand& operand) {
    if (!operand.is_const()) {
        return false;
    }
    const auto value = static_cast<std::int64_t>(operand.value);
    return fits<std::int32_t>(value);  // an i32 that looks negative has a zero high half: too large
}

}  // namespace

const Instruction* FunctionTranslator::producer_of(const Operand& operand) {
    return operand.is_slot() ? emitter_.producer_of(operands_.slot(operand.height)) : nullptr;
}

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

/// operand + imm, where the operand was just computed as a sum or as an index shifted by a
/// constant.
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

/// A comparison whose result a local keeps, and a branch that depends on it.
bool FunctionTranslator::emit_compare_branch(const Operand& condition, bool when) {
    if (!condition.is_local()) {
        return false;
    }
    const auto local = static_cast<std::uint16_t>(condition.local);
    const Instruction* const last = emitter_.producer_of(local);
    const auto form = last != nullptr ? binary_form(code_in(*last)) : std::nullopt;
    if (!form || form->wide || !is_compare(form->op)) {
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
    if (producer && is_compare(producer->op)) {
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
    const bool second_imm =
        is_select_imm(second) &&
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
    if (!producer || producer->imm || !is_compare(producer->op)) {
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
    out.c =
        chosen.is_const() ? static_cast<std::uint16_t>(chosen.value) : operands_.slot_of(chosen);
    out.imm = operands_.slot_of(otherwise);
    return true;
}

}  // namespace polis::vm
