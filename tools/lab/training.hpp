#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ml/protocol/model_spec.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/failure.hpp>

/// Trainings by `polis-trainer train`, each a process of its own: this program links no libtorch.
namespace polis::tools::lab {

struct TrainOrder {
    std::string data;
    trainer::ModelSpec model;
    std::uint64_t seed = 1;
    std::uint32_t epochs = 0;  ///< 0: the trainer's own choice
    std::optional<Hash> map;   ///< seed of the input map
};

struct TrainRun {
    Bytes model;                ///< the file
    std::uint64_t correct = 0;  ///< test samples, as the trainer says
    std::uint64_t floats = 0;   ///< of the float network
    std::uint64_t duration_ms = 0;
};

struct Workshop {
    std::filesystem::path trainer;  ///< the program
    std::filesystem::path folder;   ///< for models and logs
    std::size_t jobs = 1;           ///< trainings at once, one thread each
};

/// Runs all of them. @return in the order of `orders`
/// @error the first that failed, with its last words; the others are ended
[[nodiscard]] Fallible<std::vector<TrainRun>> train_all(
    const Workshop& workshop, const std::vector<TrainOrder>& orders, const devnet::Say& say);

/// The trainer beside this program. @error there is none
[[nodiscard]] Fallible<std::filesystem::path> find_trainer(const std::string& option);

}  // namespace polis::tools::lab
