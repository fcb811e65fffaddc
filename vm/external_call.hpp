#pragma once

#include <cstdint>

#include <vm/context.hpp>

/// What handlers leave to ordinary functions: calls that leave the instance, and observers.
namespace polis::vm {

/// Calls an imported function with the arguments at `args` and leaves its result there. Gas comes
/// from and goes to context.gas; a trap goes to context.trap.
void call_imported(Context& context, std::uint32_t function, std::uint64_t* args);

/// What a call_indirect leads to.
/// @return the function of this instance to enter; nothing after a trap, or if the function lies
///     elsewhere and has been called
[[nodiscard]] const CompiledFunction* resolve_element(
    Context& context, const Instruction& call, std::uint64_t* slots);

void observe_call(const Context& context, const CompiledFunction& callee, std::int64_t gas);
void observe_return(const Context& context, const CompiledFunction& callee, std::int64_t gas);

}  // namespace polis::vm
