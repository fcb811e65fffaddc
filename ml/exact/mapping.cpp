#include <ml/exact/mapping.hpp>

#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::exact {

namespace {

/// 64-bit words from a seed: word 4k + j is bytes 8j to 8j + 7, little-endian, of
/// H[polis.ml.map](seed | k as u64).
class Words {
  public:
    explicit Words(const Hash& seed) : seed_(seed) {}

    std::uint64_t next() {
        if (used_ == kPerBlock) {
            const Hash block = crypto::Blake2b256(crypto::kDomainMapping)
                                   .update(seed_.view())
                                   .update(codec::encode(blocks_++))
                                   .finish();
            codec::Reader reader(block.view());
            for (std::uint64_t& word : words_) {
                word = reader.integer<std::uint64_t>();
            }
            used_ = 0;
        }
        return words_[used_++];
    }

    /// Uniform in [0, bound): draws again where a remainder would be likelier than others.
    /// @pre bound > 0
    std::uint64_t below(std::uint64_t bound) {
        constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
        const std::uint64_t lost = (kMax % bound + 1) % bound;  // 2^64 mod bound
        std::uint64_t word = next();
        while (word > kMax - lost) {
            word = next();
        }
        return word % bound;
    }

  private:
    static constexpr std::size_t kPerBlock = 4;

    Hash seed_;
    std::uint64_t blocks_ = 0;
    std::array<std::uint64_t, kPerBlock> words_{};
    std::size_t used_ = kPerBlock;
};

/// A signed permutation of `count` places.
struct Signed {
    std::vector<std::uint32_t> sources;
    Bytes inversions;
};

/// Fisher-Yates from the top, then one bit for each place, from the lowest of each word.
Signed draw(const Hash& seed, std::size_t count) {
    Words words(seed);
    Signed out;
    out.sources.resize(count);
    std::iota(out.sources.begin(), out.sources.end(), 0U);
    for (std::size_t i = count; i > 1; --i) {
        std::swap(out.sources[i - 1], out.sources[words.below(i)]);
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
        bits = i % 64 == 0 ? words.next() : bits >> 1;
        out.inversions.push_back((bits & 1) != 0 ? 0xff : 0x00);
    }
    return out;
}

struct Patch {
    std::uint32_t height;
    std::uint32_t width;
};

Patch patch_of(const Shape& shape) {
    if (shape.height % kPatchSide == 0 && shape.width % kPatchSide == 0) {
        return {kPatchSide, kPatchSide};
    }
    return {1, shape.width};
}

}  // namespace

Mapping Mapping::derive(const Hash& seed, const Shape& shape, Kind kind) {
    Mapping out;
    out.shape_ = shape;
    if (kind == Kind::kFlat) {
        Signed all = draw(seed, shape.elements());
        out.sources_ = std::move(all.sources);
        out.inversions_ = std::move(all.inversions);
        return out;
    }
    const Patch patch = patch_of(shape);
    const Signed within = draw(seed, std::size_t{patch.height} * patch.width);
    out.sources_.reserve(shape.elements());
    out.inversions_.reserve(shape.elements());
    for (std::uint32_t row = 0; row < shape.channels * shape.height; ++row) {
        // Patches do not cross planes, because their height divides that of a plane.
        const std::uint32_t top = row - row % patch.height;
        for (std::uint32_t x = 0; x < shape.width; ++x) {
            const std::uint32_t place = row % patch.height * patch.width + x % patch.width;
            const std::uint32_t from = within.sources[place];
            const std::uint32_t left = x - x % patch.width;
            out.sources_.push_back(
                (top + from / patch.width) * shape.width + left + from % patch.width);
            out.inversions_.push_back(within.inversions[place]);
        }
    }
    return out;
}

Mapping::Kind Mapping::kind_for(const ModelFacts& facts) {
    return facts.begins_with_convolution ? Kind::kPatches : Kind::kFlat;
}

void Mapping::apply(ByteView sample, std::span<std::uint8_t> out) const {
    POLIS_ASSERT_OP(sample.size(), ==, sources_.size());
    POLIS_ASSERT_OP(out.size(), ==, sources_.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = sample[sources_[i]] ^ inversions_[i];
    }
}

Bytes Mapping::apply(ByteView sample) const {
    Bytes out(sample.size());
    apply(sample, out);
    return out;
}

}  // namespace polis::exact
