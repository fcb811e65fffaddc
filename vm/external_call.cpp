#include <vm/external_call.hpp>

#include <span>

#include <vm/interpreter.hpp>

namespace polis::vm {

namespace {

/// Calls a function that is not the running instance's.
void call_out(Context& context, const FunctionRef& function, std::uint64_t* args) {
    const StackBudget budget{
        .frames = static_cast<std::uint32_t>(context.frames_end - context.frame),
        .slots = context.slots_left};
    const Outcome outcome = call_function(
        function,
        std::span<const std::uint64_t>{args, function.type->params.size()},
        static_cast<std::uint64_t>(context.gas),
        context.memory,
        budget);
    context.gas = static_cast<std::int64_t>(outcome.gas_left);
    context.trap = outcome.trap;
    if (outcome.result) {
        args[0] = *outcome.result;
    }
}

const CompiledFunction* refuse(Context& context, Trap trap) {
    context.trap = trap;
    return nullptr;
}

}  // namespace

void call_imported(Context& context, std::uint32_t function, std::uint64_t* args) {
    call_out(context, context.instance->function(function), args);
}

const CompiledFunction* resolve_element(
    Context& context, const Instruction& call, std::uint64_t* slots) {
    const auto index = static_cast<std::uint32_t>(slots[call.b]);
    const auto& entries = context.instance->table()->entries;
    if (index >= entries.size()) {
        return refuse(context, Trap::kTableBounds);
    }
    const FunctionRef& function = entries[index];
    if (function.is_empty()) {
        return refuse(context, Trap::kEmptyElement);
    }
    const Program& program = context.instance->program();
    const auto type = static_cast<std::uint32_t>(call.imm);
    const std::uint32_t imported = program.module().imported_functions;
    if (function.instance == context.instance && function.index >= imported) {
        const CompiledFunction& callee = context.functions[function.index - imported];
        return callee.type == type ? &callee : refuse(context, Trap::kSignature);
    }
    if (*function.type != program.module().types[type]) {
        return refuse(context, Trap::kSignature);
    }
    call_out(context, function, slots + call.a);
    return nullptr;
}

void observe_call(const Context& context, const CompiledFunction& callee, std::int64_t gas) {
    context.observer->on_call(callee.index, static_cast<std::uint64_t>(gas));
}

void observe_return(const Context& context, const CompiledFunction& callee, std::int64_t gas) {
    context.observer->on_return(callee.index, static_cast<std::uint64_t>(gas));
}

}  // namespace polis::vm
