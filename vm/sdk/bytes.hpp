#pragma once

#include <vm/sdk/memory.hpp>
#include <vm/sdk/types.hpp>

namespace polis::sdk {

/// Bytes that somebody else keeps for the whole call. Copies are cheap and show the same bytes.
class Bytes {
  public:
    constexpr Bytes() = default;

    constexpr Bytes(const u8* data, size_t size) : data_(data), size_(size) {}

    [[nodiscard]] constexpr const u8* data() const { return data_; }

    [[nodiscard]] constexpr size_t size() const { return size_; }

    [[nodiscard]] constexpr bool is_empty() const { return size_ == 0; }

    [[nodiscard]] u8 operator[](size_t index) const {
        require(index < size_, "index beyond the end of bytes");
        return data_[index];
    }

    bool operator==(const Bytes& other) const {
        return size_ == other.size_ && same_bytes(data_, other.data_, size_);
    }

  private:
    const u8* data_ = nullptr;
    size_t size_ = 0;
};

/// UTF-8 that somebody else keeps for the whole call.
class String {
  public:
    constexpr String() = default;

    constexpr String(const char* data, size_t size) : data_(data), size_(size) {}

    /// A literal. Implicit, so that a literal is what it looks like.
    constexpr String(const char* text) : data_(text) {
        while (text[size_] != '\0') {
            ++size_;
        }
    }

    [[nodiscard]] constexpr const char* data() const { return data_; }

    [[nodiscard]] constexpr size_t size() const { return size_; }

    [[nodiscard]] constexpr bool is_empty() const { return size_ == 0; }

    [[nodiscard]] Bytes bytes() const { return {reinterpret_cast<const u8*>(data_), size_}; }

    bool operator==(const String& other) const {
        return size_ == other.size_ && same_bytes(data_, other.data_, size_);
    }

  private:
    const char* data_ = nullptr;
    size_t size_ = 0;
};

/// A fixed number of bytes with a meaning.
template <class Tag, size_t N>
struct FixedBytes {
    static constexpr size_t kSize = N;

    u8 data[N] = {};

    [[nodiscard]] Bytes bytes() const { return {data, N}; }

    [[nodiscard]] bool is_zero() const { return *this == FixedBytes{}; }

    bool operator==(const FixedBytes& other) const { return same_bytes(data, other.data, N); }

    /// In the order of the bytes.
    bool operator<(const FixedBytes& other) const {
        return __builtin_memcmp(data, other.data, N) < 0;
    }
};

using Address = FixedBytes<struct AddressTag, 20>;
using Hash = FixedBytes<struct HashTag, 32>;

}  // namespace polis::sdk
