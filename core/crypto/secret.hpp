#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <core/bytes.hpp>
#include <core/check.hpp>

namespace polis::crypto {

/// Overwrites bytes in a way that the compiler does not leave out.
void wipe(std::span<std::uint8_t> bytes);

/// `N` secret bytes that are wiped at the end of their life. Move-only: no stray copies.
template <std::size_t N>
class SecretBytes {
  public:
    static constexpr std::size_t kSize = N;

    SecretBytes() = default;

    /// @pre bytes.size() == N
    explicit SecretBytes(ByteView bytes) {
        POLIS_ASSERT_OP(bytes.size(), ==, N);
        std::ranges::copy(bytes, data_.begin());
    }

    SecretBytes(SecretBytes&& other) noexcept : data_(other.data_) { wipe(other.data_); }

    SecretBytes& operator=(SecretBytes&& other) noexcept {
        if (this != &other) {
            data_ = other.data_;
            wipe(other.data_);
        }
        return *this;
    }

    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;

    ~SecretBytes() { wipe(data_); }

    [[nodiscard]] ByteView view() const { return ByteView{data_}; }

    [[nodiscard]] std::span<std::uint8_t, N> mutable_view() { return data_; }

  private:
    std::array<std::uint8_t, N> data_{};
};

using Secret32 = SecretBytes<32>;

}  // namespace polis::crypto
