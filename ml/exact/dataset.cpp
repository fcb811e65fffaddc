#include <ml/exact/dataset.hpp>

#include <algorithm>

#include <core/check.hpp>
#include <core/codec/reader.hpp>

namespace polis::exact {

namespace {

std::size_t label_bytes(std::uint32_t classes) { return classes <= 256 ? 1 : 2; }

Result<void, DatasetError> check_head(const Shape& shape, std::uint32_t classes) {
    const bool sides = shape.channels > 0 && shape.height > 0 && shape.width > 0 &&
                       shape.channels <= kInputsMax && shape.height <= kSideMax &&
                       shape.width <= kSideMax;
    if (!sides || shape.elements() > kInputsMax) {
        return std::unexpected(DatasetError::kBadShape);
    }
    if (classes < 2 || classes > kClassesMax) {
        return std::unexpected(DatasetError::kBadClasses);
    }
    return {};
}

std::uint32_t label_at(ByteView labels, std::uint32_t classes, std::size_t index) {
    if (label_bytes(classes) == 1) {
        return labels[index];
    }
    return labels[2 * index] | (std::uint32_t{labels[2 * index + 1]} << 8);
}

}  // namespace

std::optional<std::uint32_t> samples_in(
    std::uint64_t file_bytes, const Shape& shape, std::uint32_t classes) {
    const std::uint64_t each = shape.elements() + label_bytes(classes);
    if (file_bytes <= kDatasetHeaderBytes || (file_bytes - kDatasetHeaderBytes) % each != 0) {
        return std::nullopt;
    }
    const std::uint64_t count = (file_bytes - kDatasetHeaderBytes) / each;
    return count <= kSamplesMax ? std::optional{static_cast<std::uint32_t>(count)} : std::nullopt;
}

Result<DatasetView, DatasetError> DatasetView::open(ByteView file) {
    if (file.size() > kDatasetBytesMax) {
        return std::unexpected(DatasetError::kTooLarge);
    }
    const std::size_t head = std::min(file.size(), kDatasetMagic.size());
    if (!equal(file.first(head), ByteView{kDatasetMagic}.first(head))) {
        return std::unexpected(DatasetError::kBadMagic);
    }
    if (file.size() > head && file[head] != kDatasetVersion) {
        return std::unexpected(DatasetError::kBadVersion);
    }
    if (file.size() < kDatasetHeaderBytes) {
        return std::unexpected(DatasetError::kTruncated);
    }
    codec::Reader reader(file.subspan(head + 1));
    DatasetView out;
    codec::Codec<Shape>::decode(reader, out.shape_);
    out.classes_ = reader.integer<std::uint32_t>();
    out.count_ = reader.integer<std::uint32_t>();
    POLIS_TRY_VOID(check_head(out.shape_, out.classes_));
    if (out.count_ == 0 || out.count_ > kSamplesMax) {
        return std::unexpected(DatasetError::kBadCount);
    }
    out.samples_ = reader.take(out.count_ * out.shape_.elements());
    out.labels_ = reader.take(out.count_ * label_bytes(out.classes_));
    if (!reader.ok()) {
        return std::unexpected(DatasetError::kTruncated);
    }
    if (reader.remaining() != 0) {
        return std::unexpected(DatasetError::kTrailingBytes);
    }
    for (std::size_t i = 0; i < out.count_; ++i) {
        if (label_at(out.labels_, out.classes_, i) >= out.classes_) {
            return std::unexpected(DatasetError::kBadLabel);
        }
    }
    return out;
}

ByteView DatasetView::sample(std::uint32_t index) const {
    POLIS_ASSERT_OP(index, <, count_);
    return samples_.subspan(index * shape_.elements(), shape_.elements());
}

std::uint32_t DatasetView::label(std::uint32_t index) const {
    POLIS_ASSERT_OP(index, <, count_);
    return label_at(labels_, classes_, index);
}

Result<DatasetBuilder, DatasetError> DatasetBuilder::create(Shape shape, std::uint32_t classes) {
    POLIS_TRY_VOID(check_head(shape, classes));
    return DatasetBuilder(shape, classes);
}

Result<void, DatasetError> DatasetBuilder::add(ByteView sample, std::uint32_t label) {
    if (sample.size() != shape_.elements()) {
        return std::unexpected(DatasetError::kWrongSampleSize);
    }
    if (label >= classes_) {
        return std::unexpected(DatasetError::kBadLabel);
    }
    if (count_ == kSamplesMax) {
        return std::unexpected(DatasetError::kBadCount);
    }
    const std::size_t more = sample.size() + label_bytes(classes_);
    if (kDatasetHeaderBytes + samples_.size() + labels_.size() + more > kDatasetBytesMax) {
        return std::unexpected(DatasetError::kTooLarge);
    }
    append(samples_, sample);
    labels_.push_back(static_cast<std::uint8_t>(label));
    if (label_bytes(classes_) == 2) {
        labels_.push_back(static_cast<std::uint8_t>(label >> 8));
    }
    ++count_;
    return {};
}

Result<Bytes, DatasetError> DatasetBuilder::finish() const {
    if (count_ == 0) {
        return std::unexpected(DatasetError::kBadCount);
    }
    Bytes out;
    out.reserve(kDatasetHeaderBytes + samples_.size() + labels_.size());
    append(out, kDatasetMagic);
    out.push_back(kDatasetVersion);
    codec::encode_to(out, shape_);
    codec::encode_to(out, classes_);
    codec::encode_to(out, count_);
    append(out, samples_);
    append(out, labels_);
    return out;
}

std::string_view to_string(DatasetError error) {
    switch (error) {
        case DatasetError::kTooLarge:
            return "the dataset is larger than 1 GiB: use fewer samples";
        case DatasetError::kBadMagic:
            return "this is no dataset: the file does not begin with POLISDAT";
        case DatasetError::kBadVersion:
            return "the dataset is of another version: build it again with this release";
        case DatasetError::kTruncated:
            return "the file ends inside the dataset: fetch it again";
        case DatasetError::kTrailingBytes:
            return "bytes follow the dataset: remove them, a dataset has one spelling";
        case DatasetError::kBadShape:
            return "samples are empty or too large: at most 65536 numbers, sides up to 1024";
        case DatasetError::kBadClasses:
            return "a dataset has 2 to 1024 classes";
        case DatasetError::kBadCount:
            return "a dataset has 1 to 16777216 samples";
        case DatasetError::kBadLabel:
            return "a label is not one of the classes: number them from 0";
        case DatasetError::kWrongSampleSize:
            return "a sample has not as many values as the shape says";
    }
    return "unknown";
}

}  // namespace polis::exact
