#pragma once

#include <cstddef>
#include <cstdint>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Small decisions taken from the front of an input; zeros once it is used up.
class Choices {
  public:
    explicit Choices(ByteView bytes) : bytes_(bytes) {}

    std::uint8_t byte() {
        if (bytes_.empty()) {
            return 0;
        }
        const std::uint8_t out = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return out;
    }

    /// At most `count` bytes.
    ByteView take(std::size_t count) {
        const ByteView out = bytes_.first(count < bytes_.size() ? count : bytes_.size());
        bytes_ = bytes_.subspan(out.size());
        return out;
    }

    [[nodiscard]] ByteView rest() const { return bytes_; }

    [[nodiscard]] bool empty() const { return bytes_.empty(); }

  private:
    ByteView bytes_;
};

}  // namespace polis::fuzz
