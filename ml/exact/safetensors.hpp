#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/exact/model.hpp>

/// Models as safetensors (github.com/huggingface/safetensors), which other tools read. The weights
/// are tensors; `__metadata__` holds the architecture as JSON. Format: docs/formats/models.md.
namespace polis::exact {

/// Why bytes are not a safetensors file of a model.
enum class SafetensorsError : std::uint8_t {
    kTooLarge,         ///< more than kSafetensorsBytesMax bytes
    kTruncated,        ///< no room for the length and the header that it promises
    kHeaderTooLarge,   ///< a header of more than kSafetensorsHeaderBytesMax bytes
    kBadJson,          ///< the header is not the strict JSON that a header may be
    kDuplicateName,    ///< a name occurs twice in one object
    kBadEntry,         ///< a tensor has no, unknown or repeated members
    kBadDtype,         ///< a tensor has another type of element than its name asks for
    kBadShape,         ///< a shape has the wrong number of sides, or its size does not fit
    kBadOffsets,       ///< offsets run backwards or out of the data, or do not fit the shape
    kOverlap,          ///< two tensors share bytes
    kHole,             ///< bytes between tensors belong to none
    kTrailingBytes,    ///< bytes behind the last tensor
    kMissingTensor,    ///< the architecture needs a tensor that is not there
    kUnknownTensor,    ///< a tensor that the architecture does not name
    kNoArchitecture,   ///< __metadata__ holds no architecture of a known version
    kBadArchitecture,  ///< the architecture is not what the format says
    kNotAdmitted,      ///< the model breaks a rule; admit() says which
    kNotCanonical,     ///< it holds a model, but in other bytes than export_safetensors writes
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(SafetensorsError error);

/// The architecture without numbers: what `__metadata__` says of the layers, as JSON.
[[nodiscard]] std::string architecture_json(const Model& model);

/// The file of a model; import_safetensors gives the model back, and the same bytes.
[[nodiscard]] Bytes export_safetensors(const AdmittedModel& model);

/// @error every SafetensorsError
[[nodiscard]] Result<AdmittedModel, SafetensorsError> import_safetensors(ByteView file);

}  // namespace polis::exact
