#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <ledger/chain.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/support/temp_dir.hpp>

/// Chains for the tests of tools.
namespace polis::tools::testing {

/// Everything in the store of a devnet chain of this height, with transfers and all of staking.
[[nodiscard]] ledger::MemoryImage chain_image(std::uint64_t height);

/// A chain on a copy of the image; a test failure and nothing if it does not open.
[[nodiscard]] std::unique_ptr<ledger::Chain> open_image(const ledger::MemoryImage& image);

/// What is in the chain's memory store now.
[[nodiscard]] ledger::MemoryImage image_of(const ledger::Chain& chain);

using polis::testing::TempDir;

}  // namespace polis::tools::testing
