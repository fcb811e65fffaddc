#include <ml/torch/hold_out.hpp>

#include <algorithm>

#include <ml/data/limits.hpp>

namespace polis::trainer {

Result<data::Split, data::DataError> hold_out(
    const exact::DatasetView& dataset, std::uint64_t seed) {
    const std::uint64_t most = std::uint64_t{kHeldOutMax} * data::kWholePpm / dataset.count();
    const auto ppm =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(most, data::kWholePpm / 10));
    return data::split(dataset, {.validation_ppm = ppm, .test_ppm = 0}, seed);
}

}  // namespace polis::trainer
