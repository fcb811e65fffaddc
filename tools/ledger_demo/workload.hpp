#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <genesis/devnet.hpp>
#include <ledger/chain.hpp>
#include <ledger/payload.hpp>
#include <ledger/validation.hpp>

/// What happens on the chain of `polis ledger demo`.
namespace polis::tools {

struct WorkloadOptions {
    std::uint64_t seed = 1;
    std::size_t transfers = 200;  ///< in each block
    genesis::DevnetOptions devnet;
};

/// Signed transfers between the public accounts of a devnet and to new addresses, and now and then
/// a delegation, its unbonding and the withdrawal.
///
/// A block depends on the seed and on the state beneath it, on nothing else: whoever continues a
/// chain, after whatever crash, writes the blocks that would have been written anyway.
class Workload {
  public:
    explicit Workload(const WorkloadOptions& options);

    /// Makes the next block as its proposer would, then checks and applies it as everybody else.
    /// @return its number of transactions; an error says for a person what failed
    [[nodiscard]] Result<std::size_t, std::string> write_block(
        ledger::Chain& chain, WorkerPool& workers) const;

  private:
    struct Order {
        std::size_t account;
        ledger::Payload payload;
    };

    [[nodiscard]] std::vector<Order> orders(const ledger::Params& params, Height height) const;
    void add_staking(std::vector<Order>& orders, const ledger::Params& params, Height height) const;
    [[nodiscard]] ledger::StoreResult<std::vector<ledger::TxnBody>> bodies(
        ledger::Chain& chain, const std::vector<Order>& orders) const;
    [[nodiscard]] Result<ledger::CheckedBlock, std::string> assemble(
        ledger::Chain& chain, WorkerPool& workers) const;

    const std::uint64_t seed_;
    const std::size_t transfers_;
    std::vector<crypto::SigningKey> keys_;
    std::vector<Address> accounts_;
    std::vector<Address> validators_;
};

}  // namespace polis::tools
