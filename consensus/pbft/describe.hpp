#pragma once

#include <string>

#include <consensus/pbft/io.hpp>

/// One line for a person: traces, logs and golden scenarios.
namespace polis::pbft {

/// The first four bytes in hex: enough to tell the blocks of a trace apart.
[[nodiscard]] std::string short_name(const Hash& digest);

[[nodiscard]] std::string describe(const Message& message);
[[nodiscard]] std::string describe(const Input& input);
[[nodiscard]] std::string describe(const Effect& effect);

}  // namespace polis::pbft
