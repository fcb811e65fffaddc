#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <vm/rejection.hpp>

namespace polis::vm::tests {

/// A module made to cost more than it pays for.
struct Hostile {
    std::string name;
    Bytes wasm;
    std::optional<RejectionCode> refused;  ///< nothing: a contract, whose export "run" is called
};

/// Those of vm.md, and those that pack most work or memory into a byte of code.
[[nodiscard]] std::vector<Hostile> hostile_modules();

}  // namespace polis::vm::tests
