#pragma once

#include <cstdint>
#include <string>

namespace polis::tools {

/// `polis ledger bench`: what the ledger costs without network and consensus.
struct LedgerBenchOptions {
    std::uint64_t accounts = 1'000'000;
    std::uint64_t transfers = 100'000;
    std::uint64_t block_txns = 10'000;
    std::uint64_t cache_mib = 256;  ///< records kept in memory
    std::uint64_t seed = 1;
    std::string home;       ///< empty: a temporary directory, removed at the end
    bool one_core = false;  ///< pin every thread, LevelDB's too, to one core
    bool json = false;
};

/// Builds a store of `accounts`, applies blocks of unsigned transfers between random accounts (each
/// block executed, its root computed, written as one batch and synced), reopens the store, takes
/// proofs, and measures admission against raw signature verification. Prints a table or JSON.
/// @return the exit code: 0, or 1 after a message about what failed
[[nodiscard]] int run_ledger_bench(const LedgerBenchOptions& options);

}  // namespace polis::tools
