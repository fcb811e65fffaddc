#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/chain.hpp>

/// Trust nothing that is stored: execute a chain again from its genesis and compare.
namespace polis::tools {

struct ReplayProgress {
    Height height;  ///< executed so far
    Height head;
    std::uint64_t txns = 0;
};

struct ReplayOptions {
    std::size_t threads = 1;  ///< for signatures
    std::function<void(const ReplayProgress&)> on_block;
};

struct ReplaySummary {
    Height height;
    Hash genesis;
    Hash block;       ///< at the height
    Hash state_root;  ///< after it
    std::uint64_t txns = 0;
    std::uint64_t rows = 0;  ///< compared with the store, one by one
};

/// The first thing that is not as execution gives it.
struct ReplayFault {
    Height height;
    std::string what;      ///< "state root", "signature", "row T:ab12"
    std::string expected;  ///< by execution; empty if the store could not be read
    std::string found;     ///< in the store, or the store's own words with their cure
};

/// "height 7: state root: expected 0x.., found 0x.."
[[nodiscard]] std::string describe(const ReplayFault& fault);

/// Builds the genesis from the stored preset, executes every stored block in memory and checks each
/// link, signature, receipt, root and row of the store, until nothing but snapshots is unchecked.
/// Memory: the state and one block. @pre nobody writes to the store meanwhile
[[nodiscard]] Result<ReplaySummary, ReplayFault> replay(
    const ledger::Chain& stored, const ReplayOptions& options);

}  // namespace polis::tools
