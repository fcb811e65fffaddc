#pragma once

#include <tools/polis/command.hpp>

namespace polis::tools {

/// Adds `demo` to `polis ledger`.
void add_ledger_demo(Program& program, CLI::App& ledger);

/// Adds `bench`.
void add_ledger_bench(Program& program, CLI::App& ledger);

/// Adds `export` and `import`.
void add_ledger_archive(Program& program, CLI::App& ledger);

}  // namespace polis::tools
