#pragma once

#include <tools/polis/command.hpp>

namespace polis::tools {

/// Adds `run` to `polis vm`.
void add_vm_run(Program& program, CLI::App& group);

/// Adds `inspect` and `disasm`.
void add_vm_look(Program& program, CLI::App& group);

}  // namespace polis::tools
