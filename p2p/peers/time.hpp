#pragma once

#include <cstdint>

#include <core/integer.hpp>
#include <core/types.hpp>

/// Times of drivers, which may be anything: none of these overflows.
namespace polis::p2p {

[[nodiscard]] inline TimeMs later(TimeMs time, std::uint64_t ms) {
    return TimeMs{saturating_add(time.value, ms)};
}

[[nodiscard]] inline std::uint64_t ms_between(TimeMs first, TimeMs last) {
    return last > first ? last.value - first.value : 0;
}

}  // namespace polis::p2p
