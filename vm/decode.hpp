#pragma once

#include <core/bytes.hpp>
#include <vm/module.hpp>
#include <vm/rejection.hpp>
#include <vm/rules.hpp>

namespace polis::vm {

/// Reads a module and checks everything but the code of its functions: sections, types, limits,
/// indices, initialisers, and what the profile allows. Linear; allocates in proportion to the
/// bytes. @error the first reason found
[[nodiscard]] VmResult<Module> decode(ByteView wasm, const Rules& rules);

}  // namespace polis::vm
