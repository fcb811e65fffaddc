#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ml/data/source.hpp>
#include <ml/exact/shape.hpp>
#include <tools/failure.hpp>

/// Samples as a person has them, and as a task offers them.
namespace polis::tools::learning {

/// How a source is divided where it is not divided already.
struct Division {
    std::uint32_t test_ppm = 150'000;        ///< of the samples, if the source has no test set
    std::uint32_t validation_ppm = 100'000;  ///< of the samples, if it has no validation set
    std::uint64_t seed = 1;
};

/// Datasets.
struct Parts {
    Bytes training;
    Bytes validation;
    Bytes test;
};

/// Reads a source and divides it as a task does; a source with a test or a validation set of its
/// own keeps it. @error cause and cure
[[nodiscard]] Fallible<Parts> load_parts(
    const std::string& source, const Division& division, const data::CsvOptions& csv = {});

/// The source as it is. @error cause and cure
[[nodiscard]] Fallible<data::Sources> load(
    const std::string& source, std::uint64_t seed, const data::CsvOptions& csv = {});

/// What is in a dataset.
struct DatasetFacts {
    exact::Shape shape;
    std::uint32_t classes = 0;
    std::uint32_t samples = 0;
    std::size_t bytes = 0;
    Hash root;  ///< of the blob
    std::uint8_t least = 0;
    std::uint8_t largest = 0;
    std::vector<std::uint64_t> labels;  ///< samples by class
};

/// @error the bytes are no dataset
[[nodiscard]] Fallible<DatasetFacts> facts_of(ByteView dataset);

/// Writes training.plds, validation.plds and test.plds into a folder, which load_source() reads as
/// one source. @error a file that cannot be written
[[nodiscard]] Fallible<void> write_parts(const Parts& parts, const std::string& folder);

}  // namespace polis::tools::learning
