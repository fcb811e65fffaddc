#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/chain.hpp>

/// A chain as one file: its preset and its blocks, from which everything else follows.
///
///     magic "POLISBLK", version u32
///     length u32, preset as it was read
///     head height u64, head block hash 32 bytes
///     for each height from 1: length u32, the block's bytes
///
/// Numbers are little-endian. Whoever imports executes every block, so a file can be refused but
/// cannot lie.
namespace polis::node {

struct ArchiveSummary {
    Height height;
    Hash block;
    Hash state_root;
    std::uint64_t txns = 0;
    std::uint64_t bytes = 0;
};

/// Told of each block that is done, and of the last one to come.
using ArchiveProgress = std::function<void(Height height, Height head)>;

/// Writes a new file; a file of this name is not overwritten. @error one line with cause and cure
[[nodiscard]] Result<ArchiveSummary, std::string> export_chain(
    const ledger::Chain& chain, const std::filesystem::path& file, const ArchiveProgress& progress);

/// Creates the chain of the file in `home`, or goes on with one that an earlier import left there,
/// and applies every block after all checks that a network's blocks get.
/// @error one line with cause and cure; what was applied before stays
[[nodiscard]] Result<ArchiveSummary, std::string> import_chain(
    const std::filesystem::path& file,
    const std::filesystem::path& home,
    std::size_t threads,
    const ArchiveProgress& progress);

}  // namespace polis::node
