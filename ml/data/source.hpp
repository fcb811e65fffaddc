#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/csv.hpp>
#include <ml/data/error.hpp>

namespace polis::data {

/// Files of a folder that `polis data split` has written.
inline constexpr std::string_view kTrainingFile = "training.plds";
inline constexpr std::string_view kValidationFile = "validation.plds";
inline constexpr std::string_view kTestFile = "test.plds";

struct SourceOptions {
    CsvOptions csv;
    /// IDX: the value that becomes 255; 0 lets dataset_of_idx choose.
    std::uint32_t white = 0;
    std::uint64_t seed = 1;  ///< of drawn digits
};

/// What a name stands for.
struct Sources {
    Bytes train;                       ///< a dataset
    Bytes test;                        ///< a dataset; empty where the source has no test set
    Bytes validation;                  ///< a dataset; empty where the source has none of its own
    std::vector<std::string> classes;  ///< names, where the source knows them
    std::string format;                ///< idx, cifar10, csv, digits or dataset
};

/// Reads a file whole. @error kCannotRead; kTooLarge before anything is read
[[nodiscard]] Result<Bytes, DataError> read_file(const std::string& path);

/// The same, and what a gzip stream unfolds to. @error those of read_file and gunzip
[[nodiscard]] Result<Bytes, DataError> read_unpacked(const std::string& path);

/// Loads the datasets of a name:
/// - `digits`, or `digits:COUNT`: drawn by draw_digits;
/// - a folder with IDX files (train-images-idx3-ubyte and the like; a prefix such as `usps-`
///   and the ending .gz may be there) or CIFAR-10 batches (names with train or data_batch, and
///   test);
/// - a folder with kTrainingFile, and kValidationFile and kTestFile if it has them;
/// - a file of images in IDX, its labels beside it under the same name with `labels-idx1-ubyte`;
/// - a .csv file, a CIFAR-10 .bin file, a dataset file, each also with .gz.
/// @error every DataCode
[[nodiscard]] Result<Sources, DataError> load_source(
    const std::string& name, const SourceOptions& options);

}  // namespace polis::data
