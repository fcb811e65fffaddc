#pragma once

#include <span>

/// What the program can do. Each takes the words behind its name and gives the exit code.
namespace polis::trainer {

/// Trains once, for a person.
[[nodiscard]] int train_command(std::span<char* const> words);

/// Works for a node.
[[nodiscard]] int serve_command(std::span<char* const> words);

/// Lists what it can train on.
[[nodiscard]] int devices_command(std::span<char* const> words);

}  // namespace polis::trainer
