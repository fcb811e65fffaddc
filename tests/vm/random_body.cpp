#include <tests/vm/random_body.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace polis::vm::tests {

namespace {

constexpr std::size_t kValuesMax = 24;

constexpr std::array<std::int64_t, 18> kEdges{
    0,
    1,
    -1,
    2,
    7,
    8,
    31,
    32,
    33,
    63,
    64,
    255,
    0x7fff,
    0xffff,
    std::numeric_limits<std::int32_t>::min(),
    std::numeric_limits<std::int32_t>::max(),
    std::numeric_limits<std::int64_t>::min(),
    std::numeric_limits<std::int64_t>::max()};

std::uint8_t opcode(std::uint64_t first, std::uint64_t index) {
    return static_cast<std::uint8_t>(first + index);
}

}  // namespace

BodyMaker::BodyMaker(Decisions& decisions, const ModuleShape& shape, std::uint32_t function)
    : decisions_(decisions),
      shape_(shape),
      function_(function),
      type_(shape.types[shape.functions[function]]) {
    choose_locals();
    blocks_.push_back({.kind = Kind::kFunction, .result = type_.result});
}

void BodyMaker::choose_locals() {
    locals_ = type_.params;
    const std::uint64_t groups = decisions_.below(4);
    for (std::uint64_t i = 0; i < groups; ++i) {
        const bool many = decisions_.chance(1, 12);
        const auto count = static_cast<std::uint32_t>(decisions_.below(many ? 120 : 4));
        const ValueType type = some_type();
        groups_.push_back({count, type});
        locals_.insert(locals_.end(), count, type);
    }
    counters_begin_ = static_cast<std::uint32_t>(locals_.size());
    groups_.push_back({kCounters, kI32});
}

void BodyMaker::make(std::size_t instructions) {
    const std::size_t bytes_max = instructions * 16;
    for (std::size_t i = 0; i < instructions && code_.bytes().size() < bytes_max; ++i) {
        step();
    }
    while (blocks_.size() > 1) {
        close();
    }
    settle(type_.result);
}

void BodyMaker::step() {
    switch (decisions_.below(20)) {
        case 0:
        case 1:
            return produce(some_type());
        case 2:
        case 3:
        case 4:
            return binary();
        case 5:
            return decisions_.chance(1, 2) ? unary() : conversion();
        case 6:
        case 7:
            return comparison();
        case 8:
            return load();
        case 9:
            return store();
        case 10:
        case 11:
            return local();
        case 12:
            return local_read_then_written();
        case 13:
            return global();
        case 14:
            return parametric();
        case 15:
            return decisions_.chance(1, 3) ? call() : expression();
        default:
            return control_step();
    }
}

void BodyMaker::control_step() {
    switch (decisions_.below(16)) {
        case 0:
        case 1:
        case 2:
            return open();
        case 3:
            return open_counted_loop();
        case 4:
        case 5:
            return close();
        case 6:
        case 7:
            return start_else();
        case 8:
        case 9:
            return branch_if();
        case 10:
            return decisions_.chance(1, 2) ? branch() : branch_if();
        case 11:
            return branch_table();
        case 12:
            return call_indirect();
        case 13:
            return memory_size_or_grow();
        case 14:
            if (decisions_.chance(1, 12)) {
                return nest_deeply();
            }
            code_.op(op::kNop);
            return;
        default:
            if (decisions_.chance(1, 6)) {
                code_.op(op::kUnreachable);
                return die();
            }
            return binary();
    }
}

// ---- operands -----------------------------------------------------------------------------------

ValueType BodyMaker::some_type() { return decisions_.chance(2, 5) ? kI64 : kI32; }

void BodyMaker::constant(ValueType type) {
    std::int64_t value = decisions_.pick(kEdges);
    if (decisions_.chance(1, 4)) {
        value =
            static_cast<std::int64_t>(decisions_.below(std::numeric_limits<std::uint64_t>::max()));
    }
    if (type == kI32) {
        code_.i32(static_cast<std::int32_t>(static_cast<std::uint64_t>(value)));
    } else {
        code_.i64(value);
    }
}

void BodyMaker::produce(ValueType type) {
    const auto any_of = [&](std::size_t count, const auto& has_type) {
        std::vector<std::uint32_t> found;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (has_type(i)) {
                found.push_back(i);
            }
        }
        return found;
    };
    const std::uint64_t how = decisions_.below(8);
    const auto locals = any_of(locals_.size(), [&](std::size_t i) { return locals_[i] == type; });
    const auto globals = any_of(
        shape_.globals.size(), [&](std::size_t i) { return shape_.globals[i].type == type; });
    if (how >= 3 && !locals.empty()) {
        code_.get(decisions_.pick(locals));
    } else if (how == 2 && !globals.empty()) {
        code_.global_get(decisions_.pick(globals));
    } else {
        constant(type);
    }
    push(type);
}

/// Sees to it that these are the topmost operands, the last one on top: takes what is there already
/// and produces the rest. In dead code operands may also be missing.
void BodyMaker::need(std::span<const ValueType> types) {
    const std::size_t there = std::min(values(), types.size());
    const auto ends_with = [&](std::span<const ValueType> wanted) {
        return std::ranges::equal(std::span(stack_).last(wanted.size()), wanted);
    };
    if (block().is_dead && values() < types.size() && ends_with(types.last(there)) &&
        decisions_.chance(1, 2)) {
        stack_.insert(
            stack_.begin() + static_cast<std::ptrdiff_t>(block().height),
            types.begin(),
            types.end() - static_cast<std::ptrdiff_t>(there));
        return;  // the polymorphic operands below have whatever type is needed
    }
    std::size_t usable = there;
    while (usable > 0 && !ends_with(types.first(usable))) {
        --usable;
    }
    for (const ValueType type : types.subspan(usable)) {
        produce(type);
    }
}

void BodyMaker::pop(std::size_t count) { stack_.resize(stack_.size() - count); }

void BodyMaker::push(std::optional<ValueType> type) {
    if (type) {
        stack_.push_back(*type);
    }
}

/// Leaves exactly what the end of a block needs.
void BodyMaker::settle(std::optional<ValueType> result) {
    const auto fits = [&] { return result && values() > 0 && stack_.back() == *result; };
    if (fits() && values() > 1 && !locals_.empty() && locals_.front() == *result) {
        code_.set(0);
        pop(1);
        while (values() > 0) {
            code_.op(op::kDrop);
            pop(1);
        }
        code_.get(0);
        return push(result);
    }
    while (values() > 1 || (values() == 1 && !fits())) {
        code_.op(op::kDrop);
        pop(1);
    }
    if (result && values() == 0 && (!block().is_dead || decisions_.chance(1, 2))) {
        produce(*result);
    }
}

void BodyMaker::die() {
    stack_.resize(block().height);
    block().is_dead = true;
}

/// An i32 on top that mostly lies within the memory: as it comes, masked, or a sum.
void BodyMaker::address() {
    constexpr std::array<std::int32_t, 4> kMasks{0xff, 0xfff8, 0x7fff, 0xffff};
    constexpr std::int32_t kPart = 0x3fff;
    need({kI32});
    if (decisions_.chance(1, 24)) {
        return;
    }
    if (decisions_.chance(2, 3)) {
        code_.i32(decisions_.pick(kMasks)).op(op::kI32And);
        return;
    }
    code_.i32(kPart).op(op::kI32And);
    if (decisions_.chance(1, 3)) {
        code_.memory_size();
    } else {
        produce(kI32);
        pop(1);
        code_.i32(kPart).op(op::kI32And);
    }
    code_.op(op::kI32Add);
}

// ---- instructions -------------------------------------------------------------------------------

void BodyMaker::binary() {
    const ValueType type = some_type();
    need({type, type});
    const std::uint64_t first = type == kI32 ? op::kI32Add : op::kI64Add;
    const std::uint64_t which = decisions_.below(15);
    const bool divides = which >= 3 && which <= 6;
    if (divides && decisions_.chance(1, 12)) {  // the smallest number by -1
        pop(2);
        code_.op(op::kDrop).op(op::kDrop);
        if (type == kI32) {
            code_.i32(std::numeric_limits<std::int32_t>::min()).i32(-1);
        } else {
            code_.i64(std::numeric_limits<std::int64_t>::min()).i64(-1);
        }
        stack_.insert(stack_.end(), 2, type);
    } else if (divides && !decisions_.chance(1, 8)) {  // a divisor that is not 0
        if (type == kI32) {
            code_.i32(1).op(op::kI32Or);
        } else {
            code_.i64(1).op(op::kI64Or);
        }
    }
    code_.op(opcode(first, which));
    pop(2);
    push(type);
}

void BodyMaker::unary() {
    const ValueType type = some_type();
    need({type});
    const std::uint64_t which = decisions_.below(4);
    if (which == 3) {
        code_.op(type == kI32 ? op::kI32Eqz : op::kI64Eqz);
        pop(1);
        return push(kI32);
    }
    code_.op(opcode(type == kI32 ? 0x67 : 0x79, which));
}

void BodyMaker::comparison() {
    const ValueType type = some_type();
    need({type, type});
    code_.op(opcode(type == kI32 ? 0x46 : 0x51, decisions_.below(10)));
    pop(2);
    push(kI32);
    if (decisions_.chance(1, 3)) {
        branch_if();
    }
}

void BodyMaker::conversion() {
    if (decisions_.chance(1, 2)) {
        need({kI64});
        code_.op(op::kI32WrapI64);
        pop(1);
        return push(kI32);
    }
    need({kI32});
    code_.op(decisions_.chance(1, 2) ? op::kI64ExtendI32S : op::kI64ExtendI32U);
    pop(1);
    push(kI64);
}

void BodyMaker::load() {
    if (!shape_.has_memory) {
        return conversion();
    }
    constexpr std::array<std::uint8_t, 12> kLoads{
        0x28, 0x29, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35};
    const std::uint8_t which = decisions_.pick(kLoads);
    address();
    const bool far = decisions_.chance(1, 40);
    code_.memory(which, far ? 0xffff'fff0U : static_cast<std::uint32_t>(decisions_.below(40)));
    pop(1);
    push(which == 0x29 || which >= 0x30 ? kI64 : kI32);
}

void BodyMaker::store() {
    if (!shape_.has_memory) {
        return parametric();
    }
    constexpr std::array<std::uint8_t, 7> kStores{0x36, 0x37, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e};
    const std::uint8_t which = decisions_.pick(kStores);
    address();
    produce(which == 0x37 || which >= 0x3c ? kI64 : kI32);
    code_.memory(which, static_cast<std::uint32_t>(decisions_.below(40)));
    pop(2);
}

void BodyMaker::local() {
    if (locals_.empty()) {
        return binary();
    }
    const auto index = static_cast<std::uint32_t>(decisions_.below(locals_.size()));
    need({locals_[index]});
    if (decisions_.chance(1, 3)) {
        code_.tee(index);
        return;
    }
    code_.set(index);
    pop(1);
}

/// The value that was read before must outlive the write.
void BodyMaker::local_read_then_written() {
    if (locals_.empty() || values() >= kValuesMax) {
        return parametric();
    }
    const auto index = static_cast<std::uint32_t>(decisions_.below(locals_.size()));
    const ValueType type = locals_[index];
    code_.get(index).get(index);
    constant(type);
    code_.op(type == kI32 ? op::kI32Add : op::kI64Add).set(index);
    push(type);
}

void BodyMaker::global() {
    std::vector<std::uint32_t> writable;
    for (std::uint32_t i = 0; i < shape_.globals.size(); ++i) {
        if (shape_.globals[i].is_mutable) {
            writable.push_back(i);
        }
    }
    if (writable.empty()) {
        return binary();
    }
    const std::uint32_t index = decisions_.pick(writable);
    need({shape_.globals[index].type});
    code_.global_set(index);
    pop(1);
}

void BodyMaker::parametric() {
    if (decisions_.chance(1, 2)) {
        const ValueType type = some_type();
        need({type, type, kI32});
        code_.op(op::kSelect);
        pop(3);
        return push(type);
    }
    if (values() > 0) {
        code_.op(op::kDrop);
        pop(1);
    }
}

/// What compilers write: a tree of operators over locals and small constants, whose result goes
/// where results go. This is what engines make one instruction of.
void BodyMaker::expression() {
    constexpr std::uint64_t kDepthMax = 4;
    const ValueType type = some_type();
    const std::uint64_t use = decisions_.below(8);
    if (use == 0 && shape_.has_memory) {
        tree(kI32, kDepthMax);
        code_.i32(0x7fff).op(op::kI32And);
        tree(type, kDepthMax);
        code_.memory(type == kI64 ? op::kI64Store : op::kI32Store8, 3);
        return;
    }
    if (use == 1) {
        tree(kI32, kDepthMax);
        push(kI32);
        return branch_if();
    }
    if (use == 2) {
        tree(type, 1);
        tree(type, 2);
        tree(kI32, kDepthMax);
        code_.op(op::kSelect);
        return push(type);
    }
    tree(type, kDepthMax);
    push(type);
    for (std::uint32_t i = 0; i < locals_.size() && use < 6; ++i) {
        if (locals_[i] == type && decisions_.chance(1, 2)) {
            if (use == 5) {
                code_.tee(i);
                return;
            }
            code_.set(i);
            return pop(1);
        }
    }
}

void BodyMaker::leaf(ValueType type) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < locals_.size(); ++i) {
        if (locals_[i] == type) {
            found.push_back(i);
        }
    }
    if (!found.empty() && decisions_.chance(3, 5)) {
        code_.get(decisions_.pick(found));
    } else if (decisions_.chance(1, 4)) {
        constant(type);
    } else if (type == kI32) {
        code_.i32(static_cast<std::int32_t>(decisions_.below(70)) - 2);
    } else {
        code_.i64(static_cast<std::int64_t>(decisions_.below(70)) - 2);
    }
}

/// Leaves one value, which the caller accounts for.
void BodyMaker::tree(ValueType type, std::uint64_t depth) {
    if (depth == 0 || decisions_.chance(1, 5)) {
        return leaf(type);
    }
    const std::uint64_t kind = decisions_.below(16);
    if (kind == 0) {
        tree(type == kI32 ? kI64 : kI32, depth - 1);
        const auto extend = decisions_.chance(1, 2) ? op::kI64ExtendI32S : op::kI64ExtendI32U;
        code_.op(type == kI32 ? op::kI32WrapI64 : extend);
        return;
    }
    if (kind <= 2 && type == kI32) {
        const ValueType compared = some_type();
        tree(compared, depth - 1);
        if (decisions_.chance(1, 3)) {
            code_.op(compared == kI32 ? op::kI32Eqz : op::kI64Eqz);
            return;
        }
        tree(compared, depth - 1);
        code_.op(opcode(compared == kI32 ? 0x46 : 0x51, decisions_.below(10)));
        return;
    }
    // Mostly what needs no care: add, sub, mul, and, or, xor, shifts, rotations.
    constexpr std::array<std::uint8_t, 14> kOperators{
        0, 0, 0, 1, 2, 7, 8, 9, 10, 10, 11, 12, 13, 14};
    tree(type, depth - 1);
    tree(type, depth - 1);
    code_.op(opcode(type == kI32 ? op::kI32Add : op::kI64Add, decisions_.pick(kOperators)));
}

void BodyMaker::memory_size_or_grow() {
    if (!shape_.has_memory) {
        return unary();
    }
    if (decisions_.chance(1, 2)) {
        code_.memory_size();
        return push(kI32);
    }
    if (decisions_.chance(1, 2)) {
        need({kI32});
        pop(1);
    } else {
        code_.i32(static_cast<std::int32_t>(decisions_.below(3)));
    }
    code_.memory_grow();
    push(kI32);
}

/// Mostly of imported and of later functions: these calls end.
void BodyMaker::call() {
    const std::uint64_t count = shape_.functions.size();
    auto callee = static_cast<std::uint32_t>(decisions_.below(count));
    const bool goes_back = callee >= shape_.imported && callee <= function_;
    if (goes_back && !decisions_.chance(1, 10)) {
        if (function_ + 1 == count) {
            return comparison();
        }
        callee = static_cast<std::uint32_t>(decisions_.between(function_ + 1, count - 1));
    }
    const FuncType& type = shape_.types[shape_.functions[callee]];
    need(type.params);
    code_.call(callee);
    pop(type.params.size());
    push(type.result);
}

void BodyMaker::call_indirect() {
    if (shape_.table_size == 0) {
        return local();
    }
    const auto index = static_cast<std::uint32_t>(decisions_.below(shape_.types.size()));
    const FuncType& type = shape_.types[index];
    need(type.params);
    code_.i32(static_cast<std::int32_t>(
        decisions_.below(shape_.table_size + (decisions_.chance(1, 8) ? 2 : 0))));
    code_.call_indirect(index);
    pop(type.params.size());
    push(type.result);
}

}  // namespace polis::vm::tests
