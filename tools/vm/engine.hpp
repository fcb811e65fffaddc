#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <vm/instance.hpp>

/// Choosing between the two engines of the contract VM by name.
namespace polis::tools::vmtool {

enum class Engine : std::uint8_t {
    kFast,   ///< what nodes run
    kNaive,  ///< the oracle that it is compared with
};

std::string_view to_string(Engine engine);

/// @return nothing for a name that is none
[[nodiscard]] std::optional<Engine> parse_engine(std::string_view name);

/// vm::run or vm::run_naive.
[[nodiscard]] vm::Outcome run_on(
    Engine engine,
    vm::Instance& instance,
    std::uint32_t function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas);

}  // namespace polis::tools::vmtool
