#pragma once

#include <cstdint>
#include <optional>

#include <vm/code.hpp>
#include <vm/instance.hpp>
#include <vm/trap.hpp>

namespace polis::vm {

/// Where a function goes on when the one that it called returns.
struct Frame {
    const Instruction* pc = nullptr;
    std::uint64_t* slots = nullptr;
    const CompiledFunction* callee = nullptr;  ///< the function that returns
};

/// What the fast engine needs beside its registers, for one run.
struct Context {
    Instance* instance = nullptr;
    const CompiledFunction* functions = nullptr;
    std::uint64_t* const* globals = nullptr;
    Memory* memory = nullptr;
    Frame* frame = nullptr;  ///< the next free one
    Frame* frames_end = nullptr;
    std::uint32_t slots_left = 0;  ///< of kStackSlotsMax
    CallObserver* observer = nullptr;
    std::optional<Trap> trap;
    std::int64_t gas = 0;  ///< when the run has ended
};

}  // namespace polis::vm
