#pragma once

#include <filesystem>
#include <string>

#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>

/// A secret seed on disk: one line of hexadecimal that only its owner may read.
namespace polis::node {

/// Writes a new file with mode 0600. @error if the file exists: a key is never overwritten
[[nodiscard]] Result<void, std::string> write_key_file(
    const std::filesystem::path& file, const crypto::Seed& seed);

/// @error missing, readable by others, or not a key
[[nodiscard]] Result<crypto::Seed, std::string> read_key_file(const std::filesystem::path& file);

/// A seed of 64 hexadecimal digits. @error for any other text
[[nodiscard]] Result<crypto::Seed, std::string> parse_seed(const std::string& text);

}  // namespace polis::node
