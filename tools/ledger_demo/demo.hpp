#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <core/result.hpp>
#include <core/types.hpp>

/// `polis ledger demo`: a ledger that is killed in the middle of its work and has lost nothing.
namespace polis::tools {

inline constexpr std::uint64_t kLedgerDemoBlocksMin = 4;
inline constexpr std::uint64_t kLedgerDemoBlocksMax = 100'000;

struct LedgerDemoOptions {
    std::filesystem::path home;
    std::uint64_t blocks = 50;
    std::uint64_t transfers = 200;  ///< in each block
    std::uint64_t seed = 1;
    std::size_t threads = 1;
    std::function<void(std::string_view step, std::string_view what)> say;
};

struct LedgerDemoSummary {
    Hash genesis;
    Height acknowledged;  ///< by the writer before it was killed
    Height reopened;      ///< what the store held afterwards
    Height height;        ///< at the end
    std::uint64_t txns = 0;
    std::uint64_t write_ms = 0;      ///< of this process, after the kill
    std::uint64_t written_txns = 0;  ///< in that time
    std::uint64_t verify_ms = 0;
    std::uint64_t rows = 0;  ///< compared by the replay
    Hash state_root;
    Address account;
    Amount balance;
    Address absent;  ///< an address whose absence was proved
};

/// Creates a devnet, lets a child process write blocks, kills it at a moment that the seed chooses,
/// goes on from what the disk holds, verifies every root and two proofs.
/// @error what did not hold, for a person
[[nodiscard]] Result<LedgerDemoSummary, std::string> run_ledger_demo(
    const LedgerDemoOptions& options);

/// The child: writes and acknowledges blocks up to options.blocks, then waits to be killed.
[[nodiscard]] Result<void, std::string> run_ledger_demo_writer(const LedgerDemoOptions& options);

}  // namespace polis::tools
