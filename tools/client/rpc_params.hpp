#pragma once

#include <span>
#include <string>

#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>

namespace polis::tools {

/// Parameters of a call from words of a command line: one JSON object or array; name=value words;
/// or values in order. A value is JSON if it reads as JSON, else text: block=3, block=finalized.
/// @error both kinds mixed, a name twice, JSON that is none
[[nodiscard]] Fallible<Json> parse_params(std::span<const std::string> words);

}  // namespace polis::tools
