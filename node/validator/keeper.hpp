#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include <consensus/pbft/certificate.hpp>
#include <consensus/pbft/safety.hpp>
#include <core/types.hpp>
#include <ledger/chain.hpp>
#include <ledger/validation.hpp>

namespace polis::node {

/// Shared and immutable: the same block is voted on, served and applied.
using BlockPtr = std::shared_ptr<const ledger::CheckedBlock>;

/// More blocks of one height than this are never of use at one time: the proposal of the view, and
/// one that a quorum prepared earlier.
inline constexpr std::size_t kBodiesMax = 8;

/// The chain, and the whole blocks of the height that is being decided: what was judged valid is
/// kept until the height is final, so that it can be stored, served and applied. Spec [J1], [J2],
/// [J7].
class Keeper {
  public:
    explicit Keeper(std::unique_ptr<ledger::Chain> chain) : chain_(std::move(chain)) {}

    [[nodiscard]] ledger::Chain& chain() { return *chain_; }

    [[nodiscard]] const ledger::Head& head() const { return chain_->head(); }

    /// Remembers a block that passed every check on the head; the one used longest ago goes.
    void keep(BlockPtr block);

    /// A block for the height after the head: from memory or, after a restart, from the store.
    /// @return null if it is not here. @error the store cannot be read
    [[nodiscard]] ledger::StoreResult<BlockPtr> find(const Hash& digest);

    /// Makes the record durable, with the body that it commits to.
    /// @pre find(*store) has an answer. @error the node must stop
    [[nodiscard]] ledger::StoreResult<void> persist(
        const pbft::SafetyRecord& record, const std::optional<Hash>& store);

    /// Executes the block and makes it durable together with its certificate and the record; the
    /// other bodies go. @error the node must stop
    [[nodiscard]] ledger::StoreResult<ledger::AppliedBlock> apply(
        const ledger::CheckedBlock& block,
        const pbft::Certificate& certificate,
        const pbft::SafetyRecord& record);

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    std::unique_ptr<ledger::Chain> chain_;
    std::deque<BlockPtr> bodies_;  ///< at most kBodiesMax, latest use first
};

}  // namespace polis::node
