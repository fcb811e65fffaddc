#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ml/exact/model.hpp>
#include <ml/exact/shape.hpp>

namespace polis::exact {

/// The secure mapping layer of PoLe: a keyed signed permutation of the pixels of a sample. A node
/// trains on mapped samples only, and its model is evaluated behind its own map only.
///
/// What it is: a mark of ownership. A copied model that is presented under another key meets the
/// wrong map and scores like chance. It is exact in integers and costs a flat model no accuracy,
/// because it only renames and mirrors the inputs.
/// What it is not: a cipher. Seeds are public, so whoever holds a model can undo the map in its
/// first layer (mechanisms.md, I: full accuracy without training). Commitments stop theft of models
/// before the reveal; this map stops only plain copies.
///
/// Source: PoLe paper, secure mapping layer; differs because Z is a signed permutation and not a
/// random matrix: there is nothing to round. Spec: docs/spec/models.md [M14] to [M16].
class Mapping {
  public:
    enum class Kind : std::uint8_t {
        kFlat,     ///< all values of the sample change places
        kPatches,  ///< places change within patches, alike in every patch and channel
    };

    /// Derives the map of a seed for samples of `shape`. Patches are squares of kPatchSide; where
    /// that does not divide both sides of a plane, whole rows.
    /// @pre the shape is within limits.hpp. Cost: one hash for 4 values.
    [[nodiscard]] static Mapping derive(const Hash& seed, const Shape& shape, Kind kind);

    /// kPatches if a convolution reads the sample, kFlat otherwise.
    [[nodiscard]] static Kind kind_for(const ModelFacts& facts);

    [[nodiscard]] const Shape& shape() const { return shape_; }

    /// out[i] = sample[source[i]], inverted (255 - x) where the map says so.
    /// @pre both have shape().elements() values and do not overlap
    void apply(ByteView sample, std::span<std::uint8_t> out) const;

    [[nodiscard]] Bytes apply(ByteView sample) const;

    /// For every value of the result: where it comes from, and 0xff where it is inverted.
    [[nodiscard]] const std::vector<std::uint32_t>& sources() const { return sources_; }

    [[nodiscard]] const Bytes& inversions() const { return inversions_; }

  private:
    Mapping() = default;

    Shape shape_;
    std::vector<std::uint32_t> sources_;
    Bytes inversions_;  ///< 0x00 or 0xff: x ^ 0xff is 255 - x
};

}  // namespace polis::exact
