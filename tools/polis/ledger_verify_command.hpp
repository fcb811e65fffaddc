#pragma once

#include <cstdint>

#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>

namespace polis::tools {

struct VerifyOptions : HomeOptions {
    std::uint64_t threads = 1;
};

/// Executes the whole chain again and compares; says how far it is when that takes a while.
[[nodiscard]] Outcome ledger_verify(const VerifyOptions& options);

}  // namespace polis::tools
