#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <tools/devnet/devnet.hpp>

namespace polis::tools::devnet {

/// The newest bytes of each log that go into a bundle, and how many blocks.
inline constexpr std::uint64_t kBundleLogBytes = std::uint64_t{4} << 20;
inline constexpr std::uint64_t kBundleBlocks = 20;

/// What a person who looks for a fault needs, as a compressed tar file: status, configurations,
/// logs, metrics, the last blocks. No key and no token.
/// @error a file that exists, no `tar` program
[[nodiscard]] Fallible<void> write_bundle(
    const Devnet& devnet, const std::filesystem::path& file, const std::string& version);

}  // namespace polis::tools::devnet
