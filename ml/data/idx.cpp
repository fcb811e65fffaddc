#include <ml/data/idx.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

#include <core/integer.hpp>
#include <ml/data/limits.hpp>

namespace polis::data {

namespace {

std::size_t width_of(IdxType type) {
    switch (type) {
        case IdxType::kU8:
            return 1;
        case IdxType::kI16:
            return 2;
        case IdxType::kI32:
            return 4;
    }
    return 0;
}

bool is_type(std::uint8_t byte) {
    return byte == static_cast<std::uint8_t>(IdxType::kU8) ||
           byte == static_cast<std::uint8_t>(IdxType::kI16) ||
           byte == static_cast<std::uint8_t>(IdxType::kI32);
}

/// [C, H, W] of one image.
exact::Shape shape_of(const std::vector<std::uint32_t>& sides) {
    switch (sides.size()) {
        case 2:
            return exact::flat_shape(sides[1]);
        case 3:
            return {1, sides[1], sides[2]};
        default:
            return {sides[1], sides[2], sides[3]};
    }
}

Result<std::uint32_t, DataError> largest_value(const IdxArray& images) {
    std::int32_t largest = 0;
    for (std::size_t i = 0; i < images.count(); ++i) {
        const std::int32_t value = images.at(i);
        if (value < 0) {
            return fail(DataCode::kBadValue, "image values");
        }
        largest = std::max(largest, value);
    }
    return static_cast<std::uint32_t>(largest);
}

Result<std::uint32_t, DataError> classes_of(const IdxArray& labels) {
    std::uint32_t classes = 0;
    for (std::size_t i = 0; i < labels.count(); ++i) {
        const std::int32_t label = labels.at(i);
        if (label < 0) {
            return fail(DataCode::kBadValue, "labels");
        }
        if (static_cast<std::uint32_t>(label) >= exact::kClassesMax) {
            return fail(DataCode::kTooManyClasses, "labels");
        }
        classes = std::max(classes, static_cast<std::uint32_t>(label) + 1);
    }
    return std::max(classes, std::uint32_t{2});
}

std::uint8_t scaled(std::uint32_t value, std::uint32_t white) {
    return static_cast<std::uint8_t>(
        (std::uint64_t{std::min(value, white)} * 255 + white / 2) / white);
}

}  // namespace

std::size_t IdxArray::count() const { return values.size() / width_of(type); }

std::int32_t IdxArray::at(std::size_t index) const {
    const ByteView raw = values.subspan(index * width_of(type), width_of(type));
    switch (type) {
        case IdxType::kU8:
            return raw[0];
        case IdxType::kI16:
            return static_cast<std::int16_t>(from_big_endian<std::uint16_t>(raw));
        case IdxType::kI32:
            return static_cast<std::int32_t>(from_big_endian<std::uint32_t>(raw));
    }
    return 0;
}

Result<IdxArray, DataError> parse_idx(ByteView file) {
    if (file.size() < 4 || file[0] != 0 || file[1] != 0 || !is_type(file[2]) || file[3] == 0 ||
        file[3] > kIdxDimensionsMax || file.size() < 4 + std::size_t{4} * file[3]) {
        return fail(DataCode::kBadIdx, {});
    }
    IdxArray out;
    out.type = static_cast<IdxType>(file[2]);
    std::uint64_t bytes = width_of(out.type);
    for (std::size_t i = 0; i < file[3]; ++i) {
        out.sides.push_back(from_big_endian<std::uint32_t>(file.subspan(4 + 4 * i)));
        const auto product = checked_mul(bytes, std::uint64_t{out.sides.back()});
        if (!product || *product > kFileBytesMax) {
            return fail(DataCode::kTooLarge, "IDX dimensions");
        }
        bytes = *product;
    }
    out.values = file.subspan(4 + std::size_t{4} * file[3]);
    if (bytes == 0 || out.values.size() != bytes) {
        return fail(DataCode::kIdxSizeMismatch, {});
    }
    return out;
}

Result<Bytes, DataError> dataset_of_idx(
    const IdxArray& images, const IdxArray& labels, std::uint32_t& white) {
    if (images.sides.size() < 2) {
        return fail(DataCode::kBadIdx, "images have at least two dimensions");
    }
    if (labels.sides.size() != 1 || labels.sides[0] != images.sides[0]) {
        return fail(DataCode::kLabelsMismatch, {});
    }
    POLIS_TRY(const std::uint32_t largest, largest_value(images));
    if (white == 0) {
        const bool full_range = images.type == IdxType::kU8 && largest > 127;
        white = full_range ? 255 : std::max(largest, std::uint32_t{1});
    }
    POLIS_TRY(const std::uint32_t classes, classes_of(labels));
    const exact::Shape shape = shape_of(images.sides);
    auto builder = exact::DatasetBuilder::create(shape, classes);
    if (!builder) {
        return fail(builder.error());
    }
    Bytes sample(images.count() / images.sides[0]);
    for (std::size_t i = 0; i < labels.count(); ++i) {
        for (std::size_t j = 0; j < sample.size(); ++j) {
            sample[j] = scaled(static_cast<std::uint32_t>(images.at(i * sample.size() + j)), white);
        }
        if (auto added = builder->add(sample, static_cast<std::uint32_t>(labels.at(i))); !added) {
            return fail(added.error());
        }
    }
    auto file = builder->finish();
    if (!file) {
        return fail(file.error());
    }
    return *std::move(file);
}

}  // namespace polis::data
