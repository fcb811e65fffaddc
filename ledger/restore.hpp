#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <consensus/pbft/certificate.hpp>
#include <consensus/sync/messages.hpp>
#include <ledger/chain.hpp>
#include <ledger/store/snapshot.hpp>

namespace polis::ledger {

/// What a new node must already believe before it takes a state from strangers.
struct RestorePoint {
    GenesisState genesis;
    Block block;  ///< at the snapshot's height
    Header next;  ///< the finalized header after it, which names the state root and the receipts
    std::optional<pbft::Certificate> certificate = std::nullopt;  ///< of `block`, verified
    /// From the committee of term 0 to that of `next`, verified: with them the chain can prove its
    /// own snapshots to others.
    std::vector<sync::TermLink> links = {};
};

/// Hands over the snapshot's chunks, first to last; nothing after the last one.
using ChunkSource = std::function<StoreResult<std::optional<Bytes>>()>;

/// Builds a chain in an empty store from a snapshot instead of from history: the state at one
/// height, that block, and block 0. Queries about the heights between find nothing.
///
/// Nothing that the chunks say is trusted: their records must lead to `point.next`'s state root.
/// A crash or an error leaves a store that open() refuses; delete it and repeat.
/// @error kWrongChain  the point's parts do not belong together, or the store holds a chain
/// @error kWrongSchema the chain's election is not one of this program
/// @error kCorrupt     a chunk is malformed, or the records lead to another state root
[[nodiscard]] StoreResult<std::unique_ptr<Chain>> restore_chain(
    std::unique_ptr<KeyValueStore> store,
    const RestorePoint& point,
    const ChunkSource& next_chunk,
    Chain::Options options);

}  // namespace polis::ledger
