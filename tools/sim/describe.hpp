#pragma once

#include <optional>
#include <string>

#include <core/bytes.hpp>
#include <node/validator/wire.hpp>

namespace polis::sim {

/// One message between nodes, as a trace shows it.
[[nodiscard]] std::string describe(const std::optional<node::Envelope>& message);

}  // namespace polis::sim
