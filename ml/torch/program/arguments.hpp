#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <core/result.hpp>

namespace polis::trainer {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitTargetMissed = 3;  ///< the model is written all the same
inline constexpr int kExitOutOfMemory = 4;
inline constexpr int kExitSignal = 128;  ///< and the number of the signal

/// `--name value` and `--name`, in any order. Plain on purpose: a trainer alone is built from
/// libtorch and libsodium.
class Arguments {
  public:
    /// @param valued options that take a value. @param flags those that do not
    /// @error a line for people: unknown, repeated, or without its value
    [[nodiscard]] static Result<Arguments, std::string> parse(
        std::span<char* const> words,
        std::span<const std::string_view> valued,
        std::span<const std::string_view> flags);

    [[nodiscard]] bool has(std::string_view name) const;

    [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;

    /// @error a line for people: no decimal number of at most `most`
    [[nodiscard]] Result<std::uint64_t, std::string> number(
        std::string_view name, std::uint64_t otherwise, std::uint64_t most) const;

    /// A fraction between 0 and 1, in millionths. @error a line for people
    [[nodiscard]] Result<std::uint32_t, std::string> ppm(
        std::string_view name, std::uint32_t otherwise) const;

    /// Parts between commas; empty without the option.
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;

  private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace polis::trainer
