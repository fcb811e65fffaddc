#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ml/exact/scoring.hpp>
#include <ml/torch/failure.hpp>
#include <ml/torch/network.hpp>

namespace polis::trainer {

/// The best integer model so far, and the parameters that it was made of.
struct BestModel {
    Bytes model;  ///< exact::encode_model
    exact::Score validation;
    Bytes parameters;  ///< f32, little-endian

    bool operator==(const BestModel&) const = default;
    static constexpr auto kFields =
        codec::fields(&BestModel::model, &BestModel::validation, &BestModel::parameters);
};

/// Training between two epochs. The file belongs to the machine that wrote it: what follows from it
/// is only the same on that one. It is local: nobody else reads it.
struct Checkpoint {
    Hash job;  ///< what must be equal for training to go on: data, plan, seed, epochs
    std::uint32_t epoch = 0;
    std::uint64_t steps = 0;
    std::uint64_t samples = 0;
    Bytes parameters;  ///< f32, little-endian, as the moments
    Bytes first_moments;
    Bytes second_moments;
    std::optional<BestModel> best;

    bool operator==(const Checkpoint&) const = default;
    static constexpr auto kFields = codec::fields(
        &Checkpoint::job,
        &Checkpoint::epoch,
        &Checkpoint::steps,
        &Checkpoint::samples,
        &Checkpoint::parameters,
        &Checkpoint::first_moments,
        &Checkpoint::second_moments,
        &Checkpoint::best);
};

[[nodiscard]] Bytes pack_floats(const std::vector<float>& values);

/// @pre bytes.size() is a multiple of 4
[[nodiscard]] std::vector<float> unpack_floats(ByteView bytes);

/// Writes beside the file, then takes its place, so that a killed trainer leaves the old one.
/// @error kBadSpec if the file cannot be written
[[nodiscard]] Result<void, Failure> write_checkpoint(
    const std::string& path, const Checkpoint& checkpoint);

/// Nothing if there is no such file.
/// @error kBadSpec if it is no checkpoint of this job: damaged, or of other data, another seed or
///     architecture
[[nodiscard]] Result<std::optional<Checkpoint>, Failure> read_checkpoint(
    const std::string& path, const Hash& job, std::size_t parameter_count);

}  // namespace polis::trainer
