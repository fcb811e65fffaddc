#pragma once

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <vm/arithmetic.hpp>
#include <vm/context.hpp>

/// The fast engine: one small function an instruction of the register code. Each ends in a jump to
/// the next handler, with the engine's state in the six registers of a call. Compilers turn that
/// call into a jump: clang by [[clang::musttail]], GCC because these files are always optimised
/// (vm/CMakeLists.txt) and no handler lets the address of a local escape.
/// `Interpreter.millions_of_instructions_need_no_stack` would overflow otherwise.
namespace polis::vm::handlers {

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

inline void stop(Context* context, std::int64_t gas, Trap trap) {
    context->trap = trap;
    context->gas = trap == Trap::kOutOfGas ? 0 : gas;
}

inline const Instruction* target(const Instruction* pc) {
    return reinterpret_cast<const Instruction*>(reinterpret_cast<const char*>(pc) + pc->jump());
}

template <bool wide>
using Number = std::conditional_t<wide, std::uint64_t, std::uint32_t>;

template <std::size_t bytes>
using Bytes = std::conditional_t<
    bytes == 1,
    std::uint8_t,
    std::conditional_t<bytes == 2, std::uint16_t, Number<bytes == 8>>>;

/// A constant operand: the sign fills the high half.
inline std::uint64_t extended(std::int32_t value) {
    return static_cast<std::uint64_t>(std::int64_t{value});
}

inline std::uint64_t extended(std::uint16_t value) {
    return extended(std::int32_t{static_cast<std::int16_t>(value)});
}

template <class Unsigned, bool imm>
Unsigned second(const Instruction* pc, const std::uint64_t* slots, std::uint16_t slot) {
    if constexpr (imm) {
        return static_cast<Unsigned>(std::int64_t{pc->imm});
    } else {
        return static_cast<Unsigned>(slots[slot]);
    }
}

/// A table of the handlers of the codes from `first` on. `Of::handler<code>()` gives each.
template <class Of, Code first, std::size_t count>
constexpr std::array<Handler, count> table_of() {
    return []<std::size_t... index>(std::index_sequence<index...> /*all*/) {
        return std::array<Handler, count>{
            Of::template handler<static_cast<std::size_t>(first) + index>()...};
    }(std::make_index_sequence<count>{});
}

}  // namespace polis::vm::handlers
