#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <core/check.hpp>

namespace polis {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// `N` bytes with a meaning of their own: a hash is not a public key, though both hold 32 bytes.
/// Ordered as big-endian unsigned numbers, that is, lexicographically.
template <class Tag, std::size_t N>
struct FixedBytes {
    static constexpr std::size_t kSize = N;

    std::array<std::uint8_t, N> data{};

    /// @pre view.size() == N
    static FixedBytes from_view(ByteView view);

    [[nodiscard]] ByteView view() const { return ByteView{data}; }

    [[nodiscard]] bool is_zero() const {
        return std::ranges::all_of(data, [](std::uint8_t byte) { return byte == 0; });
    }

    bool operator==(const FixedBytes&) const = default;

    /// Nearly always decided by the first word: trees of hashes spend their time here.
    constexpr std::strong_ordering operator<=>(const FixedBytes& other) const {
        if !consteval {
            if (N >= sizeof(std::uint64_t) && first_word() != other.first_word()) {
                return first_word() <=> other.first_word();
            }
        }
        return data <=> other.data;
    }

  private:
    /// The first bytes as a number; of no use for fewer than 8.
    [[nodiscard]] std::uint64_t first_word() const {
        static_assert(std::endian::native == std::endian::little);
        std::uint64_t out = 0;
        std::memcpy(&out, data.data(), std::min(N, sizeof out));
        return std::byteswap(out);
    }
};

/// The bytes of a text, without a terminator.
inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The text that these bytes spell; no encoding is checked.
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

inline bool equal(ByteView left, ByteView right) { return std::ranges::equal(left, right); }

inline bool less(ByteView left, ByteView right) {
    return std::ranges::lexicographical_compare(left, right);
}

/// Big-endian, so that byte order is number order (database keys).
template <class Unsigned>
std::array<std::uint8_t, sizeof(Unsigned)> big_endian(Unsigned value) {
    std::array<std::uint8_t, sizeof(Unsigned)> out{};
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
        out[sizeof(Unsigned) - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return out;
}

/// @pre bytes.size() >= sizeof(Unsigned)
template <class Unsigned>
Unsigned from_big_endian(ByteView bytes) {
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
        value = static_cast<Unsigned>((value << 8) | bytes[i]);
    }
    return value;
}

template <class Tag, std::size_t N>
FixedBytes<Tag, N> FixedBytes<Tag, N>::from_view(ByteView view) {
    FixedBytes out;
    POLIS_ASSERT_OP(view.size(), ==, N);
    std::memcpy(out.data.data(), view.data(), N);
    return out;
}

}  // namespace polis
