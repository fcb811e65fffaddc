#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tools/bench/result.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>

/// What is done to a network while it is measured, and what it must bear.
namespace polis::tools::bench {

/// One thing that is done, so long after the first transaction was due.
struct FaultStep {
    std::uint64_t at_us = 0;
    std::string what;  ///< "node 3 is killed"
    std::function<Fallible<void>(devnet::Devnet&)> act;
};

/// A schedule by name; a new one joins by a line in faults.cpp.
struct FaultKind {
    std::string_view name;   ///< "crash-f"
    std::string_view about;  ///< one line
    std::uint64_t nodes_min = 4;

    /// The steps for a network of that size and a load of so many seconds.
    std::function<std::vector<FaultStep>(std::size_t nodes, std::uint64_t seconds)> steps;

    /// What must hold afterwards, beside that all is final, which holds for any load.
    std::function<std::vector<Check>(const Run&, const std::vector<FaultStep>&)> judge;

    /// What only the nodes can tell, asked while they still run; empty: nothing.
    std::function<Fallible<std::vector<Check>>(const devnet::Devnet&)> inspect;
};

[[nodiscard]] std::span<const FaultKind> fault_kinds();

/// @error no such schedule, and which there are
[[nodiscard]] Fallible<const FaultKind*> find_fault(std::string_view name);

/// Check::what of no_fork().
inline constexpr std::string_view kNoForkCheck = "never two blocks at one height";

/// Compares the blocks of all heights on all nodes that run, by their hashes.
/// @error a node that does not answer, fewer than two nodes
[[nodiscard]] Fallible<Check> no_fork(const devnet::Devnet& devnet);

/// Adds the checks of a run that the nodes must be asked for, once its load is over: no_fork(), and
/// FaultKind::inspect if there is a fault. @error a node that does not answer
[[nodiscard]] Fallible<void> check_network(
    const devnet::Devnet& devnet, const FaultKind* fault, Run& run);

}  // namespace polis::tools::bench
