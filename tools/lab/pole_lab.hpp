#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <core/types.hpp>
#include <tools/failure.hpp>
#include <tools/lab/intervals.hpp>
#include <tools/lab/theft.hpp>
#include <tools/lab/training.hpp>

/// `polis lab pole`: the experiments of Li, Lan, Liu, "Proof of Learning (PoLe)", 2021, on this
/// chain: what the mapping layer costs, what a stolen model is worth, how steady blocks are.
namespace polis::tools::lab {

/// One architecture, trained with and without a map.
struct Subject {
    trainer::ModelSpec model;
    std::uint32_t epochs = 0;  ///< 0: the trainer's own choice
};

struct PoleLabOptions {
    std::string data = "digits:20000";
    std::vector<Subject> subjects;
    std::uint64_t seeds = 5;  ///< 1 to this
    std::size_t thieves = 20;
    Workshop workshop;
    bool blocks = true;  ///< measure block intervals too
    IntervalOptions intervals;
};

struct AccuracyRow {
    std::string model;
    bool mapped = false;
    std::uint64_t seed = 0;
    exact::Score test;         ///< as this program counts; the trainer said the same
    std::uint64_t floats = 0;  ///< right answers of the float network
    std::uint64_t duration_ms = 0;
};

struct TheftRow {
    std::string model;
    std::uint64_t seed = 0;
    Theft theft;
};

struct PoleLab {
    std::uint32_t classes = 0;
    std::vector<AccuracyRow> accuracy;
    std::vector<TheftRow> thefts;
    CopiedCommitment copy;
    std::vector<BlockPace> paces;  ///< empty: not measured
};

/// Runs everything. The same options give the same integers on one machine; times and paces differ.
/// @error a program is missing or fails, data cannot be read, or trainer and this program disagree
///     about a score
[[nodiscard]] Fallible<PoleLab> run_pole_lab(const PoleLabOptions& options, const devnet::Say& say);

/// How often a guess is right, in millionths.
[[nodiscard]] std::uint64_t chance_ppm(const PoleLab& lab);

}  // namespace polis::tools::lab
