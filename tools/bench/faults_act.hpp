#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>

/// What fault schedules do to a network.
namespace polis::tools::bench {

/// Of n members, how many may fail.
[[nodiscard]] constexpr std::size_t faulty_of(std::size_t nodes) { return (nodes - 1) / 3; }

/// The last `count` of so many nodes, ascending.
[[nodiscard]] std::vector<std::size_t> last_nodes(std::size_t nodes, std::size_t count);

[[nodiscard]] Fallible<void> kill_all(
    devnet::Devnet& devnet, const std::vector<std::size_t>& indices);

/// Starts them together and waits until they listen.
[[nodiscard]] Fallible<void> start_all(
    devnet::Devnet& devnet, const std::vector<std::size_t>& indices);

/// Ends the node as an operator would, starts it, and waits until it is with the others again.
[[nodiscard]] Fallible<void> restart_gracefully(devnet::Devnet& devnet, std::size_t index);

/// Cuts the first half off from the second one.
[[nodiscard]] Fallible<void> cut_in_halves(const devnet::Devnet& devnet);

/// Everything to and from the node that leads now takes so long.
[[nodiscard]] Fallible<void> slow_down_leader(
    const devnet::Devnet& devnet, std::uint64_t latency_ms);

/// Where nodes stand: node i in region i mod 3.
inline constexpr std::size_t kRegions = 3;

/// One way, in milliseconds: half the usual round trips between data centres in Frankfurt, Virginia
/// and Tokyo (90, 160 and 225 ms), and within one region.
inline constexpr std::array<std::array<std::uint64_t, kRegions>, kRegions> kOneWayMs{
    {{1, 45, 112}, {45, 1, 80}, {112, 80, 1}}};
inline constexpr std::uint64_t kJitterPercent = 10;  ///< of a latency, at least 1 ms

[[nodiscard]] Fallible<void> spread_over_regions(const devnet::Devnet& devnet);

[[nodiscard]] Fallible<void> lose_messages(const devnet::Devnet& devnet, std::uint32_t loss_ppm);

}  // namespace polis::tools::bench
