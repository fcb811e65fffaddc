// Blocks, branches and calls.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include <vm/translate/function_translator.hpp>

namespace polis::vm {

namespace {

constexpr std::uint8_t kEmptyBlock = 0x40;

}  // namespace

void FunctionTranslator::control(Op op) {
    switch (op) {
        case Op::kUnreachable:
            return trap(Trap::kUnreachable);
        case Op::kNop:
            return;
        case Op::kBlock:
        case Op::kLoop:
        case Op::kIf:
            return open_block(op);
        case Op::kElse:
            return begin_else();
        case Op::kEnd:
            return end_block();
        case Op::kBr:
            return br();
        case Op::kBrIf:
            return br_if();
        case Op::kBrTable:
            return br_table();
        case Op::kReturn:
            return return_now();
        case Op::kCall:
            return call(in_.u32());
        case Op::kCallIndirect:
            return call_indirect();
        default:
            break;
    }
}

FunctionTranslator::Type FunctionTranslator::block_type() {
    const std::size_t where = in_.offset();
    const std::uint8_t byte = in_.byte();
    if (byte == kEmptyBlock) {
        return std::nullopt;
    }
    if (byte >= 0x7c && byte <= 0x7f) {
        const auto type = static_cast<ValueType>(byte);
        if (is_float(type) && !rules_.is_specification()) {
            in_.fail_at(where, RejectionCode::kFloat, std::string(to_string(type)));
        }
        return type;
    }
    const bool index = byte < 0x40;  // of a type: a block with parameters
    in_.fail_at(
        where,
        index ? RejectionCode::kNewerFeature : RejectionCode::kBadType,
        fmt::format("block type {:#04x}", byte));
    return std::nullopt;
}

void FunctionTranslator::push_control(Op kind, Type result) {
    if (controls_.size() > rules_.nesting) {
        fail(RejectionCode::kNestedTooDeep, fmt::format("at most {}", rules_.nesting));
        return;
    }
    Control block;
    block.kind = kind;
    block.result = result;
    block.height = operands_.height();
    block.entered = live_;
    controls_.push_back(block);
}

void FunctionTranslator::open_block(Op op) {
    const Type result = block_type();
    if (op == Op::kIf) {
        return open_if(result);
    }
    if (live_) {
        operands_.settle_all();  // whatever happens within, what lies below is where it was
    }
    push_control(op, result);
    if (op == Op::kLoop && live_) {
        emitter_.position();
        innermost().loop = emitter_.here();
    }
}

void FunctionTranslator::open_if(Type result) {
    emitter_.pay(gas_.branch);
    const Operand condition = pop(ValueType::kI32);
    if (!live_) {
        return push_control(Op::kIf, result);
    }
    operands_.settle_all();
    const std::uint32_t to_else = emit_branch(condition, false);
    push_control(Op::kIf, result);
    innermost().to_else = to_else;
    emitter_.end_runs();
    emitter_.position();
}

void FunctionTranslator::begin_else() {
    Control& block = innermost();
    if (block.kind != Op::kIf) {
        return fail(RejectionCode::kBadEnd, "else without if");
    }
    if (block.result) {
        const Operand value = pop(block.result);
        if (live_) {
            operands_.move_to(operands_.slot(block.height), value);
        }
    }
    if (operands_.height() != block.height) {
        return fail(RejectionCode::kTypeMismatch, "values are left at else");
    }
    if (live_) {
        emitter_.pay(gas_.branch);
        emitter_.emit(Code::kBr);
        emitter_.link_last(block.branches);
        emitter_.end_runs();
    }
    live_ = block.entered;
    block.kind = Op::kElse;
    block.unreachable = false;
    if (block.to_else) {
        emitter_.position();
        emitter_.set_target(*block.to_else, emitter_.here());
        block.to_else.reset();
    }
}

void FunctionTranslator::end_block() {
    Control block = innermost();
    if (block.kind == Op::kIf && block.result) {
        return fail(RejectionCode::kTypeMismatch, "an if with a result has no else");
    }
    if (controls_.size() == 1) {
        return end_function(block);
    }
    if (block.result) {
        const Operand value = pop(block.result);
        if (live_) {
            operands_.move_to(operands_.slot(block.height), value);
        }
    }
    if (operands_.height() != block.height) {
        return fail(RejectionCode::kTypeMismatch, "values are left at the end of a block");
    }
    controls_.pop_back();
    if (block.branches != Emitter::kNoChain || block.to_else) {
        emitter_.position();
        emitter_.resolve(block.branches);
        if (block.to_else) {
            emitter_.set_target(*block.to_else, emitter_.here());
        }
        live_ = true;
    }
    if (block.result) {
        push(block.result);
    }
}

void FunctionTranslator::end_function(const Control& block) {
    Operand value;
    if (block.result) {
        value = pop(block.result);
    }
    if (operands_.height() != 0) {
        return fail(RejectionCode::kTypeMismatch, "values are left at the end of a function");
    }
    const bool branched = block.branches != Emitter::kNoChain;
    if (branched) {
        if (live_ && block.result) {
            operands_.move_to(operands_.slot(0), value);
        }
        value = Operand{};
        emitter_.position();
        emitter_.resolve(block.branches);
    }
    if (live_ || branched) {
        if (block.result) {
            const std::uint16_t slot = operands_.slot_of(value);
            emitter_.emit(Code::kReturnValue).a = slot;
        } else {
            emitter_.emit(Code::kReturn);
        }
        emitter_.end_runs();
    }
    controls_.pop_back();
}

FunctionTranslator::Control* FunctionTranslator::label(std::uint32_t depth) {
    if (!in_.ok()) {
        return nullptr;
    }
    if (depth >= controls_.size()) {
        fail(RejectionCode::kUnknownIndex, fmt::format("label {}", depth));
        return nullptr;
    }
    return &controls_[controls_.size() - 1 - depth];
}

void FunctionTranslator::lead_to(std::uint32_t branch, Control& to) {
    if (to.kind == Op::kLoop) {
        emitter_.set_target(branch, to.loop);
    } else {
        emitter_.link(branch, to.branches);
    }
}

void FunctionTranslator::branch_always(Control& to) {
    emitter_.emit(Code::kBr);
    lead_to(emitter_.here() - 1, to);
}

void FunctionTranslator::br() {
    Control* const to = label(in_.u32());
    if (to == nullptr) {
        return;
    }
    emitter_.pay(gas_.branch);
    const Type carried = label_type(*to);
    if (carried) {
        const Operand value = pop(carried);
        if (live_) {
            operands_.move_to(operands_.slot(to->height), value);
        }
    }
    if (live_) {
        branch_always(*to);
        emitter_.end_runs();
    }
    set_unreachable();
}

void FunctionTranslator::br_if() {
    Control* const to = label(in_.u32());
    if (to == nullptr) {
        return;
    }
    emitter_.pay(gas_.branch);
    const Operand condition = pop(ValueType::kI32);
    const Type carried = label_type(*to);
    if (carried) {
        // Checked, and back as it was: the value stays when the branch is not taken.
        const std::uint32_t height = innermost().height;
        if (operands_.height() == height) {
            pop(carried);
            push(carried);
        } else if (operands_.top().type && *operands_.top().type != *carried) {
            return fail_type(carried, operands_.top().type);
        } else if (!operands_.top().type) {
            operands_.pop();
            push(carried);
        }
    }
    if (live_ && in_.ok()) {
        branch_if(condition, *to, carried.has_value());
    }
}

void FunctionTranslator::branch_if(const Operand& condition, Control& to, bool has_value) {
    const bool in_place = !has_value || (operands_.top().kind == Operand::Kind::kSlot &&
                                         operands_.top().height == to.height);
    if (in_place) {
        lead_to(emit_branch(condition, true), to);
        emitter_.end_runs();
    } else {
        const std::uint32_t around = emit_branch(condition, false);
        emitter_.end_runs();
        operands_.move_to(operands_.slot(to.height), operands_.top());
        branch_always(to);
        emitter_.position();
        emitter_.set_target(around, emitter_.here());
        return;
    }
    emitter_.position();
}

void FunctionTranslator::read_targets(std::vector<std::uint32_t>& out) {
    const std::uint32_t count = in_.count(rules_.branch_table, RejectionCode::kBranchTableTooLarge);
    out.clear();
    for (std::uint32_t i = 0; i <= count && in_.ok(); ++i) {
        out.push_back(in_.u32());
    }
}

void FunctionTranslator::br_table() {
    read_targets(targets_);
    Control* const otherwise = in_.ok() ? label(targets_.back()) : nullptr;
    if (otherwise == nullptr) {
        return;
    }
    emitter_.pay(gas_.branch_table);
    const Type carried = label_type(*otherwise);
    for (const std::uint32_t depth : targets_) {
        const Control* const to = label(depth);
        if (to == nullptr) {
            return;
        }
        if (label_type(*to) != carried) {
            return fail(RejectionCode::kTypeMismatch, "targets of a br_table differ in type");
        }
    }
    const Operand index = pop(ValueType::kI32);
    if (live_) {
        emit_table(index, targets_, carried);
    } else if (carried) {
        pop(carried);
    }
    set_unreachable();
}

/// The table is a row of branches. Each says where its target wants the value: code for the moves
/// would be three times as long, and 256 KiB of tables would become 20 MiB.
void FunctionTranslator::emit_table(
    const Operand& index, const std::vector<std::uint32_t>& depths, Type result) {
    std::uint16_t value_slot = 0;
    const std::uint16_t index_slot = operands_.slot_of(index);
    if (result) {
        value_slot = operands_.slot_of(pop(result));
    }
    if (!in_.ok()) {
        return;  // labels are no longer found
    }
    Instruction& table = emitter_.emit(result ? Code::kBrTableValue : Code::kBrTable);
    table.a = index_slot;
    table.b = value_slot;
    table.imm = static_cast<std::int32_t>(depths.size());
    for (const std::uint32_t depth : depths) {
        Control& to = *label(depth);
        emitter_.emit(Code::kBr).dst = operands_.slot(to.height);
        lead_to(emitter_.here() - 1, to);
    }
    emitter_.end_runs();
}

void FunctionTranslator::return_now() {
    emitter_.pay(gas_.branch);
    Operand value;
    if (type_->result) {
        value = pop(type_->result);
    }
    if (live_) {
        if (type_->result) {
            const std::uint16_t slot = operands_.slot_of(value);
            emitter_.emit(Code::kReturnValue).a = slot;
        } else {
            emitter_.emit(Code::kReturn);
        }
        emitter_.end_runs();
    }
    set_unreachable();
}

void FunctionTranslator::call(std::uint32_t function) {
    if (!in_.ok()) {
        return;
    }
    if (function >= module_.functions.size()) {
        return fail(RejectionCode::kUnknownIndex, fmt::format("function {}", function));
    }
    emitter_.pay(gas_.call);
    const bool imported = function < module_.imported_functions;
    const std::uint32_t what = imported ? function : function - module_.imported_functions;
    invoke(
        module_.type_of(function),
        imported ? Code::kCallHost : Code::kCall,
        static_cast<std::int32_t>(what));
}

void FunctionTranslator::call_indirect() {
    const std::uint32_t type = in_.u32();
    const std::size_t where = in_.offset();
    if (in_.byte() != 0 && in_.ok()) {
        in_.fail_at(where, RejectionCode::kBadFlag, "call_indirect");
    }
    if (!in_.ok()) {
        return;
    }
    if (!module_.table) {
        return fail(RejectionCode::kUnknownIndex, "call_indirect without a table");
    }
    if (type >= module_.types.size()) {
        return fail(RejectionCode::kUnknownIndex, fmt::format("type {}", type));
    }
    emitter_.pay(gas_.call_indirect);
    const Operand index = pop(ValueType::kI32);
    const std::uint16_t index_slot = live_ ? operands_.slot_of(index) : std::uint16_t{0};
    const bool live = live_;
    invoke(
        module_.types[type],
        Code::kCallIndirect,
        static_cast<std::int32_t>(canonical_types_[type]));
    if (live && in_.ok()) {
        emitter_.at(emitter_.here() - 1).b = index_slot;
    }
}

void FunctionTranslator::invoke(const FuncType& type, Code code, std::int32_t what) {
    const auto params = static_cast<std::uint32_t>(type.params.size());
    if (live_) {
        operands_.settle_top(params);
    }
    pop_params(type);
    if (live_) {
        Instruction& out = emitter_.emit(code);
        out.a = operands_.slot(operands_.height());
        out.imm = what;
    }
    if (type.result) {
        push(type.result);
    }
}

}  // namespace polis::vm
