#include <vm/translate/emitter.hpp>

#include <core/check.hpp>

namespace polis::vm {

namespace {

/// In `dst` of what stands behind a kWide: no slot has this number.
constexpr std::uint16_t kNoSlot = UINT16_MAX;

/// Whether an instruction puts its result into `dst`.
bool has_result(Code code) {
    switch (code) {
        case Code::kCopy:
        case Code::kConst:
        case Code::kSelect:
        case Code::kSelectFirst:
        case Code::kSelectSecond:
        case Code::kSelectBoth:
        case Code::kGlobalGet:
        case Code::kMemorySize:
        case Code::kMemoryGrow:
        case Code::kI32Clz:
        case Code::kI32Ctz:
        case Code::kI32Popcnt:
        case Code::kI64Clz:
        case Code::kI64Ctz:
        case Code::kI64Popcnt:
        case Code::kWrap:
        case Code::kExtend32S:
        case Code::kI32MulAdd:
        case Code::kI64MulAdd:
        case Code::kLea:
        case Code::kLeaIndex:
            return true;
        default:
            return (code >= Code::kBinary && code < Code::kBranch) ||
                   (code >= Code::kSelectIf && code < Code::kCompareBranch) ||
                   (code >= Code::kLoad && code < Code::kStore);
    }
}

}  // namespace

void Emitter::begin_function() {
    POLIS_ASSERT(open_.empty());
    barrier_ = here();
}

void Emitter::position() {
    if (!open_.empty() && open_.back().instruction == here()) {
        if (open_.back().paid == paid_) {
            return;
        }
        emit(Code::kNop);  // two runs of different cost need two instructions to begin at
    }
    open_.push_back({.instruction = here(), .paid = paid_});
    barrier_ = here();
}

void Emitter::end_runs() {
    for (const Position& position : open_) {
        code_[position.instruction].gas = static_cast<std::uint32_t>(paid_ - position.paid);
    }
    open_.clear();
}

Instruction& Emitter::emit(Code code) {
    Instruction& out = code_.emplace_back();
    out.code = static_cast<std::uint64_t>(code);
    return out;
}

void Emitter::copy(std::uint16_t dst, std::uint16_t from) {
    if (last() != nullptr && code_in(*last()) == Code::kCopy) {
        Instruction& both = code_.back();
        both.code = static_cast<std::uint64_t>(Code::kCopyTwo);
        both.b = dst;
        both.c = from;
        return;
    }
    Instruction& out = emit(Code::kCopy);
    out.dst = dst;
    out.a = from;
}

void Emitter::wide(Binary op, std::uint16_t dst, std::uint16_t a, std::uint64_t value) {
    Instruction& out = emit(wide_code(op));
    out.dst = dst;
    out.a = a;
    Instruction& data = code_.emplace_back();
    data.code = value;
    data.dst = kNoSlot;
}

void Emitter::constant(std::uint16_t dst, std::uint64_t value) {
    Instruction& out = emit(Code::kConst);
    out.dst = dst;
    out.imm = static_cast<std::int32_t>(value);
    out.set_jump(static_cast<std::int32_t>(value >> 32));
}

void Emitter::link(std::uint32_t instruction, Chain& chain) {
    code_[instruction].set_jump(chain);
    chain = static_cast<Chain>(instruction);
}

void Emitter::resolve(Chain chain) {
    while (chain != kNoChain) {
        const auto instruction = static_cast<std::uint32_t>(chain);
        chain = code_[instruction].jump();
        set_target(instruction, here());
    }
}

void Emitter::set_target(std::uint32_t instruction, std::uint32_t target) {
    const std::int64_t distance = std::int64_t{target} - std::int64_t{instruction};
    code_[instruction].set_jump(
        static_cast<std::int32_t>(distance * static_cast<std::int64_t>(sizeof(Instruction))));
}

const Instruction* Emitter::last() const {
    return here() > barrier_ && code_.back().dst != kNoSlot ? &code_.back() : nullptr;
}

const Instruction* Emitter::before_last() const {
    if (here() < barrier_ + 2 || code_[here() - 2].dst == kNoSlot) {
        return nullptr;
    }
    return &code_[here() - 2];
}

Instruction* Emitter::producer_of(std::uint16_t slot) {
    if (here() <= barrier_) {
        return nullptr;
    }
    Instruction& last = code_.back();
    if (last.dst == kNoSlot) {
        Instruction& wide = code_[here() - 2];
        return wide.dst == slot ? &wide : nullptr;
    }
    return has_result(code_in(last)) && last.dst == slot ? &last : nullptr;
}

std::optional<BinaryForm> binary_form(Code code) {
    if (code < Code::kBinary || code >= Code::kWide) {
        return std::nullopt;
    }
    const std::size_t index =
        static_cast<std::size_t>(code) - static_cast<std::size_t>(Code::kBinary);
    return BinaryForm{
        .op = static_cast<Binary>(index / 4), .wide = (index & 2) != 0, .imm = (index & 1) != 0};
}

}  // namespace polis::vm
