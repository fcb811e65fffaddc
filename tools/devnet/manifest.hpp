#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <genesis/devnet.hpp>
#include <tools/failure.hpp>

/// devnet.toml: what a devnet is made from. The same file and seed give the same keys, genesis and
/// ports.
namespace polis::tools::devnet {

inline constexpr std::size_t kNodesMax = 64;
inline constexpr std::uint16_t kPortStep = 10;  ///< from one node's ports to the next one's
inline constexpr std::uint16_t kBasePort = 26'600;
inline constexpr std::uint16_t kBasePortMin = 1'024;
inline constexpr std::size_t kAccountsMax = 10'000;
inline constexpr std::uint64_t kBlockIntervalMsMin = 10;
inline constexpr std::uint64_t kBlockIntervalMsMax = 60'000;

struct Manifest {
    std::size_t nodes = 4;
    std::string election = "dpos";
    std::string seed{genesis::kDevSeed};
    std::size_t accounts = 10;
    std::uint64_t block_interval_ms = 500;
    std::uint16_t base_port = 0;  ///< 0: the first free block of ports when it is made

    bool operator==(const Manifest&) const = default;
};

/// What the command line says; nothing where it is silent.
struct ManifestFlags {
    std::optional<std::size_t> nodes;
    std::optional<std::string> election;
    std::optional<std::string> seed;
    std::optional<std::size_t> accounts;
    std::optional<std::uint64_t> block_interval_ms;
    std::optional<std::uint16_t> base_port;
};

[[nodiscard]] std::filesystem::path manifest_file(const std::filesystem::path& home);

[[nodiscard]] std::string to_toml(const Manifest& manifest);

/// Text as a TOML string.
[[nodiscard]] std::string toml_text(const std::string& text);

/// The file's keys over the flags over the defaults.
/// @error syntax, an unknown key with a suggestion, a value out of range, or a flag that says
/// something else than the file
[[nodiscard]] Fallible<Manifest> parse_manifest(
    std::string_view text, const std::string& file, const ManifestFlags& flags);

/// Flags over defaults.
[[nodiscard]] Manifest manifest_of(const ManifestFlags& flags);

}  // namespace polis::tools::devnet
