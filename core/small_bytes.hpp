#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include <core/bytes.hpp>
#include <core/check.hpp>

namespace polis {

/// Bytes that live inside the object up to 28 of them, and on the heap beyond.
///
/// A ledger holds millions of short records, and one allocation for each costs more than the
/// record.
class SmallBytes {
  public:
    static constexpr std::size_t kInlineMax = 28;

    SmallBytes() = default;

    /// @pre less than 4 GiB
    SmallBytes(ByteView bytes) { assign(bytes); }  // NOLINT(google-explicit-constructor)

    SmallBytes(const Bytes& bytes)  // NOLINT(google-explicit-constructor)
        : SmallBytes(ByteView{bytes}) {}

    SmallBytes(const SmallBytes& other) : SmallBytes(other.view()) {}

    SmallBytes(SmallBytes&& other) noexcept { steal(other); }

    SmallBytes& operator=(const SmallBytes& other) {
        if (this != &other) {
            release();
            assign(other.view());
        }
        return *this;
    }

    SmallBytes& operator=(SmallBytes&& other) noexcept {
        if (this != &other) {
            release();
            steal(other);
        }
        return *this;
    }

    ~SmallBytes() { release(); }

    [[nodiscard]] ByteView view() const { return {data(), size_}; }

    operator ByteView() const { return view(); }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] bool empty() const { return size_ == 0; }

    /// Bytes outside the object.
    [[nodiscard]] std::size_t heap_bytes() const { return is_inline() ? 0 : size_; }

    bool operator==(const SmallBytes& other) const { return equal(view(), other.view()); }

  private:
    [[nodiscard]] bool is_inline() const { return size_ <= kInlineMax; }

    [[nodiscard]] const std::uint8_t* data() const {
        return is_inline() ? room_.data() : pointer();
    }

    [[nodiscard]] std::uint8_t* pointer() const {
        std::uint8_t* out = nullptr;
        std::memcpy(static_cast<void*>(&out), room_.data(), sizeof(out));
        return out;
    }

    /// @pre nothing is held on the heap
    void assign(ByteView bytes) {
        POLIS_ASSERT_OP(bytes.size(), <=, std::numeric_limits<std::uint32_t>::max());
        size_ = static_cast<std::uint32_t>(bytes.size());
        std::uint8_t* target = room_.data();
        if (!is_inline()) {
            target = new std::uint8_t[size_];
            std::memcpy(room_.data(), static_cast<const void*>(&target), sizeof(target));
        }
        std::ranges::copy(bytes, target);
    }

    void steal(SmallBytes& other) noexcept {
        room_ = other.room_;
        size_ = std::exchange(other.size_, 0);
    }

    void release() noexcept {
        if (!is_inline()) {
            delete[] pointer();
            size_ = 0;
        }
    }

    std::array<std::uint8_t, kInlineMax> room_{};  ///< the bytes, or a pointer to them
    std::uint32_t size_ = 0;
};

}  // namespace polis
