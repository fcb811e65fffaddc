#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/exact/mapping.hpp>
#include <ml/exact/model.hpp>

/// Models as safetensors (github.com/huggingface/safetensors), which other tools read. Weights,
/// biases, multipliers and shifts are tensors; `__metadata__` holds the architecture as JSON.
/// Format: docs/formats/models.md.
namespace polis::exact {

/// Why bytes are not a safetensors file of a model.
enum class SafetensorsError : std::uint8_t {
    kTooLarge,         ///< more than kSafetensorsBytesMax bytes
    kTruncated,        ///< no room for the length, or for the header that it promises
    kHeaderTooLarge,   ///< a header of more than kSafetensorsHeaderBytesMax bytes
    kBadJson,          ///< the header is not JSON, or holds values where none of their kind belongs
    kDuplicateName,    ///< a name occurs twice in one object
    kBadEntry,         ///< a tensor lacks a member, or has an unknown one
    kBadDtype,         ///< a tensor has another type of element than its place asks for
    kBadShape,         ///< a shape has the wrong number of sides, or is not what the layer asks for
    kBadOffsets,       ///< offsets run backwards, out of the data, or do not fit the shape
    kOverlap,          ///< two tensors share bytes
    kHole,             ///< bytes between tensors belong to none
    kTrailingBytes,    ///< bytes behind the last tensor
    kMissingTensor,    ///< the architecture needs a tensor that is not there
    kUnknownTensor,    ///< a tensor that the architecture does not name
    kNoArchitecture,   ///< `__metadata__` holds no architecture of this format
    kBadArchitecture,  ///< the architecture is not what the format says
    kBadInputMap,      ///< a place that is no input, or an inversion that is neither 0 nor 255
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(SafetensorsError error);

/// `format` in `__metadata__`.
inline constexpr std::string_view kSafetensorsFormat = "polis-exact/1";

/// What else `__metadata__` says, by name: printable ASCII without quotes and backslashes.
using SafetensorsNotes = std::map<std::string, std::string, std::less<>>;

/// The map that samples need before this model sees them, as the file holds it:
/// `input_map.sources` and `input_map.inversions`.
struct InputMap {
    std::vector<std::uint32_t> sources;
    Bytes inversions;  ///< 0x00 or 0xff

    bool operator==(const InputMap&) const = default;
};

/// All that a file holds.
struct SafetensorsFile {
    Model model;  ///< not yet admitted
    SafetensorsNotes notes;
    std::optional<InputMap> input_map;
};

/// The layers of a model without their numbers, as JSON in one line.
[[nodiscard]] std::string architecture_json(const Model& model);

/// The file of a model. One model has one file; import_safetensors gives the model back.
/// Admission bounds the architecture, so that the header keeps its limit.
/// @param notes at most kSafetensorsNotesBytesMax with their names
/// @param mapping goes along as tensors; null: samples need none
[[nodiscard]] Bytes export_safetensors(
    const AdmittedModel& model,
    const SafetensorsNotes& notes = {},
    const Mapping* mapping = nullptr);

/// Reads a file that holds a model, whoever wrote it: tensors may be in any order and the header
/// spaced at will. Nothing is set aside for a size that the bytes do not hold. The model is not yet
/// admitted: see admit().
/// @error every SafetensorsError
[[nodiscard]] Result<SafetensorsFile, SafetensorsError> read_safetensors(ByteView file);

/// The model alone. @error as read_safetensors()
[[nodiscard]] Result<Model, SafetensorsError> import_safetensors(ByteView file);

}  // namespace polis::exact
