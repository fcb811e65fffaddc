#pragma once

#include <string_view>

#include <tools/client/rpc_client.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

/// A node's answer for people: its members as lines, its lists of objects as tables.
[[nodiscard]] Report report_of(const Json& answer);

/// Prints a node's answer: for programs as the node gave it, for people as report_of() shows it.
[[nodiscard]] Outcome print_answer(const Json& answer, bool as_json);

}  // namespace polis::tools
