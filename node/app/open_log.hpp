#pragma once

#include <memory>
#include <string>

#include <core/result.hpp>
#include <node/config/config.hpp>
#include <node/home/identity.hpp>
#include <node/log/log.hpp>
#include <node/runtime/clock.hpp>

namespace polis::node {

/// The log that the configuration describes. @param clock outlives it
/// @error the file cannot be opened: one line with cause and cure
[[nodiscard]] Result<std::unique_ptr<Log>, std::string> open_log(
    const HomeLayout& home, const NodeConfig::Log& config, Clock& clock);

}  // namespace polis::node
