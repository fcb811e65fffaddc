#pragma once

#include <cstdint>
#include <span>

#include <vm/instance.hpp>

namespace polis::vm {

/// Runs a function of the instance straight from the bytes of its module, one instruction after
/// the other: the oracle that run() is compared with. Uses nothing of the translation but the
/// sizes of frames. Same arguments, outcome, gas and effects on the instance.
[[nodiscard]] Outcome run_naive(
    Instance& instance,
    std::uint32_t function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas);

}  // namespace polis::vm
