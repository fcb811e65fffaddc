#include <vm/interpreter.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

#include <core/check.hpp>
#include <vm/context.hpp>

namespace polis::vm {

namespace {

constexpr std::uint64_t kGasMax = std::numeric_limits<std::int64_t>::max();

Outcome call_host_function(
    const FunctionRef& function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas,
    Memory* memory) {
    HostCall call{.args = args, .memory = memory, .gas_left = gas, .result = 0};
    Outcome out;
    out.trap = function.host->call(function.index, call);
    out.gas_left = out.trap == Trap::kOutOfGas ? 0 : call.gas_left;
    if (!out.trap && function.type->result) {
        out.result = call.result;
    }
    return out;
}

/// Addresses of the values of all globals, imported or own.
std::vector<std::uint64_t*> global_values(const Instance& instance) {
    std::vector<std::uint64_t*> out;
    out.reserve(instance.globals().size());
    for (const auto& global : instance.globals()) {
        out.push_back(&global->value);
    }
    return out;
}

/// Gives the outermost function to the first handler as if a call stood there, with an instruction
/// behind it that ends the run.
Outcome run_function(
    const FunctionRef& function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas,
    const StackBudget& budget) {
    Instance& instance = *function.instance;
    const Program& program = instance.program();
    const std::uint32_t defined = function.index - instance.module().imported_functions;
    const auto slots = std::make_unique_for_overwrite<std::uint64_t[]>(
        std::max<std::size_t>(budget.slots, args.size() + 1));
    const auto frames = std::make_unique_for_overwrite<Frame[]>(budget.frames);
    const auto globals = global_values(instance);
    std::ranges::copy(args, slots.get());

    std::array<Instruction, 2> outermost{};
    outermost[0].code = static_cast<std::uint64_t>(Code::kCall);
    outermost[0].imm = static_cast<std::int32_t>(defined);
    outermost[1].code = static_cast<std::uint64_t>(Code::kHalt);
    bind_handler(outermost[0]);
    bind_handler(outermost[1]);

    Context context{
        .instance = &instance,
        .functions = program.functions().data(),
        .globals = globals.data(),
        .memory = instance.memory().get(),
        .frame = frames.get(),
        .frames_end = frames.get() + budget.frames,
        .slots_left = budget.slots,
        .observer = instance.observer(),
        .trap = std::nullopt,
        .gas = 0};
    const bool has_memory = context.memory != nullptr;
    const std::uint64_t paid = std::min(gas, kGasMax);
    outermost[0].handler(
        outermost.data(),
        slots.get(),
        has_memory ? context.memory->data() : nullptr,
        has_memory ? context.memory->size() : 0,
        static_cast<std::int64_t>(paid),
        &context);
    Outcome out{.trap = context.trap, .result = std::nullopt, .gas_left = 0};
    if (out.trap != Trap::kOutOfGas) {
        out.gas_left = gas - paid + static_cast<std::uint64_t>(context.gas);
    }
    if (!out.trap && function.type->result) {
        out.result = slots[0];
    }
    return out;
}

}  // namespace

Outcome call_function(
    const FunctionRef& function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas,
    Memory* memory,
    const StackBudget& budget) {
    FunctionRef at = function;
    // A module may export what it imports; links form no circle, since instances are made in turn.
    while (at.host == nullptr && at.index < at.instance->module().imported_functions) {
        at = at.instance->function(at.index);
    }
    return at.host != nullptr ? call_host_function(at, args, gas, memory)
                              : run_function(at, args, gas, budget);
}

Outcome run(
    Instance& instance,
    std::uint32_t function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas) {
    POLIS_ASSERT_OP(function, <, instance.module().functions.size());
    POLIS_ASSERT_OP(args.size(), ==, instance.module().type_of(function).params.size());
    return call_function(
        instance.function(function), args, gas, instance.memory().get(), StackBudget{});
}

}  // namespace polis::vm
