#pragma once

#include <vector>

#include <core/bytes.hpp>
#include <ml/exact/model.hpp>

namespace polis::exact::tests {

/// The logits by the formulas of docs/spec/models.md, written down as they stand: no tiles, no
/// padding in memory, 128 bits everywhere. @pre the model was admitted
[[nodiscard]] std::vector<std::int32_t> reference_logits(const Model& model, ByteView sample);

}  // namespace polis::exact::tests
