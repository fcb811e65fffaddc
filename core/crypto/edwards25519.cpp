#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <core/check.hpp>
#include <core/crypto/edwards25519.hpp>

namespace polis::crypto::edwards25519 {

namespace {

using Number = std::array<std::uint8_t, 32>;  ///< little-endian, as on the wire

/// L = 2^252 + 27742317777372353535851937790883648493.
constexpr Number kOrder{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/// 2^255 - offset for a small offset: p is offset 19.
constexpr Number below_2_255(std::uint8_t offset) {
    Number out;
    out.fill(0xff);
    out[0] = static_cast<std::uint8_t>(0x100 - offset);
    out[31] = 0x7f;
    return out;
}

constexpr Number kPrime = below_2_255(19);
constexpr Number kMinusOne = below_2_255(20);
constexpr Number kZero{};
constexpr Number kOne{1};

/// The two y of the four points of order 8.
constexpr Number kOrderEightY1{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                               0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                               0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
constexpr Number kOrderEightY2{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
                               0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
                               0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};

bool below(const Number& left, const Number& right) {
    return std::lexicographical_compare(left.rbegin(), left.rend(), right.rbegin(), right.rend());
}

Number number_of(ByteView bytes) {
    POLIS_ASSERT_OP(bytes.size(), ==, 32);
    Number out;
    std::ranges::copy(bytes, out.begin());
    return out;
}

Number y_of(ByteView bytes) {
    Number out = number_of(bytes);
    out[31] &= 0x7f;
    return out;
}

}  // namespace

bool is_canonical_encoding(ByteView bytes) {
    const Number y = y_of(bytes);
    const bool has_sign = (bytes[31] & 0x80) != 0;
    const bool x_is_zero = y == kOne || y == kMinusOne;
    return below(y, kPrime) && !(has_sign && x_is_zero);
}

bool is_small_order(ByteView bytes) {
    const Number y = y_of(bytes);
    return y == kZero || y == kOne || y == kMinusOne || y == kOrderEightY1 || y == kOrderEightY2;
}

bool is_reduced_scalar(ByteView bytes) { return below(number_of(bytes), kOrder); }

}  // namespace polis::crypto::edwards25519
