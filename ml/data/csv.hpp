#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/error.hpp>

namespace polis::data {

struct CsvOptions {
    /// The name in the first row, or the number of the column from 0. Empty: the column called
    /// class, label, target or diagnosis, else the last one.
    std::string label;
    std::vector<std::string> ignored;  ///< columns that are no features; `id` always is one
};

struct CsvDataset {
    Bytes file;                        ///< the dataset
    std::vector<std::string> classes;  ///< label texts by class
};

/// A table of numbers with a label column. The first row is a header if none of its fields is a
/// number. Each feature is scaled to 0..255 between the least and the largest value of its column;
/// labels become classes in order (numbers by value, texts by their bytes).
/// Split the result afterwards: two tables loaded separately would be scaled differently.
/// @error kTooLarge, kBadCsv, kBadValue, kNoLabelColumn, kTooManyClasses, kBadDataset
[[nodiscard]] Result<CsvDataset, DataError> dataset_of_csv(
    std::string_view text, const CsvOptions& options);

}  // namespace polis::data
