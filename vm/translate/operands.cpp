#include <vm/translate/operands.hpp>

#include <algorithm>

namespace polis::vm {

void Operands::begin_function(std::size_t locals) {
    stack_.clear();
    lazy_.clear();
    heads_.assign(locals, kNone);
    height_max_ = 0;
}

void Operands::push_entry(const Operand& operand) {
    Entry entry{.operand = operand, .below = kNone};
    entry.operand.height = height();
    stack_.push_back(entry);
    height_max_ = std::max(height_max_, height());
}

void Operands::push(std::optional<ValueType> type) {
    push_entry({.kind = Operand::Kind::kSlot, .type = type, .height = 0, .local = 0, .value = 0});
}

void Operands::push_read(const Operand& operand) {
    lazy_.push_back(height());
    push_entry(operand);
    stack_.back().below = heads_[operand.local];
    heads_[operand.local] = height() - 1;
}

void Operands::push_local(ValueType type, std::uint32_t local) {
    push_read(
        {.kind = Operand::Kind::kLocal, .type = type, .height = 0, .local = local, .value = 0});
}

void Operands::push_local_plus(std::uint32_t local, std::uint32_t value) {
    push_read(
        {.kind = Operand::Kind::kLocalPlus,
         .type = ValueType::kI32,
         .height = 0,
         .local = local,
         .value = value});
}

void Operands::push_const(ValueType type, std::uint64_t value) {
    lazy_.push_back(height());
    push_entry(
        {.kind = Operand::Kind::kConst, .type = type, .height = 0, .local = 0, .value = value});
}

void Operands::push_again(const Operand& operand, ValueType type) {
    switch (operand.kind) {
        case Operand::Kind::kLocal:
            return push_local(type, operand.local);
        case Operand::Kind::kConst:
            return push_const(type, operand.value);
        case Operand::Kind::kLocalPlus:
            (void)slot_of(operand);
            break;
        case Operand::Kind::kSlot:
            break;
    }
    push(type);
}

Operand Operands::pop() {
    const Entry entry = stack_.back();
    stack_.pop_back();
    if (!lazy_.empty() && lazy_.back() == height()) {
        lazy_.pop_back();
    }
    if (entry.operand.reads_local()) {
        heads_[entry.operand.local] = entry.below;  // the topmost of its local: it is on top of all
    }
    return entry.operand;
}

void Operands::truncate(std::uint32_t height) {
    while (this->height() > height) {
        (void)pop();
    }
}

std::uint16_t Operands::slot_of(const Operand& operand) {
    if (operand.is_local()) {
        return static_cast<std::uint16_t>(operand.local);
    }
    const std::uint16_t own = slot(operand.height);
    if (!operand.is_slot()) {
        move_to(own, operand);
    }
    return own;
}

void Operands::move_to(std::uint16_t slot, const Operand& operand) {
    if (operand.is_const()) {
        return emitter_.constant(slot, operand.value);
    }
    if (operand.kind == Operand::Kind::kLocalPlus) {
        Instruction& sum = emitter_.emit(binary_code(Binary::kAdd, false, true));
        sum.dst = slot;
        sum.a = static_cast<std::uint16_t>(operand.local);
        sum.imm = static_cast<std::int32_t>(operand.value);
        return;
    }
    const std::uint16_t from = slot_of(operand);
    if (from != slot) {
        emitter_.copy(slot, from);
    }
}

void Operands::settle(Entry& entry) {
    Operand& operand = entry.operand;
    move_to(slot(operand.height), operand);
    if (operand.reads_local()) {
        heads_[operand.local] = entry.below;
    }
    operand.kind = Operand::Kind::kSlot;
}

void Operands::settle_top(std::uint32_t count) {
    // From the top, so that each is the topmost of its local when its turn comes.
    while (!lazy_.empty() && lazy_.back() + count >= height()) {
        Entry& entry = stack_[lazy_.back()];
        lazy_.pop_back();
        if (entry.operand.kind != Operand::Kind::kSlot) {
            settle(entry);
        }
    }
}

void Operands::settle_all() { settle_top(height()); }

void Operands::settle_reads_of(std::uint32_t local) {
    while (heads_[local] != kNone) {
        settle(stack_[heads_[local]]);
    }
}

}  // namespace polis::vm
