// Loads and stores of random bodies.
#include <array>

#include <tests/vm/random_body.hpp>

namespace polis::vm::tests {

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

/// Puts an address into a local that is for nothing else: anywhere, or where the memory may end.
std::uint32_t BodyMaker::pointer() {
    const std::uint32_t local =
        counters_begin_ + kCounters + static_cast<std::uint32_t>(decisions_.below(kPointers));
    if (decisions_.chance(1, 3)) {
        code_.i32(65'524 + static_cast<std::int32_t>(decisions_.below(14)));
    } else {
        leaf(kI32);
        code_.i32(0x7fff).op(op::kI32And);
    }
    code_.set(local);
    return local;
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

/// What copies and counts: a load and a store of as many bytes, both through locals.
void BodyMaker::load_and_store() {
    if (!shape_.has_memory) {
        return binary();
    }

    constexpr std::array<Width, 5> kWidths{
        {{0x2d, 0x3a, kI32},
         {0x2f, 0x3b, kI32},
         {0x28, 0x36, kI32},
         {0x29, 0x37, kI64},
         {0x35, 0x3e, kI64}}};
    const Width width = decisions_.pick(kWidths);
    if (decisions_.chance(1, 3)) {
        return count(width);
    }
    const std::uint32_t to = pointer();
    const std::uint32_t from = decisions_.chance(1, 2) ? to : pointer();
    const auto offset = static_cast<std::uint32_t>(decisions_.below(4));
    const auto plus = [&] {
        if (decisions_.chance(1, 3)) {
            code_.i32(static_cast<std::int32_t>(decisions_.below(5)) - 1).op(op::kI32Add);
        }
    };
    code_.get(to);
    plus();
    code_.get(from);
    plus();
    code_.memory(width.load, offset);
    if (decisions_.chance(1, 2)) {
        leaf(width.type);
        code_.op(width.type == kI32 ? op::kI32Add : op::kI64Add);
    }
    code_.memory(width.store, decisions_.chance(3, 4) ? offset : 0);
}

/// A step of a histogram: the address of an element goes to a local, and the element goes up.
void BodyMaker::count(const Width& width) {
    const std::uint32_t element = pointer();
    const std::uint32_t index = pointer();
    leaf(kI32);
    code_.i32(3).op(op::kI32And).set(index);
    if (decisions_.chance(2, 3)) {
        code_.get(element);
    } else {
        code_.i32(65'500);
    }
    code_.get(index).i32(static_cast<std::int32_t>(decisions_.below(4))).op(op::kI32Shl);
    code_.op(op::kI32Add);
    if (decisions_.chance(2, 3)) {
        code_.i32(static_cast<std::int32_t>(decisions_.below(20))).op(op::kI32Add);
    }
    code_.tee(element).get(element).memory(width.load);
    const std::int32_t by = decisions_.chance(3, 4) ? 1 : 2;
    if (width.type == kI32) {
        code_.i32(by).op(op::kI32Add);
    } else {
        code_.i64(by).op(op::kI64Add);
    }
    code_.memory(width.store);
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

}  // namespace polis::vm::tests
