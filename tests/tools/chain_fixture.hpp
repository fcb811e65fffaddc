#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <ledger/chain.hpp>
#include <ledger/store/memory_store.hpp>

/// Chains for the tests of tools.
namespace polis::tools::testing {

/// Everything in the store of a devnet chain of this height, with transfers and all of staking.
[[nodiscard]] ledger::MemoryImage chain_image(std::uint64_t height);

/// A chain on a copy of the image; a test failure and nothing if it does not open.
[[nodiscard]] std::unique_ptr<ledger::Chain> open_image(const ledger::MemoryImage& image);

/// What is in the chain's memory store now.
[[nodiscard]] ledger::MemoryImage image_of(const ledger::Chain& chain);

/// A fresh directory that goes away with this object.
class TempDir {
  public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace polis::tools::testing
