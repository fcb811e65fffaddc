#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <tools/failure.hpp>

/// What the build of a contract does with bytes: the ABI out of an object file, into a module.
namespace polis::tools::contract {

/// The custom section of a module that holds its ABI.
inline constexpr std::string_view kAbiSection = "polis.abi";

/// The ABI that vm/sdk/abi.hpp put into an object file compiled with POLIS_ABI.
/// @return nothing if there is none
[[nodiscard]] std::optional<std::string> find_abi(ByteView object);

/// The module with a custom section at its end; one of the same name that it has is dropped.
/// @error the bytes are no WebAssembly
[[nodiscard]] Fallible<Bytes> with_custom_section(
    ByteView wasm, std::string_view name, ByteView content);

/// The content of the first custom section of this name.
/// @return nothing if there is none, or the bytes are no WebAssembly
[[nodiscard]] std::optional<ByteView> custom_section(ByteView wasm, std::string_view name);

}  // namespace polis::tools::contract
