#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tools/sim/options.hpp>

namespace polis::mutants {

struct HuntOptions {
    sim::Options run;
    std::uint64_t seeds_max = 1'000;  ///< for each mutant
    std::uint64_t control = 20;       ///< seeds that the sound code must survive
    std::size_t jobs = 1;
};

/// How one mutant ended.
struct Catch {
    std::optional<std::size_t> mutant;  ///< index in the catalogue; nothing: the sound code
    std::uint64_t seeds = 0;            ///< tried
    std::string how;                    ///< which promise broke; empty: it survived

    [[nodiscard]] bool caught() const { return !how.empty(); }
};

/// Runs seeds 1, 2, ... against each mutant until one breaks a promise, and the control seeds
/// against the sound code. Each in a process of its own, since an assertion that stops it is a
/// catch too. @param chosen indexes of mutants
[[nodiscard]] std::vector<Catch> hunt(
    const HuntOptions& options, const std::vector<std::size_t>& chosen);

}  // namespace polis::mutants
