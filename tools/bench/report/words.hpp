#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tools/bench/result.hpp>

/// Figures in words, the same in every kind of report.
namespace polis::tools::bench {

/// How to read what was simulated.
inline constexpr std::string_view kSimulatedNote =
    "Simulated: the validators of the nodes on a simulated clock and network, every one with a "
    "seat and a connection to all others, nothing fails. Messages count once for each receiver. "
    "Processor time is that of the validators on one core: without encryption, sockets, disks and "
    "clients, which real nodes pay besides. Messages before: until the first of the blocks, while "
    "nodes learn whose messages need not be passed on.";

/// "1,234,567"
[[nodiscard]] std::string whole(std::uint64_t value);

/// Rounded to a whole number: "8,012".
[[nodiscard]] std::string rounded(double value);

/// "850 us", "12.3 ms", "1.25 s"; three digits that count.
[[nodiscard]] std::string time_text(std::uint64_t us);

/// "512 B", "3.4 KiB", "1.2 GiB"
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// Unix time in UTC: "2026-05-04 13:37:00 UTC".
[[nodiscard]] std::string moment_text(std::uint64_t unix_ms);

/// "4 nodes, dpos, transfer, 8,000/s (found), 20 s, crash-f"
[[nodiscard]] std::string setup_text(const Setup& setup);

/// "AMD EPYC, 4 cores, 15.6 GiB, Linux 6.1, load 0.35 before"
[[nodiscard]] std::string machine_text(const Machine& machine);

/// Processor time of one transaction over all nodes, and how often the floor that is.
[[nodiscard]] std::string floor_text(const Floor& floor);

/// "12.5 %" of a share from 0 to 1.
[[nodiscard]] std::string share_text(double share);

}  // namespace polis::tools::bench
