// Everything that moves and computes values.
#include <string>
#include <utility>

#include <fmt/format.h>

#include <vm/translate/function_translator.hpp>

namespace polis::vm {

namespace {

BinaryForm form_of(std::uint8_t byte) {
    const Op op = static_cast<Op>(byte);
    const auto make = [byte](Op first, std::size_t begin, bool wide) {
        const std::size_t index = begin + byte - static_cast<std::uint8_t>(first);
        return BinaryForm{.op = static_cast<Binary>(index), .wide = wide, .imm = false};
    };
    if (op <= Op::kI32GeU) {
        return make(Op::kI32Eq, 0, false);
    }
    if (op <= Op::kI64GeU) {
        return make(Op::kI64Eq, 0, true);
    }
    return op <= Op::kI32Rotr ? make(Op::kI32Add, kCompares, false)
                              : make(Op::kI64Add, kCompares, true);
}

Load load_of(Op op) {
    switch (op) {
        case Op::kI32Load:
        case Op::kI64Load32U:
            return Load::kU32;
        case Op::kI64Load:
            return Load::kU64;
        case Op::kI32Load8S:
            return Load::kS8To32;
        case Op::kI32Load8U:
        case Op::kI64Load8U:
            return Load::kU8;
        case Op::kI32Load16S:
            return Load::kS16To32;
        case Op::kI32Load16U:
        case Op::kI64Load16U:
            return Load::kU16;
        case Op::kI64Load8S:
            return Load::kS8To64;
        case Op::kI64Load16S:
            return Load::kS16To64;
        default:
            return Load::kS32To64;
    }
}

/// Unary instructions that become one of the register code.
std::optional<Code> unary_code(Op op) {
    switch (op) {
        case Op::kI32Clz:
            return Code::kI32Clz;
        case Op::kI32Ctz:
            return Code::kI32Ctz;
        case Op::kI32Popcnt:
            return Code::kI32Popcnt;
        case Op::kI64Clz:
            return Code::kI64Clz;
        case Op::kI64Ctz:
            return Code::kI64Ctz;
        case Op::kI64Popcnt:
            return Code::kI64Popcnt;
        case Op::kI32WrapI64:
            return Code::kWrap;
        case Op::kI64ExtendI32S:
            return Code::kExtend32S;
        default:
            return std::nullopt;
    }
}

}  // namespace

void FunctionTranslator::trap(Trap why) {
    if (live_) {
        emitter_.emit(Code::kTrap).imm = static_cast<std::int32_t>(why);
        emitter_.end_runs();
    }
    set_unreachable();
}

/// Floats are typed and not computed: what follows is validated like any other code.
void FunctionTranslator::float_trap() {
    emitter_.emit(Code::kTrap).imm = static_cast<std::int32_t>(Trap::kFloat);
    emitter_.end_runs();
    live_ = false;
}

void FunctionTranslator::parametric(Op op) {
    emitter_.pay(gas_.plain);
    if (op == Op::kDrop) {
        pop(std::nullopt);
    } else {
        select();
    }
}

void FunctionTranslator::select() {
    const Operand condition = pop(ValueType::kI32);
    const Operand second = pop(std::nullopt);
    const Operand first = pop(second.type);
    if (live_ && in_.ok()) {
        emit_select(first, second, condition);
    }
    push(first.type ? first.type : second.type);
}

void FunctionTranslator::variable(Op op) {
    if (op == Op::kGlobalGet || op == Op::kGlobalSet) {
        return global(op);
    }
    emitter_.pay(gas_.plain);
    const std::uint32_t index = in_.u32();
    if (!in_.ok()) {
        return;
    }
    if (index >= locals_.size()) {
        return fail(
            RejectionCode::kUnknownIndex,
            fmt::format("local {}, there are {}", index, locals_.size()));
    }
    if (op != Op::kLocalGet) {
        return local_set(index, op == Op::kLocalTee);
    }
    if (!live_) {
        return push(locals_[index]);
    }
    if (operands_.height() >= rules_.operand_height) {
        return fail(
            RejectionCode::kOperandsTooHigh, fmt::format("at most {}", rules_.operand_height));
    }
    operands_.push_local(locals_[index], index);
}

void FunctionTranslator::local_set(std::uint32_t index, bool tee) {
    const Operand value = pop(locals_[index]);
    if (live_) {
        assign(index, value);
    }
    if (tee) {
        if (live_) {
            operands_.push_local(locals_[index], index);
        } else {
            push(locals_[index]);
        }
    }
}

void FunctionTranslator::assign(std::uint32_t local, const Operand& value) {
    const auto slot = static_cast<std::uint16_t>(local);
    if (value.kind == Operand::Kind::kLocal && value.local == local) {
        return;
    }
    // Before the search for a producer: what it emits must not come behind the write.
    operands_.settle_reads_of(local);
    Instruction* const producer = value.kind == Operand::Kind::kSlot
                                      ? emitter_.producer_of(operands_.slot(value.height))
                                      : nullptr;
    if (producer != nullptr) {
        producer->dst = slot;
    } else {
        operands_.move_to(slot, value);
    }
}

void FunctionTranslator::global(Op op) {
    emitter_.pay(gas_.global);
    const std::uint32_t index = in_.u32();
    if (!in_.ok()) {
        return;
    }
    if (index >= module_.global_types.size()) {
        return fail(RejectionCode::kUnknownIndex, fmt::format("global {}", index));
    }
    const GlobalType& type = module_.global_types[index];
    if (op == Op::kGlobalGet) {
        if (live_) {
            Instruction& out = emitter_.emit(Code::kGlobalGet);
            out.dst = operands_.slot(operands_.height());
            out.imm = static_cast<std::int32_t>(index);
        }
        return push(type.type);
    }
    if (!type.is_mutable) {
        return fail(RejectionCode::kImmutableGlobal, fmt::format("global {}", index));
    }
    const Operand value = pop(type.type);
    if (live_) {
        const std::uint16_t from = operands_.slot_of(value);
        Instruction& out = emitter_.emit(Code::kGlobalSet);
        out.a = from;
        out.imm = static_cast<std::int32_t>(index);
    }
}

void FunctionTranslator::need_memory() {
    if (in_.ok() && !module_.memory) {
        fail(RejectionCode::kUnknownIndex, "there is no memory");
    }
}

FunctionTranslator::MemoryArgument FunctionTranslator::memory_argument(const OpInfo& info) {
    const std::uint32_t alignment = in_.u32();
    MemoryArgument out;
    out.offset = in_.u32();
    need_memory();
    if (in_.ok() && alignment > info.bytes_log2) {
        fail(RejectionCode::kBadAlignment, std::string(info.name));
    }
    return out;
}

void FunctionTranslator::load(std::uint8_t byte, const OpInfo& info) {
    const MemoryArgument argument = memory_argument(info);
    emitter_.pay(gas_.memory);
    const Operand address = pop(ValueType::kI32);
    if (live_ && info.is_float_op()) {
        push(info.out);
        return float_trap();
    }
    if (live_ && in_.ok()) {
        emit_load(load_of(static_cast<Op>(byte)), address, argument.offset);
    }
    push(info.out);
}

void FunctionTranslator::store(const OpInfo& info) {
    const MemoryArgument argument = memory_argument(info);
    emitter_.pay(gas_.memory);
    const Operand value = pop(info.in);
    const Operand address = pop(ValueType::kI32);
    if (live_ && info.is_float_op()) {
        return float_trap();
    }
    if (live_ && in_.ok()) {
        emit_store(info.bytes_log2, address, value, argument.offset);
    }
}

void FunctionTranslator::memory(Op op) {
    emitter_.pay(gas_.plain);
    const std::size_t where = in_.offset();
    if (in_.byte() != 0 && in_.ok()) {
        in_.fail_at(where, RejectionCode::kBadFlag, "number of the memory");
    }
    need_memory();
    std::uint16_t pages = 0;
    if (op == Op::kMemoryGrow) {
        const Operand operand = pop(ValueType::kI32);
        pages = live_ ? operands_.slot_of(operand) : std::uint16_t{0};
    }
    if (live_ && in_.ok()) {
        Instruction& out =
            emitter_.emit(op == Op::kMemoryGrow ? Code::kMemoryGrow : Code::kMemorySize);
        out.dst = operands_.slot(operands_.height());
        out.a = pages;
    }
    push(ValueType::kI32);
}

void FunctionTranslator::constant(Op op, const OpInfo& info) {
    emitter_.pay(gas_.plain);
    std::uint64_t value = 0;
    switch (op) {
        case Op::kI32Const:
            value = static_cast<std::uint32_t>(in_.s32());
            break;
        case Op::kI64Const:
            value = static_cast<std::uint64_t>(in_.s64());
            break;
        default:
            (void)in_.take(op == Op::kF32Const ? 4 : 8);
            break;
    }
    if (operands_.height() >= rules_.operand_height) {
        return fail(
            RejectionCode::kOperandsTooHigh, fmt::format("at most {}", rules_.operand_height));
    }
    if (live_ && !info.is_float_op()) {
        return operands_.push_const(info.out, value);
    }
    push(info.out);
    if (live_) {
        float_trap();
    }
}

void FunctionTranslator::unary(Op op, const OpInfo& info) {
    emitter_.pay(gas_.plain);
    const Operand operand = pop(info.in);
    if (live_ && info.is_float_op()) {
        push(info.out);
        return float_trap();
    }
    if (live_ && (op == Op::kI32Eqz || op == Op::kI64Eqz)) {
        eqz(operand, op == Op::kI64Eqz);
    } else if (live_ && op == Op::kI64ExtendI32U) {
        return operands_.push_again(operand, ValueType::kI64);  // the high half is zero
    } else if (live_) {
        const std::uint16_t from = operands_.slot_of(operand);
        Instruction& out = emitter_.emit(*unary_code(op));
        out.dst = operands_.slot(operand.height);
        out.a = from;
    }
    push(info.out);
}

void FunctionTranslator::eqz(const Operand& operand, bool wide) {
    const Operand zero{
        .kind = Operand::Kind::kConst,
        .type = operand.type,
        .height = operand.height + 1,
        .local = 0,
        .value = 0};
    emit_binary({.op = Binary::kEq, .wide = wide, .imm = false}, operand, zero);
}

void FunctionTranslator::binary(std::uint8_t byte, const OpInfo& info) {
    const BinaryForm form = info.is_float_op() ? BinaryForm{} : form_of(byte);
    switch (form.op) {
        case Binary::kMul:
            emitter_.pay(gas_.multiply);
            break;
        case Binary::kDivS:
        case Binary::kDivU:
        case Binary::kRemS:
        case Binary::kRemU:
            emitter_.pay(gas_.divide);
            break;
        default:
            emitter_.pay(gas_.plain);
            break;
    }
    const Operand right = pop(info.in);
    const Operand left = pop(info.in);
    if (live_ && info.is_float_op()) {
        push(info.out);
        return float_trap();
    }
    if (!live_ || !in_.ok()) {
        return push(info.out);
    }
    if (!push_sum(form, left, right)) {
        emit_binary(form, left, right);
        push(info.out);
    }
}

}  // namespace polis::vm
