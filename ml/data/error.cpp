#include <ml/data/error.hpp>

#include <expected>
#include <utility>

namespace polis::data {

std::string_view to_string(DataCode code) {
    switch (code) {
        case DataCode::kCannotRead:
            return "the file cannot be read; check its name and permissions";
        case DataCode::kTooLarge:
            return "more than 1 GiB of data (256 MiB of CSV); use a part of it";
        case DataCode::kUnknownSource:
            return "no dataset is known by this name; give `digits`, a folder with IDX or CIFAR-10 "
                   "files, a .csv file or a dataset file";
        case DataCode::kBadGzip:
            return "the gzip stream is damaged; fetch the file again";
        case DataCode::kNoGzip:
            return "this program was built without zlib; unpack the file with gunzip first";
        case DataCode::kBadIdx:
            return "not an IDX file of bytes, 16-bit or 32-bit integers; is it the right file?";
        case DataCode::kIdxSizeMismatch:
            return "the file is shorter or longer than its dimensions say; fetch it again";
        case DataCode::kLabelsMismatch:
            return "labels and samples do not belong together; name the labels of these images";
        case DataCode::kBadValue:
            return "a value is negative or no number; features must be numbers, pixels not "
                   "negative";
        case DataCode::kBadCifar:
            return "not CIFAR-10: the size is no multiple of 3,073 bytes; give the binary version";
        case DataCode::kBadCsv:
            return "not a table: every row needs as many columns as the first, quotes must close";
        case DataCode::kNoLabelColumn:
            return "there is no such label column; name it as in the first row, or by its number "
                   "from 0";
        case DataCode::kTooManyClasses:
            return "more than 1,024 different labels; is it the right label column?";
        case DataCode::kBadFraction:
            return "the parts exceed the whole; give fractions that leave something for training";
        case DataCode::kTooFewSamples:
            return "too few samples for these parts; use larger fractions or more samples";
        case DataCode::kBadDataset:
            return "the dataset format refuses it";
    }
    return "unknown";
}

std::string DataError::text() const {
    const std::string cause(to_string(code));
    return where.empty() ? cause : where + ": " + cause;
}

std::unexpected<DataError> fail(DataCode code, std::string where) {
    return std::unexpected(DataError{.code = code, .where = std::move(where)});
}

std::unexpected<DataError> fail(exact::DatasetError error) {
    return fail(DataCode::kBadDataset, std::string(exact::to_string(error)));
}

}  // namespace polis::data
