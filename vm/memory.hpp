#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <vm/types.hpp>

namespace polis::vm {

/// The linear memory of an instance: zeroed, at one place for its whole life.
///
/// Address space for the maximum is reserved at once and pages are taken as they are touched, so
/// that growing never moves anything and fails by the maximum only.
class Memory {
  public:
    /// @param pages_max of the protocol: what holds if `limits` has no maximum or a larger one
    /// @return nothing if the machine has no such room
    [[nodiscard]] static std::unique_ptr<Memory> create(
        const Limits& limits, std::uint32_t pages_max);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    [[nodiscard]] std::uint8_t* data() const { return base_; }

    [[nodiscard]] std::uint64_t size() const { return size_; }

    [[nodiscard]] std::uint32_t pages() const;

    /// As declared: what an import is compared with.
    [[nodiscard]] const Limits& limits() const { return limits_; }

    /// @return the pages before, or nothing if there would be more than the maximum
    std::optional<std::uint32_t> grow(std::uint32_t pages);

    /// @return nothing if they do not lie within; no sum overflows
    [[nodiscard]] std::optional<std::span<std::uint8_t>> bytes(
        std::uint64_t begin, std::uint64_t size) const;

  private:
    Memory(void* reserved, const Limits& limits, std::uint32_t pages_max);

    void ask_for_large_pages();

    void* const reserved_;
    std::uint8_t* const base_;  ///< within what is reserved
    const Limits limits_;
    const std::uint32_t pages_max_;
    std::uint64_t size_ = 0;
};

}  // namespace polis::vm
