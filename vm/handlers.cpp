// The fast engine: one small function an instruction of the register code. Each ends in a jump to
// the next handler, with the engine's state in the six registers of a call. Compilers turn that
// call into a jump: clang by [[clang::musttail]], GCC because this file is always optimised
// (vm/CMakeLists.txt) and no handler lets the address of a local escape.
// `Interpreter.millions_of_instructions_need_no_stack` would overflow otherwise.
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <vm/arithmetic.hpp>
#include <vm/context.hpp>
#include <vm/external_call.hpp>

namespace polis::vm {

namespace {

#if defined(__clang__)
#define POLIS_VM_TAIL [[clang::musttail]]
#else
#define POLIS_VM_TAIL
#endif

#define POLIS_VM_STATE                                                                      \
    [[maybe_unused]] const Instruction *pc, [[maybe_unused]] std::uint64_t *slots,          \
        [[maybe_unused]] std::uint8_t *memory, [[maybe_unused]] std::uint64_t memory_bytes, \
        [[maybe_unused]] std::int64_t gas, [[maybe_unused]] Context *context

/// Goes on at `next`, within the run that was paid.
#define POLIS_VM_GO(next) \
    POLIS_VM_TAIL return (next)->handler(next, slots, memory, memory_bytes, gas, context)

/// Goes on at `next` after paying the run that begins there.
#define POLIS_VM_ENTER(next)                            \
    do {                                                \
        gas -= (next)->gas;                             \
        if (gas < 0) [[unlikely]] {                     \
            return stop(context, gas, Trap::kOutOfGas); \
        }                                               \
        POLIS_VM_GO(next);                              \
    } while (false)

void stop(Context* context, std::int64_t gas, Trap trap) {
    context->trap = trap;
    context->gas = trap == Trap::kOutOfGas ? 0 : gas;
}

const Instruction* target(const Instruction* pc) {
    return reinterpret_cast<const Instruction*>(reinterpret_cast<const char*>(pc) + pc->jump());
}

template <bool wide>
using Number = std::conditional_t<wide, std::uint64_t, std::uint32_t>;

template <std::size_t bytes>
using Bytes = std::conditional_t<
    bytes == 1,
    std::uint8_t,
    std::conditional_t<bytes == 2, std::uint16_t, Number<bytes == 8>>>;

// ---- moves ---------------------------------------------------------------------------

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
std::uint64_t extended(std::int32_t value) { return static_cast<std::uint64_t>(std::int64_t{value}); }

std::uint64_t extended(std::uint16_t value) { return extended(std::int32_t{static_cast<std::int16_t>(value)}); }

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

template <Binary op, bool wide, bool first_imm>
void select_if(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const bool holds =
        compare<op>(static_cast<Unsigned>(slots[pc->a]), static_cast<Unsigned>(slots[pc->b]));
    const std::uint64_t first = first_imm ? extended(pc->c) : slots[pc->c];
    const std::uint64_t second = slots[pc->imm];
    slots[pc->dst] = holds ? first : second;
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

// ---- memory --------------------------------------------------------------------------

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

template <Load load>
std::uint64_t loaded(const std::uint8_t* from) {
    const auto read = [from](auto value) {
        std::memcpy(&value, from, sizeof value);
        return value;
    };
    if constexpr (load == Load::kU8) {
        return read(std::uint8_t{});
    } else if constexpr (load == Load::kU16) {
        return read(std::uint16_t{});
    } else if constexpr (load == Load::kU32) {
        return read(std::uint32_t{});
    } else if constexpr (load == Load::kU64) {
        return read(std::uint64_t{});
    } else if constexpr (load == Load::kS8To32) {
        const auto value = static_cast<std::uint32_t>(read(std::int8_t{}));
        return value;
    } else if constexpr (load == Load::kS16To32) {
        const auto value = static_cast<std::uint32_t>(read(std::int16_t{}));
        return value;
    } else if constexpr (load == Load::kS8To64) {
        return static_cast<std::uint64_t>(read(std::int8_t{}));
    } else if constexpr (load == Load::kS16To64) {
        return static_cast<std::uint64_t>(read(std::int16_t{}));
    } else {
        return static_cast<std::uint64_t>(read(std::int32_t{}));
    }
}

constexpr std::uint64_t bytes_of(Load load) {
    constexpr std::array<std::uint8_t, kLoads> kBytes{1, 2, 4, 8, 1, 2, 1, 2, 4};
    return kBytes[static_cast<std::size_t>(load)];
}

/// The address in 64 bits: what a contract adds wraps at 32, what the instruction adds never does.
template <Address address>
std::uint64_t address_of(const Instruction* pc, const std::uint64_t* slots, std::uint16_t index) {
    const auto imm = static_cast<std::uint32_t>(pc->imm);
    switch (address) {
        case Address::kSlot: return slots[pc->a] + imm;
        case Address::kSum: return std::uint64_t{static_cast<std::uint32_t>(slots[pc->a] + slots[index])} + imm;
        case Address::kScaled:
            return std::uint64_t{static_cast<std::uint32_t>(
                       slots[pc->a] + (slots[index] << (pc->c & 31)))} +
                   imm;
        case Address::kDisplaced:
            return std::uint64_t{static_cast<std::uint32_t>(slots[pc->a] + imm)} + pc->c;
        case Address::kAbsolute: return imm;
        case Address::kLea:
            return static_cast<std::uint32_t>(slots[pc->a] + (slots[index] << (pc->c & 31)) + imm);
        case Address::kLeaIndex:
            return static_cast<std::uint32_t>((slots[index] << (pc->c & 31)) + imm);
    }
    return 0;
}

template <Load load, Address address>
void load_from(POLIS_VM_STATE) {
    const std::uint64_t begin = address_of<address>(pc, slots, pc->b);
    if (begin + bytes_of(load) > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    slots[pc->dst] = loaded<load>(memory + begin);
    POLIS_VM_GO(pc + 1);
}

template <std::size_t bytes_log2, Address address, bool constant>
void store_to(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t begin = address_of<address>(pc, slots, pc->dst);
    if (begin + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    const std::uint64_t value = constant ? extended(pc->b) : slots[pc->b];
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(memory + begin, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

// ---- arithmetic ----------------------------------------------------------------------

/// A load, an addition and a store at one place.
template <std::size_t bytes_log2, bool absolute, bool constant>
void memory_add(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t begin = (absolute ? 0 : slots[pc->a]) + static_cast<std::uint32_t>(pc->imm);
    if (begin + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    Bytes<kBytes> value = 0;
    std::memcpy(&value, memory + begin, kBytes);
    value = static_cast<Bytes<kBytes>>(value + (constant ? extended(pc->b) : slots[pc->b]));
    std::memcpy(memory + begin, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

template <std::size_t bytes_log2, bool has_base>
void increment(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t sum = (slots[pc->b] << (pc->c & 31)) + extended(pc->imm);
    const std::uint64_t begin = static_cast<std::uint32_t>(has_base ? slots[pc->a] + sum : sum);
    slots[pc->dst] = begin;
    if (begin + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    Bytes<kBytes> value = 0;
    std::memcpy(&value, memory + begin, kBytes);
    value = static_cast<Bytes<kBytes>>(value + 1U);
    std::memcpy(memory + begin, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

/// A load and a store of what it loaded.
template <std::size_t bytes_log2>
void move(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t from = static_cast<std::uint32_t>(slots[pc->a] + extended(pc->imm));
    const std::uint64_t to = static_cast<std::uint32_t>(slots[pc->dst] + extended(pc->jump()));
    if (from + kBytes > memory_bytes || to + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    Bytes<kBytes> value = 0;
    std::memcpy(&value, memory + from, kBytes);
    std::memcpy(memory + to, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

template <class Unsigned, bool imm>
Unsigned second(const Instruction* pc, const std::uint64_t* slots, std::uint16_t slot) {
    if constexpr (imm) {
        return static_cast<Unsigned>(std::int64_t{pc->imm});
    } else {
        return static_cast<Unsigned>(slots[slot]);
    }
}

template <Binary op, bool wide, bool imm>
void binary(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const auto a = static_cast<Unsigned>(slots[pc->a]);
    const auto b = second<Unsigned, imm>(pc, slots, pc->b);
    if (const auto why = trap_of<op>(a, b)) [[unlikely]] {
        return stop(context, gas, *why);
    }
    slots[pc->dst] = calculate<op>(a, b);
    POLIS_VM_GO(pc + 1);
}

template <Binary op>
void binary_wide(POLIS_VM_STATE) {
    const std::uint64_t a = slots[pc->a];
    const std::uint64_t b = pc->wide_imm();
    if (const auto why = trap_of<op>(a, b)) [[unlikely]] {
        return stop(context, gas, *why);
    }
    slots[pc->dst] = calculate<op>(a, b);
    POLIS_VM_GO(pc + 2);
}

template <Shift shift, class Unsigned>
Unsigned shifted(Unsigned value, int bits) {
    switch (shift) {
        case Shift::kShl: return value << bits;
        case Shift::kShrU: return value >> bits;
        case Shift::kShrS:
            return static_cast<Unsigned>(static_cast<std::make_signed_t<Unsigned>>(value) >> bits);
        case Shift::kRotl: return std::rotl(value, bits);
    }
    return 0;
}

template <Combine combine, class Unsigned>
Unsigned combined(Unsigned a, Unsigned b) {
    switch (combine) {
        case Combine::kAdd: return a + b;
        case Combine::kSub: return a - b;
        case Combine::kXor: return a ^ b;
        case Combine::kOr: return a | b;
        case Combine::kAnd: return a & b;
    }
    return 0;
}

template <Shift shift, Combine combine, bool wide>
void shift_and_combine(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    constexpr int kMask = wide ? 63 : 31;
    const auto moved = shifted<shift>(static_cast<Unsigned>(slots[pc->a]), pc->imm & kMask);
    slots[pc->dst] = combined<combine>(static_cast<Unsigned>(slots[pc->b]), moved);
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

// ---- control -------------------------------------------------------------------------

void br(POLIS_VM_STATE) { POLIS_VM_ENTER(target(pc)); }

void br_table(POLIS_VM_STATE) {
    const auto last = static_cast<std::uint32_t>(pc->imm) - 1;
    const auto wanted = static_cast<std::uint32_t>(slots[pc->a]);
    const Instruction* const entry = pc + 1 + (wanted < last ? wanted : last);
    POLIS_VM_ENTER(target(entry));
}

template <Binary op, bool wide, bool imm>
void branch(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const auto a = static_cast<Unsigned>(slots[pc->a]);
    const auto b = second<Unsigned, imm>(pc, slots, pc->dst);
    if (compare<op>(a, b)) {
        POLIS_VM_ENTER(target(pc));
    }
    POLIS_VM_ENTER(pc + 1);
}

template <Binary op, bool imm, bool when>
void compare_branch(POLIS_VM_STATE) {
    const auto a = static_cast<std::uint32_t>(slots[pc->a]);
    const auto b = static_cast<std::uint32_t>(imm ? extended(pc->imm) : slots[pc->imm]);
    const bool holds = compare<op>(a, b);
    slots[pc->dst] = holds ? 1 : 0;
    if (holds == when) {
        POLIS_VM_ENTER(target(pc));
    }
    POLIS_VM_ENTER(pc + 1);
}

template <Binary op, bool imm>
void add_branch(POLIS_VM_STATE) {
    const auto add = static_cast<std::uint32_t>(imm ? extended(pc->dst) : extended(pc->imm));
    const auto a = static_cast<std::uint32_t>(slots[pc->a]) + add;
    slots[pc->a] = a;
    const auto b = static_cast<std::uint32_t>(imm ? extended(pc->imm) : slots[pc->dst]);
    if (compare<op>(a, b)) {
        POLIS_VM_ENTER(target(pc));
    }
    POLIS_VM_ENTER(pc + 1);
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
[[gnu::always_inline]] inline void enter_function(
    POLIS_VM_STATE, const CompiledFunction& callee) {
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

// ---- the table -----------------------------------------------------------------------

constexpr std::array kPlain{
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

static_assert(kPlain.size() == static_cast<std::size_t>(Code::kBinary));

template <std::size_t code>
constexpr Handler arithmetic_handler() {
    if constexpr (code < static_cast<std::size_t>(Code::kWide)) {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kBinary);
        return &binary<static_cast<Binary>(kIndex / 4), (kIndex & 2) != 0, (kIndex & 1) != 0>;
    } else if constexpr (code < static_cast<std::size_t>(Code::kShifted)) {
        return &binary_wide<static_cast<Binary>(code - static_cast<std::size_t>(Code::kWide))>;
    } else {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kShifted);
        constexpr std::size_t kPair = kIndex / 2;
        return &shift_and_combine<
            static_cast<Shift>(kPair / kCombines),
            static_cast<Combine>(kPair % kCombines),
            (kIndex & 1) != 0>;
    }
}

template <std::size_t code>
constexpr Handler compare_handler() {
    if constexpr (code < static_cast<std::size_t>(Code::kAddBranch)) {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kBranch);
        return &branch<static_cast<Binary>(kIndex / 4), (kIndex & 2) != 0, (kIndex & 1) != 0>;
    } else if constexpr (code < static_cast<std::size_t>(Code::kSelectIf)) {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kAddBranch);
        return &add_branch<static_cast<Binary>(kIndex / 2), (kIndex & 1) != 0>;
    } else if constexpr (code >= static_cast<std::size_t>(Code::kCompareBranch)) {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kCompareBranch);
        return &compare_branch<
            static_cast<Binary>(kIndex / 4),
            (kIndex & 2) != 0,
            (kIndex & 1) != 0>;
    } else {
        constexpr bool kFirst = code >= static_cast<std::size_t>(Code::kSelectIfFirst);
        constexpr Code kFamily = kFirst ? Code::kSelectIfFirst : Code::kSelectIf;
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(kFamily);
        return &select_if<static_cast<Binary>(kIndex / 2), (kIndex & 1) != 0, kFirst>;
    }
}

template <std::size_t code>
constexpr Handler memory_handler() {
    if constexpr (code < static_cast<std::size_t>(Code::kIncrement)) {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kMemoryAdd);
        return &memory_add<kIndex / 4, (kIndex & 2) != 0, (kIndex & 1) != 0>;
    } else if constexpr (code < static_cast<std::size_t>(Code::kMove)) {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kIncrement);
        return &increment<kIndex / 2, (kIndex & 1) != 0>;
    } else if constexpr (code < static_cast<std::size_t>(Code::kLoad)) {
        return &move<code - static_cast<std::size_t>(Code::kMove)>;
    } else if constexpr (code < static_cast<std::size_t>(Code::kStore)) {
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kLoad);
        return &load_from<
            static_cast<Load>(kIndex / kAddresses),
            static_cast<Address>(kIndex % kAddresses)>;
    } else {
        constexpr bool kConstant = code >= static_cast<std::size_t>(Code::kStoreConst);
        constexpr Code kFamily = kConstant ? Code::kStoreConst : Code::kStore;
        constexpr std::size_t kIndex = code - static_cast<std::size_t>(kFamily);
        return &store_to<kIndex / kAddresses, static_cast<Address>(kIndex % kAddresses), kConstant>;
    }
}

template <std::size_t code>
constexpr Handler handler_of() {
    if constexpr (code < kPlain.size()) {
        return kPlain[code];
    } else if constexpr (code < static_cast<std::size_t>(Code::kBranch)) {
        return arithmetic_handler<code>();
    } else if constexpr (code < static_cast<std::size_t>(Code::kMemoryAdd)) {
        return compare_handler<code>();
    } else {
        return memory_handler<code>();
    }
}

template <std::size_t... code>
constexpr std::array<Handler, kCodes> make_handlers(std::index_sequence<code...> /*all*/) {
    return {handler_of<code>()...};
}

constexpr std::array<Handler, kCodes> kHandlers = make_handlers(std::make_index_sequence<kCodes>{});

}  // namespace

void bind_handler(Instruction& instruction) { instruction.handler = kHandlers[instruction.code]; }

std::optional<Code> code_of(const Instruction& instruction) {
    for (std::size_t code = 0; code < kCodes; ++code) {
        if (kHandlers[code] == instruction.handler) {
            return static_cast<Code>(code);
        }
    }
    return std::nullopt;
}

}  // namespace polis::vm
