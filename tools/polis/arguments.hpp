#pragma once

#include <memory>
#include <string>

#include <tools/polis/command.hpp>

/// Options that many commands share, checked while the command line is read.
namespace polis::tools {

struct HomeOptions {
    std::string home;
    bool json = false;
};

/// Adds --home (or POLIS_HOME in the environment) and --json.
void add_home(CLI::App& command, HomeOptions& options);

/// Checks for arguments; each answers the empty text or what is wrong. A wrong one is wrong usage.
[[nodiscard]] std::string check_address(const std::string& text);
[[nodiscard]] std::string check_hash(const std::string& text);
[[nodiscard]] std::string check_height(const std::string& text);

}  // namespace polis::tools
