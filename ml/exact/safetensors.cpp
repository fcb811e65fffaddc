#include <ml/exact/safetensors.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ml/exact/architecture.hpp>
#include <ml/exact/json_cursor.hpp>

namespace polis::exact {

namespace {

using Verdict = JsonCursor::Verdict;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kSidesMax = 4;
constexpr std::string_view kMapSources = "input_map.sources";
constexpr std::string_view kMapInversions = "input_map.inversions";

/// What the header says of a tensor.
struct Entry {
    std::string dtype;
    std::vector<std::uint64_t> shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

using Entries = std::map<std::string, Entry, std::less<>>;

template <class T>
constexpr std::string_view dtype_of() {
    if constexpr (std::is_same_v<T, std::int8_t>) {
        return "I8";
    } else if constexpr (std::is_same_v<T, std::uint8_t>) {
        return "U8";
    } else {
        static_assert(sizeof(T) == 4);  // multipliers are below 2^31
        return "I32";
    }
}

std::optional<std::uint64_t> element_bytes(std::string_view dtype) {
    if (dtype == "I8" || dtype == "U8") {
        return 1;
    }
    return dtype == "I32" ? std::optional<std::uint64_t>{4} : std::nullopt;
}

std::string tensor_name(std::size_t layer, std::string_view part) {
    return "layer." + std::to_string(layer) + "." + std::string(part);
}

/// Writes tensors one behind the other, with their entries.
class Writer {
  public:
    template <class T>
    void put(
        const std::string& name,
        const std::vector<std::uint64_t>& shape,
        std::span<const T> values) {
        const std::size_t begin = data_.size();
        for (const T value : values) {
            codec::encode_to(data_, value);
        }
        header_ += ",\"" + name + R"(":{"dtype":")" + std::string(dtype_of<T>()) +
                   R"(","shape":[)" + joined(shape) + R"(],"data_offsets":[)" +
                   joined({begin, data_.size()}) + "]}";
    }

    Bytes finish(const Model& model, const SafetensorsNotes& notes) {
        std::string text = R"({"__metadata__":{"format":")" + std::string(kSafetensorsFormat) +
                           R"(","architecture":")";
        for (const char character : architecture_json(model)) {
            text += character == '"' ? "\\\"" : std::string(1, character);
        }
        text += '"' + written(notes) + '}' + header_ + '}';
        // Blanks, so that the first tensor lies at a multiple of eight.
        text.resize((text.size() + 7) / 8 * 8, ' ');
        POLIS_ASSERT_OP(text.size(), <=, kSafetensorsHeaderBytesMax);
        Bytes out = codec::encode(std::uint64_t{text.size()});
        append(out, as_bytes(text));
        append(out, data_);
        return out;
    }

  private:
    static std::string written(const SafetensorsNotes& notes) {
        std::string out;
        std::size_t bytes = 0;
        for (const auto& [name, value] : notes) {
            for (const char character : name + value) {
                POLIS_ASSERT(character >= ' ' && character <= '~');
                POLIS_ASSERT(character != '"' && character != '\\');
            }
            bytes += name.size() + value.size();
            out += ",\"" + name + "\":\"" + value + '"';
        }
        POLIS_ASSERT_OP(bytes, <=, kSafetensorsNotesBytesMax);
        return out;
    }

    static std::string joined(const std::vector<std::uint64_t>& numbers) {
        std::string out;
        for (const std::uint64_t number : numbers) {
            out += out.empty() ? "" : ",";
            out += std::to_string(number);
        }
        return out;
    }

    std::string header_;
    Bytes data_;
};

std::vector<std::uint64_t> weight_shape(const Dense& dense) {
    return {dense.outputs, dense.weights.size() / dense.outputs};
}

std::vector<std::uint64_t> weight_shape(const Conv2d& conv) {
    const std::uint64_t area = std::uint64_t{conv.kernel_height} * conv.kernel_width;
    return {
        conv.outputs,
        conv.weights.size() / conv.outputs / area,
        conv.kernel_height,
        conv.kernel_width};
}

/// Calls `visit(index, layer)` for the layers that have weights.
template <class Visitor>
void for_weighted(const std::vector<Layer>& layers, Visitor&& visit) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (const auto* dense = std::get_if<Dense>(&layers[i].operation)) {
            visit(i, *dense);
        } else if (const auto* conv = std::get_if<Conv2d>(&layers[i].operation)) {
            visit(i, *conv);
        }
    }
}

Result<Entry, SafetensorsError> read_entry(JsonCursor& cursor) {
    Entry out;
    std::vector<std::uint64_t> offsets;
    const auto numbers = [&cursor](std::vector<std::uint64_t>& target, std::size_t count_max) {
        return cursor.array([&cursor, &target, count_max]() -> Verdict {
            if (target.size() == count_max) {
                return std::unexpected(SafetensorsError::kBadShape);
            }
            POLIS_TRY(const std::uint64_t number, cursor.number());
            target.push_back(number);
            return {};
        });
    };
    int members = 0;
    POLIS_TRY_VOID(cursor.object([&](std::string_view name) -> Verdict {
        ++members;
        if (name == "dtype") {
            POLIS_TRY(out.dtype, cursor.string());
            return {};
        }
        if (name == "shape") {
            return numbers(out.shape, kSidesMax);
        }
        return name == "data_offsets" ? numbers(offsets, 2)
                                      : std::unexpected(SafetensorsError::kBadEntry);
    }));
    if (members != 3) {
        return std::unexpected(SafetensorsError::kBadEntry);
    }
    if (offsets.size() != 2) {
        return std::unexpected(SafetensorsError::kBadOffsets);
    }
    out.begin = offsets[0];
    out.end = offsets[1];
    return out;
}

/// The type is one that a model has, and the shape takes the bytes between the offsets.
Verdict check_entry(const Entry& entry, std::size_t data_bytes) {
    const auto width = element_bytes(entry.dtype);
    if (!width) {
        return std::unexpected(SafetensorsError::kBadDtype);
    }
    std::uint64_t bytes = *width;
    for (const std::uint64_t side : entry.shape) {
        const auto product = checked_mul(bytes, side);
        if (!product || *product == 0) {
            return std::unexpected(SafetensorsError::kBadShape);
        }
        bytes = *product;
    }
    if (entry.begin > entry.end || entry.end > data_bytes || entry.end - entry.begin != bytes) {
        return std::unexpected(SafetensorsError::kBadOffsets);
    }
    return {};
}

/// Every byte of the data belongs to exactly one tensor.
Verdict check_cover(const Entries& entries, std::size_t data_bytes) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> pieces;
    for (const auto& [name, entry] : entries) {
        POLIS_TRY_VOID(check_entry(entry, data_bytes));
        pieces.emplace_back(entry.begin, entry.end);
    }
    std::ranges::sort(pieces);
    std::uint64_t reached = 0;
    for (const auto& [begin, end] : pieces) {
        if (begin != reached) {
            return std::unexpected(
                begin < reached ? SafetensorsError::kOverlap : SafetensorsError::kHole);
        }
        reached = end;
    }
    if (reached != data_bytes) {
        return std::unexpected(SafetensorsError::kTrailingBytes);
    }
    return {};
}

struct Header {
    Entries entries;
    std::string format;
    std::string architecture;
    SafetensorsNotes notes;  ///< everything else
};

Verdict read_metadata(JsonCursor& cursor, Header& out) {
    return cursor.object([&](std::string_view name) -> Verdict {
        POLIS_TRY(std::string value, cursor.string());
        if (name == "format") {
            out.format = std::move(value);
        } else if (name == "architecture") {
            out.architecture = std::move(value);
        } else {
            out.notes.emplace(name, std::move(value));
        }
        return {};
    });
}

Result<Header, SafetensorsError> read_header(std::string_view text) {
    Header out;
    if (!text.starts_with('{')) {
        return std::unexpected(SafetensorsError::kBadJson);
    }
    JsonCursor cursor(text);
    POLIS_TRY_VOID(cursor.object([&](std::string_view name) -> Verdict {
        if (name == "__metadata__") {
            return read_metadata(cursor, out);
        }
        POLIS_TRY(out.entries[std::string(name)], read_entry(cursor));
        return {};
    }));
    POLIS_TRY_VOID(cursor.end());
    return out;
}

/// Hands out tensors by name; each once.
class Tensors {
  public:
    Tensors(Entries entries, ByteView data) : entries_(std::move(entries)), data_(data) {}

    /// @param shape the sides that must be; 0 stands for any
    template <class T>
    Verdict take(
        const std::string& name, const std::vector<std::uint64_t>& shape, std::vector<T>& out) {
        const auto found = entries_.find(name);
        if (found == entries_.end()) {
            return std::unexpected(SafetensorsError::kMissingTensor);
        }
        const Entry entry = std::move(found->second);
        entries_.erase(found);
        if (entry.dtype != dtype_of<T>()) {
            return std::unexpected(SafetensorsError::kBadDtype);
        }
        const auto fits = [](std::uint64_t side, std::uint64_t wanted) {
            return wanted == 0 || side == wanted;
        };
        if (!std::ranges::equal(entry.shape, shape, fits)) {
            return std::unexpected(SafetensorsError::kBadShape);
        }
        codec::Reader reader(data_.subspan(entry.begin, entry.end - entry.begin));
        out.reserve((entry.end - entry.begin) / sizeof(T));
        while (reader.remaining() > 0) {
            codec::Codec<T>::decode(reader, out.emplace_back());
        }
        return {};
    }

    [[nodiscard]] bool has(std::string_view name) const { return entries_.contains(name); }

    [[nodiscard]] bool empty() const { return entries_.empty(); }

  private:
    Entries entries_;
    ByteView data_;
};

/// The sides of a weight that the architecture fixes.
std::vector<std::uint64_t> wanted_shape(const Dense& dense) { return {dense.outputs, 0}; }

std::vector<std::uint64_t> wanted_shape(const Conv2d& conv) {
    return {conv.outputs, 0, conv.kernel_height, conv.kernel_width};
}

template <class Weighted>
Verdict fill(Tensors& tensors, std::size_t index, Weighted& layer) {
    if (layer.outputs == 0 || std::ranges::count(wanted_shape(layer), 0U) != 1) {
        return std::unexpected(SafetensorsError::kBadArchitecture);
    }
    const std::vector<std::uint64_t> row{layer.outputs};
    Requantise& requantise = layer.requantise;
    POLIS_TRY_VOID(tensors.take(tensor_name(index, "bias"), row, layer.bias));
    POLIS_TRY_VOID(tensors.take(tensor_name(index, "multiplier"), row, requantise.multiplier));
    POLIS_TRY_VOID(tensors.take(tensor_name(index, "weight"), wanted_shape(layer), layer.weights));
    return tensors.take(tensor_name(index, "shift"), row, requantise.shift);
}

Verdict fill_layer(Tensors& tensors, std::size_t index, Operation& operation) {
    if (auto* dense = std::get_if<Dense>(&operation)) {
        return fill(tensors, index, *dense);
    }
    if (auto* conv = std::get_if<Conv2d>(&operation)) {
        return fill(tensors, index, *conv);
    }
    return {};
}

/// A map of all inputs, if the file has one: places that are inputs, inversions that invert.
Result<std::optional<InputMap>, SafetensorsError> take_map(Tensors& tensors, const Shape& input) {
    if (!tensors.has(kMapSources) && !tensors.has(kMapInversions)) {
        return std::optional<InputMap>();
    }
    if (input.channels > kInputsMax || input.height > kSideMax || input.width > kSideMax) {
        return std::unexpected(SafetensorsError::kBadInputMap);
    }
    InputMap out;
    const std::vector<std::uint64_t> row{input.elements()};
    POLIS_TRY_VOID(tensors.take(std::string(kMapSources), row, out.sources));
    POLIS_TRY_VOID(tensors.take(std::string(kMapInversions), row, out.inversions));
    const auto is_input = [&](std::uint32_t place) { return place < input.elements(); };
    const auto is_mask = [](std::uint8_t mask) { return mask == 0x00 || mask == 0xff; };
    if (!std::ranges::all_of(out.sources, is_input) ||
        !std::ranges::all_of(out.inversions, is_mask)) {
        return std::unexpected(SafetensorsError::kBadInputMap);
    }
    return std::optional{std::move(out)};
}

}  // namespace

Bytes export_safetensors(
    const AdmittedModel& model, const SafetensorsNotes& notes, const Mapping* mapping) {
    Writer writer;
    const std::vector<Layer>& layers = model.model().layers;
    // Wide elements first: every tensor is aligned.
    for_weighted(layers, [&](std::size_t i, const auto& layer) {
        writer.put(tensor_name(i, "bias"), {layer.outputs}, std::span(layer.bias));
        writer.put(
            tensor_name(i, "multiplier"), {layer.outputs}, std::span(layer.requantise.multiplier));
    });
    if (mapping != nullptr) {
        writer.put(
            std::string(kMapSources), {mapping->sources().size()}, std::span(mapping->sources()));
    }
    for_weighted(layers, [&](std::size_t i, const auto& layer) {
        writer.put(tensor_name(i, "weight"), weight_shape(layer), std::span(layer.weights));
        writer.put(tensor_name(i, "shift"), {layer.outputs}, std::span(layer.requantise.shift));
    });
    if (mapping != nullptr) {
        writer.put(
            std::string(kMapInversions),
            {mapping->inversions().size()},
            std::span(mapping->inversions()));
    }
    return writer.finish(model.model(), notes);
}

Result<Model, SafetensorsError> import_safetensors(ByteView file) {
    POLIS_TRY(SafetensorsFile all, read_safetensors(file));
    return std::move(all.model);
}

Result<SafetensorsFile, SafetensorsError> read_safetensors(ByteView file) {
    if (file.size() > kSafetensorsBytesMax) {
        return std::unexpected(SafetensorsError::kTooLarge);
    }
    codec::Reader reader(file);
    const auto length = reader.integer<std::uint64_t>();
    if (length > kSafetensorsHeaderBytesMax) {
        return std::unexpected(SafetensorsError::kHeaderTooLarge);
    }
    const ByteView text = reader.take(length);
    if (!reader.ok()) {
        return std::unexpected(SafetensorsError::kTruncated);
    }
    const ByteView data = file.subspan(kLengthBytes + length);
    POLIS_TRY(Header header, read_header(as_text(text)));
    POLIS_TRY_VOID(check_cover(header.entries, data.size()));
    if (header.format != kSafetensorsFormat) {
        return std::unexpected(SafetensorsError::kNoArchitecture);
    }
    SafetensorsFile out;
    POLIS_TRY(out.model, parse_architecture(header.architecture));
    out.notes = std::move(header.notes);
    Tensors tensors(std::move(header.entries), data);
    for (std::size_t i = 0; i < out.model.layers.size(); ++i) {
        POLIS_TRY_VOID(fill_layer(tensors, i, out.model.layers[i].operation));
    }
    POLIS_TRY(out.input_map, take_map(tensors, out.model.input));
    if (!tensors.empty()) {
        return std::unexpected(SafetensorsError::kUnknownTensor);
    }
    return out;
}

std::string_view to_string(SafetensorsError error) {
    switch (error) {
        case SafetensorsError::kTooLarge:
            return "the file is larger than a model may be: use a smaller model";
        case SafetensorsError::kTruncated:
            return "the file ends inside the header: fetch it again";
        case SafetensorsError::kHeaderTooLarge:
            return "the header is longer than 64 KiB: this is no file of a model";
        case SafetensorsError::kBadJson:
            return "the header is not the JSON of a safetensors file: export it again";
        case SafetensorsError::kDuplicateName:
            return "the header has a name twice: give every tensor its own";
        case SafetensorsError::kBadEntry:
            return "a tensor needs dtype, shape and data_offsets, and nothing else";
        case SafetensorsError::kBadDtype:
            return "a tensor has the wrong type: weights are I8, biases and multipliers I32, "
                   "shifts U8; a float model must be quantised first";
        case SafetensorsError::kBadShape:
            return "the shape of a tensor does not fit its layer";
        case SafetensorsError::kBadOffsets:
            return "the offsets of a tensor leave the file or do not fit its shape";
        case SafetensorsError::kOverlap:
            return "two tensors share bytes: store them one behind the other";
        case SafetensorsError::kHole:
            return "bytes between tensors belong to none: store them without gaps";
        case SafetensorsError::kTrailingBytes:
            return "bytes follow the last tensor: remove them";
        case SafetensorsError::kMissingTensor:
            return "the architecture needs a tensor that the file does not hold";
        case SafetensorsError::kUnknownTensor:
            return "the file holds a tensor that the architecture does not name: remove it";
        case SafetensorsError::kNoArchitecture:
            return "__metadata__ does not say format polis-exact/1: only integer models can be "
                   "read, export one with polis model pull";
        case SafetensorsError::kBadArchitecture:
            return "the architecture in __metadata__ is not understood: export the model again";
        case SafetensorsError::kBadInputMap:
            return "the input map names a place that is no input, or an inversion that is neither "
                   "0 nor 255: pull the model again";
    }
    return "unknown";
}

}  // namespace polis::exact
