#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <core/types.hpp>
#include <tools/failure.hpp>
#include <tools/lab/pole_lab.hpp>

/// What `polis lab pole` tells and writes.
namespace polis::tools::lab {

/// One architecture over all seeds, in millionths of the test samples.
struct ModelSummary {
    std::string model;
    Summary plain_ppm;
    Summary mapped_ppm;
    Summary stolen_ppm;  ///< by thieves, a mean for each seed
    std::uint64_t luckiest_ppm = 0;
    std::optional<Summary> moved_ppm;  ///< after the first layer was moved; nothing: impossible
    bool moved_alike = false;          ///< it then scored exactly what its owner scored
    std::string why_not_moved;
};

/// In the order of the subjects.
[[nodiscard]] std::vector<ModelSummary> summaries(const PoleLab& lab);

/// What the paper claims, beside what was found here.
struct Claim {
    std::string claim;
    std::string found;
};

[[nodiscard]] std::vector<Claim> claims(const PoleLab& lab);

/// Every integer result with its inputs, a line each, no times: equal runs have equal texts.
[[nodiscard]] std::string accuracy_csv(const PoleLab& lab);
[[nodiscard]] std::string theft_csv(const PoleLab& lab);
[[nodiscard]] std::string blocks_csv(const PoleLab& lab);

/// Names inputs and integer results: two runs that agree on all of them have one hash.
[[nodiscard]] Hash run_hash(const PoleLabOptions& options, const PoleLab& lab);

/// A picture that needs nothing else: accuracies, and block intervals where they were measured.
[[nodiscard]] std::string to_svg(const PoleLab& lab);

/// Writes accuracy.csv, theft.csv, blocks.csv and pole.svg. @error the folder cannot be used
[[nodiscard]] Fallible<void> write_files(const std::filesystem::path& folder, const PoleLab& lab);

}  // namespace polis::tools::lab
