#pragma once

#include <tools/polis/command.hpp>

namespace polis::tools {

/// Adds `bench` to `polis ledger`.
void add_ledger_bench(Program& program, CLI::App& ledger);

/// Adds `export` and `import`.
void add_ledger_archive(Program& program, CLI::App& ledger);

}  // namespace polis::tools
