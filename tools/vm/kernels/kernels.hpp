#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <core/bytes.hpp>

/// Small programs, each compiled twice from one source: for the contract VM and for this machine.
namespace polis::tools::kernels {

struct Kernel {
    std::string_view name;
    std::uint64_t (*native)(std::uint32_t size);  ///< clang -O2
    ByteView wasm;                                ///< exports the same as "run"
    std::uint32_t size = 0;                       ///< a few milliseconds on the processor itself
};

/// Nothing if the build had no compiler for wasm32.
[[nodiscard]] std::span<const Kernel> all();

/// A module of about the largest size that a contract may have. Empty if all() is.
[[nodiscard]] ByteView large_module();

}  // namespace polis::tools::kernels
