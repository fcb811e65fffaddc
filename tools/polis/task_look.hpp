#pragma once

#include <tools/polis/command.hpp>

namespace polis::tools {

/// `polis task watch | curve | export`.
void add_task_look_commands(Program& program, CLI::App& group);

}  // namespace polis::tools
