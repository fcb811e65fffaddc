#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <core/result.hpp>

/// The simulator: whole nodes (the real class node::Validator on a real ledger) on a clock, a
/// network and disks that one seed decides. docs/guides/simulator.md
namespace polis::sim {

inline constexpr std::size_t kNodesMin = 1;
inline constexpr std::size_t kNodesMax = 64;

/// Which kinds of faults a run may have; its seed draws among them.
struct Faults {
    bool byzantine = false;  ///< up to f members lie
    bool crash = false;      ///< nodes lose power, also in the middle of a write
    bool partition = false;  ///< links are cut, in one or both directions
    bool loss = false;       ///< messages are lost, repeated, late and out of order
    bool disk = false;       ///< writes fail; a vote record is set back

    [[nodiscard]] bool any() const { return byzantine || crash || partition || loss || disk; }

    static constexpr Faults all() { return {true, true, true, true, true}; }

    bool operator==(const Faults&) const = default;
};

struct Options {
    std::size_t nodes_min = 4;  ///< validators, of which the seed may give only some a seat
    std::size_t nodes_max = 10;
    Faults faults = Faults::all();
    std::size_t above_f = 0;  ///< members that lie beyond the f that agreement survives
    bool pole = false;        ///< the chain's seats are earned by learning

    bool operator==(const Options&) const = default;
};

/// One run: these two decide everything that happens in it.
struct Case {
    std::uint64_t seed = 0;
    Options options;

    bool operator==(const Case&) const = default;
};

/// Reads "4..10" or "7". @error one line for a person
[[nodiscard]] Result<void, std::string> read_nodes(std::string_view text, Options& options);

/// Why no run can have these options; empty if one can.
[[nodiscard]] std::string options_error(const Options& options);

/// The command line that replays a run: "--seed 7 --nodes 4..10 --crash".
[[nodiscard]] std::string to_arguments(const Case& run);

/// Reads what to_arguments() writes, up to a '#'; a list of seeds holds one in each line.
/// @error one line for a person
[[nodiscard]] Result<Case, std::string> parse_case(std::string_view line);

}  // namespace polis::sim
