#pragma once

#include <cstdint>
#include <vector>

#include <core/bytes.hpp>
#include <tests/vm/decisions.hpp>

namespace polis::vm::tests {

/// A valid module of integers for Profile::kKernel: random types, functions that call each other,
/// blocks, loops, branches that carry values, code that is never reached, memory, tables, globals,
/// data and functions of the host. Every function that it defines is exported as "f0", "f1", ...
/// What runs for ever ends by gas. The same decisions give the same bytes.
[[nodiscard]] Bytes random_module(Decisions& decisions);

}  // namespace polis::vm::tests
