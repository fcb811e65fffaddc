#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <consensus/facts/collector.hpp>
#include <consensus/pbft/io.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/types.hpp>
#include <ledger/mempool/mempool.hpp>
#include <ledger/store/key_value.hpp>
#include <node/validator/voter.hpp>

namespace polis::node {

/// Builds the block that this member may propose. Spec [J5].
class Proposer {
  public:
    struct Tools {
        Keeper& keeper;
        const TxnPool& pool;
        consensus::FactCollector& facts;
        const Voter& voter;
    };

    /// @pre everything in `tools` outlives the proposer
    Proposer(const Tools& tools, std::size_t txns_max) : tools_(tools), txns_max_(txns_max) {}

    /// Who proposes.
    struct Author {
        const crypto::VrfKey& vrf_key;
        Address address;
    };

    /// A block that this node itself finds valid; the keeper has it. An empty mempool gives an
    /// empty block: the chain's clock goes on.
    /// @return null if its own checks refuse it, as when the author is not the member it claims to
    /// be
    [[nodiscard]] ledger::StoreResult<BlockPtr> build(
        const pbft::Build& order, const Author& author, const pbft::Schedule& schedule, TimeMs now);

    /// Chooses transactions for the block after `parent`, which is not executed yet.
    /// @error the store cannot be read
    [[nodiscard]] ledger::StoreResult<void> prepare(const pbft::BuildAhead& hint);

  private:
    struct Ahead {
        Height height;
        std::vector<ledger::TxnPtr> txns;
    };

    [[nodiscard]] ledger::BlockSpace space(Height height);
    [[nodiscard]] std::vector<ledger::CheckedTxn> choose_txns(Height height);
    [[nodiscard]] ledger::StoreResult<bool> drop_refused(
        const ledger::BlockPlan& plan, const std::vector<consensus::CertifiedFact>& facts);
    [[nodiscard]] ledger::StoreResult<std::vector<consensus::CertifiedFact>> choose_facts(
        const ledger::BlockPlan& plan);

    const Tools tools_;
    const std::size_t txns_max_;
    std::optional<Ahead> ahead_;
};

/// The names of its transactions, in block order.
[[nodiscard]] std::vector<Hash> ids_of(const ledger::CheckedBlock& block);

/// A block as a proposal shows it.
[[nodiscard]] pbft::Summary summary_of(const ledger::CheckedBlock& block);

/// The block with its transactions and facts, without what was computed from them.
[[nodiscard]] ledger::Block plain(const ledger::CheckedBlock& block);

}  // namespace polis::node
