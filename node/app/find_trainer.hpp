#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <core/result.hpp>
#include <ml/protocol/model_spec.hpp>

/// What the configuration says of the trainer.
namespace polis::node {

/// The program of that name beside this one, or where the name leads if it holds a slash.
/// @return nothing if there is none beside this program: the node works without
/// @error a path that leads to no program: cause and cure
[[nodiscard]] Result<std::optional<std::filesystem::path>, std::string> find_trainer(
    const std::string& program);

/// Reads trainer.architecture. @return nothing for "task": as each task suggests
/// @error one line with cause and cure
[[nodiscard]] Result<std::optional<trainer::ModelSpec>, std::string> parse_architecture(
    const std::string& text);

}  // namespace polis::node
