// Moves, choices between slots, globals, jumps and calls.
#include <bit>

#include <vm/external_call.hpp>
#include <vm/handlers/state.hpp>
#include <vm/handlers/tables.hpp>

namespace polis::vm::handlers {

namespace {

void nop(POLIS_VM_STATE) { POLIS_VM_GO(pc + 1); }

void halt(POLIS_VM_STATE) { context->gas = gas; }

void trap(POLIS_VM_STATE) { stop(context, gas, static_cast<Trap>(pc->imm)); }

void copy(POLIS_VM_STATE) {
    slots[pc->dst] = slots[pc->a];
    POLIS_VM_GO(pc + 1);
}

void copy_two(POLIS_VM_STATE) {
    slots[pc->dst] = slots[pc->a];
    slots[pc->b] = slots[pc->c];
    POLIS_VM_GO(pc + 1);
}

void constant(POLIS_VM_STATE) {
    slots[pc->dst] = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(pc->jump())) << 32) |
                     static_cast<std::uint32_t>(pc->imm);
    POLIS_VM_GO(pc + 1);
}

/// A constant operand: the sign fills the high half.

template <bool first_imm, bool second_imm>
void select(POLIS_VM_STATE) {
    const std::uint64_t first = first_imm ? extended(pc->imm) : slots[pc->a];
    std::uint64_t second = 0;
    if constexpr (second_imm) {
        second = first_imm ? extended(pc->b) : extended(pc->imm);
    } else {
        second = slots[pc->b];
    }
    slots[pc->dst] = slots[pc->c] != 0 ? first : second;
    POLIS_VM_GO(pc + 1);
}

void global_get(POLIS_VM_STATE) {
    slots[pc->dst] = *context->globals[pc->imm];
    POLIS_VM_GO(pc + 1);
}

void global_set(POLIS_VM_STATE) {
    *context->globals[pc->imm] = slots[pc->a];
    POLIS_VM_GO(pc + 1);
}

void memory_size(POLIS_VM_STATE) {
    slots[pc->dst] = memory_bytes / kPageBytes;
    POLIS_VM_GO(pc + 1);
}

void memory_grow(POLIS_VM_STATE) {
    const auto pages = static_cast<std::uint32_t>(slots[pc->a]);
    gas -= static_cast<std::int64_t>(pages) * context->instance->program().gas().grow_page;
    if (gas < 0) {
        return stop(context, gas, Trap::kOutOfGas);
    }
    Memory& own = *context->instance->memory();
    const auto before = own.grow(pages);
    slots[pc->dst] = before ? *before : UINT32_MAX;
    memory_bytes = own.size();
    POLIS_VM_GO(pc + 1);
}

template <bool base>
void lea(POLIS_VM_STATE) {
    const std::uint64_t sum = (slots[pc->b] << (pc->c & 31)) + extended(pc->imm);
    slots[pc->dst] = static_cast<std::uint32_t>(base ? slots[pc->a] + sum : sum);
    POLIS_VM_GO(pc + 1);
}

template <bool wide>
void multiply_add(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const auto a = static_cast<Unsigned>(slots[pc->a]);
    const auto b = static_cast<Unsigned>(slots[pc->b]);
    slots[pc->dst] = static_cast<Unsigned>(a * b + static_cast<Unsigned>(slots[pc->c]));
    POLIS_VM_GO(pc + 1);
}

template <Code code>
constexpr std::uint64_t unary_of(std::uint64_t wide) {
    const auto narrow = static_cast<std::uint32_t>(wide);
    switch (code) {
        case Code::kI32Clz:
            return static_cast<std::uint32_t>(std::countl_zero(narrow));
        case Code::kI32Ctz:
            return static_cast<std::uint32_t>(std::countr_zero(narrow));
        case Code::kI32Popcnt:
            return static_cast<std::uint32_t>(std::popcount(narrow));
        case Code::kI64Clz:
            return static_cast<std::uint32_t>(std::countl_zero(wide));
        case Code::kI64Ctz:
            return static_cast<std::uint32_t>(std::countr_zero(wide));
        case Code::kI64Popcnt:
            return static_cast<std::uint32_t>(std::popcount(wide));
        case Code::kExtend32S:
            return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(narrow)});
        default:
            return narrow;
    }
}

template <Code code>
void unary(POLIS_VM_STATE) {
    slots[pc->dst] = unary_of<code>(slots[pc->a]);
    POLIS_VM_GO(pc + 1);
}

void br(POLIS_VM_STATE) { POLIS_VM_ENTER(target(pc)); }

const Instruction* table_entry(const Instruction* pc, const std::uint64_t* slots) {
    const auto last = static_cast<std::uint32_t>(pc->imm) - 1;
    const auto wanted = static_cast<std::uint32_t>(slots[pc->a]);
    return pc + 1 + (wanted < last ? wanted : last);
}

void br_table(POLIS_VM_STATE) { POLIS_VM_ENTER(target(table_entry(pc, slots))); }

void br_table_value(POLIS_VM_STATE) {
    const Instruction* const entry = table_entry(pc, slots);
    slots[entry->dst] = slots[pc->b];
    POLIS_VM_ENTER(target(entry));
}

void return_to_caller(POLIS_VM_STATE) {
    const Frame& frame = *--context->frame;
    if (context->observer != nullptr) [[unlikely]] {
        observe_return(*context, *frame.callee, gas);
    }
    context->slots_left += frame.callee->frame_slots;
    slots = frame.slots;
    pc = frame.pc;
    POLIS_VM_GO(pc);
}

void return_value(POLIS_VM_STATE) {
    slots[0] = slots[pc->a];
    POLIS_VM_TAIL return return_to_caller(pc, slots, memory, memory_bytes, gas, context);
}

/// Begins a function whose frame lies at pc->a.
[[gnu::always_inline]] inline void enter_function(POLIS_VM_STATE, const CompiledFunction& callee) {
    if (context->observer != nullptr) [[unlikely]] {
        observe_call(*context, callee, gas);
    }
    if (context->frame == context->frames_end || callee.frame_slots > context->slots_left)
        [[unlikely]] {
        return stop(context, gas, Trap::kStackExhausted);
    }
    gas -= callee.entry_gas;
    if (gas < 0) [[unlikely]] {
        return stop(context, gas, Trap::kOutOfGas);
    }
    *context->frame++ = {.pc = pc + 1, .slots = slots, .callee = &callee};
    context->slots_left -= callee.frame_slots;
    slots += pc->a;
    for (std::uint32_t i = 0; i < callee.zeroed_locals; ++i) {
        slots[callee.parameters + i] = 0;
    }
    pc = callee.first;
    return pc->handler(pc, slots, memory, memory_bytes, gas, context);
}

void call(POLIS_VM_STATE) {
    return enter_function(
        pc, slots, memory, memory_bytes, gas, context, context->functions[pc->imm]);
}

/// After a call that may have changed anything but the slots.
void go_on_after_call(POLIS_VM_STATE) {
    if (context->trap) [[unlikely]] {
        return;
    }
    memory_bytes = context->memory == nullptr ? 0 : context->memory->size();
    gas = context->gas;
    POLIS_VM_GO(pc + 1);
}

void call_host(POLIS_VM_STATE) {
    context->gas = gas;
    call_imported(*context, static_cast<std::uint32_t>(pc->imm), slots + pc->a);
    POLIS_VM_TAIL return go_on_after_call(pc, slots, memory, memory_bytes, gas, context);
}

void call_indirect(POLIS_VM_STATE) {
    context->gas = gas;
    const CompiledFunction* const callee = resolve_element(*context, *pc, slots);
    if (callee == nullptr) {
        POLIS_VM_TAIL return go_on_after_call(pc, slots, memory, memory_bytes, gas, context);
    }
    return enter_function(pc, slots, memory, memory_bytes, gas, context, *callee);
}

}  // namespace

const std::array<Handler, kPlainCount> kPlainHandlers{
    &nop,
    &halt,
    &trap,
    &copy,
    &copy_two,
    &constant,
    &select<false, false>,
    &select<true, false>,
    &select<false, true>,
    &select<true, true>,
    &global_get,
    &global_set,
    &memory_size,
    &memory_grow,
    &br,
    &br_table,
    &br_table_value,
    &return_to_caller,
    &return_value,
    &call,
    &call_host,
    &call_indirect,
    &unary<Code::kI32Clz>,
    &unary<Code::kI32Ctz>,
    &unary<Code::kI32Popcnt>,
    &unary<Code::kI64Clz>,
    &unary<Code::kI64Ctz>,
    &unary<Code::kI64Popcnt>,
    &unary<Code::kWrap>,
    &unary<Code::kExtend32S>,
    &multiply_add<false>,
    &multiply_add<true>,
    &lea<true>,
    &lea<false>,
};

}  // namespace polis::vm::handlers
