#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <core/result.hpp>
#include <ml/exact/dataset.hpp>

namespace polis::data {

/// Why a file or a request gives no dataset.
enum class DataCode : std::uint8_t {
    kCannotRead,       ///< the file is absent or not readable
    kTooLarge,         ///< the file, or what it unfolds to, is beyond a limit of limits.hpp
    kUnknownSource,    ///< neither a known name nor a file or folder of a known format
    kBadGzip,          ///< a damaged or cut gzip stream, or bytes behind it
    kNoGzip,           ///< this program was built without zlib
    kBadIdx,           ///< not an IDX file: magic, type of values or number of dimensions
    kIdxSizeMismatch,  ///< the dimensions ask for more or fewer values than the file holds
    kLabelsMismatch,   ///< labels are not one for each sample
    kBadValue,         ///< a value is negative or no number
    kBadCifar,         ///< not a whole number of records of 3,073 bytes
    kBadCsv,           ///< rows of different lengths, an open quote, or no rows
    kNoLabelColumn,    ///< the label column that was asked for is not there
    kTooManyClasses,   ///< more different labels than a model may have classes
    kBadFraction,      ///< parts that leave nothing for another, or exceed the whole
    kTooFewSamples,    ///< a part would stay empty
    kBadDataset,       ///< the dataset format refuses it
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(DataCode code);

/// What went wrong and where: a file, a line, a column.
struct DataError {
    DataCode code = DataCode::kCannotRead;
    std::string where;

    bool operator==(const DataError&) const = default;

    /// For people: "where: cause; cure".
    [[nodiscard]] std::string text() const;
};

[[nodiscard]] std::unexpected<DataError> fail(DataCode code, std::string where);

/// A refusal of the dataset format.
[[nodiscard]] std::unexpected<DataError> fail(exact::DatasetError error);

}  // namespace polis::data
