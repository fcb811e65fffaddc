#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

/// Completion for shells, from the tree of commands itself: it never knows less or more than
/// --help.
namespace polis::tools {

struct CompletionWord {
    std::string word;
    std::string help;    ///< one line without quotes
    bool value = false;  ///< an option that takes a value
};

/// What may follow after some commands: "" the program itself, "devnet fault" a group.
struct CompletionPlace {
    std::string path;
    std::vector<CompletionWord> commands;
    std::vector<CompletionWord> options;
};

/// Every command that the help shows, the program first.
[[nodiscard]] std::vector<CompletionPlace> completion_places(const CLI::App& program);

[[nodiscard]] std::string bash_completion(const std::vector<CompletionPlace>& places);
[[nodiscard]] std::string zsh_completion(const std::vector<CompletionPlace>& places);
[[nodiscard]] std::string fish_completion(const std::vector<CompletionPlace>& places);

}  // namespace polis::tools
