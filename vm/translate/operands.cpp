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

void Operands::push_local(ValueType type, std::uint32_t local) {
    lazy_.push_back(height());
    push_entry(
        {.kind = Operand::Kind::kLocal, .type = type, .height = 0, .local = local, .value = 0});
    stack_.back().below = heads_[local];
    heads_[local] = height() - 1;
}

void Operands::push_const(ValueType type, std::uint64_t value) {
    lazy_.push_back(height());
    push_entry(
        {.kind = Operand::Kind::kConst, .type = type, .height = 0, .local = 0, .value = value});
}

void Operands::push_again(const Operand& operand, ValueType type) {
    switch (operand.kind) {
        case Operand::Kind::kSlot:
            return push(type);
        case Operand::Kind::kLocal:
            return push_local(type, operand.local);
        case Operand::Kind::kConst:
            return push_const(type, operand.value);
    }
}

Operand Operands::pop() {
    const Entry entry = stack_.back();
    stack_.pop_back();
    if (!lazy_.empty() && lazy_.back() == height()) {
        lazy_.pop_back();
    }
    if (entry.operand.kind == Operand::Kind::kLocal) {
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
    switch (operand.kind) {
        case Operand::Kind::kLocal:
            return static_cast<std::uint16_t>(operand.local);
        case Operand::Kind::kConst:
            emitter_.constant(slot(operand.height), operand.value);
            break;
        case Operand::Kind::kSlot:
            break;
    }
    return slot(operand.height);
}

void Operands::move_to(std::uint16_t slot, const Operand& operand) {
    if (operand.is_const()) {
        emitter_.constant(slot, operand.value);
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
    if (operand.kind == Operand::Kind::kLocal) {
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
