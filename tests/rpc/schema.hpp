#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace polis::node::rpc::testing {

/// What is wrong with `value` as the schema says; empty if nothing is. Knows the keywords that the
/// documents of this project use, and says so when it meets another.
/// @param document that references lead into
[[nodiscard]] std::string schema_fault(
    const nlohmann::json& document, const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace polis::node::rpc::testing
