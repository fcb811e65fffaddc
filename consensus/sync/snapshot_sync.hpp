#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <consensus/sync/ledger_reader.hpp>
#include <consensus/sync/messages.hpp>
#include <consensus/sync/peer.hpp>
#include <core/types.hpp>

namespace polis::sync {

// ---- effects ------------------------------------------------------------------------------------

struct AskSnapshot {
    PeerId peer = 0;
    SnapshotRequest request;

    bool operator==(const AskSnapshot&) const = default;
};

/// A snapshot is chosen and proved to be of this chain. The driver answers with chunks_here():
/// which of its chunks are on disk already. What it holds of other manifests it may delete.
struct SnapshotChosen {
    SnapshotOffer offer;
    Bytes manifest;

    bool operator==(const SnapshotChosen&) const = default;
};

/// A proved step from the committee of `term` to the next, worth keeping: who has all of them can
/// serve snapshots. May come twice.
struct KeepLink {
    Term term;
    TermLink link;

    bool operator==(const KeepLink&) const = default;
};

/// Writes a chunk that matches the manifest.
struct KeepChunk {
    Hash manifest;
    std::uint32_t index = 0;
    Bytes bytes;

    bool operator==(const KeepChunk&) const = default;
};

/// Everything that ledger::restore_chain needs is here; the chunks are with the driver. If the
/// restored records lead to another root, the driver calls snapshot_false().
struct SnapshotReady {
    SnapshotOffer offer;
    Bytes manifest;
    Anchor anchor;                                  ///< verified against the committees
    std::vector<consensus::Member> committee;       ///< that voted on the snapshot's block
    std::vector<consensus::Member> next_committee;  ///< that voted on the header after it

    bool operator==(const SnapshotReady&) const = default;
};

using SnapshotEffect =
    std::variant<AskSnapshot, SnapshotChosen, KeepLink, KeepChunk, SnapshotReady, Blame>;
using SnapshotEffects = std::vector<SnapshotEffect>;

// ---- the machine --------------------------------------------------------------------------------

/// Lets a new node skip history: finds a snapshot, proves with a chain of committees from genesis
/// that the network agreed on its state root, and fetches its chunks from several peers at once. A
/// state machine without I/O; what it must not lose in a crash are the chunks that the driver
/// keeps. Spec: docs/spec/sync.md, [Y30] to [Y38].
class SnapshotSync {
  public:
    struct Options {
        std::uint64_t collect_ms = 2'000;  ///< offers are collected for so long, then one is chosen
        std::uint64_t offers_again_ms = 10'000;  ///< without a usable offer, all are asked again
        std::uint64_t request_timeout_ms = 5'000;
        std::size_t requests_max = 16;
        std::size_t peer_requests_max = 2;
        std::uint64_t retry_ms = 500;  ///< before a peer that failed is asked again; doubles
        std::uint64_t retry_ms_max = 30'000;
        std::uint64_t failures_max = 3;  ///< in a row of each server, before an offer is given up
        std::uint64_t progress_ms = 30'000;  ///< over which the speed of chunks is measured
        /// At that speed an offer must be done in this time, or another one is tried if there is
        /// one; the time doubles with each such change.
        std::uint64_t finish_ms = 600'000;
    };

    /// What the node already believes.
    struct Trust {
        ChainId chain;
        std::uint64_t term_blocks = 0;
        std::vector<consensus::Member> genesis;  ///< the committee of term 0
    };

    /// @param checker, reader outlive the machine
    /// @param unfinished manifest_hash of the snapshot whose chunks are partly on disk: preferred
    SnapshotSync(
        Trust trust,
        consensus::CryptoChecker& checker,
        const LedgerReader& reader,
        std::optional<Hash> unfinished,
        const Options& options);
    ~SnapshotSync();
    SnapshotSync(const SnapshotSync&) = delete;
    SnapshotSync& operator=(const SnapshotSync&) = delete;

    // ---- inputs ----

    [[nodiscard]] SnapshotEffects peer_joined(PeerId peer, TimeMs now);
    [[nodiscard]] SnapshotEffects peer_left(PeerId peer, TimeMs now);
    [[nodiscard]] SnapshotEffects answered(PeerId peer, SnapshotResponse response, TimeMs now);
    [[nodiscard]] SnapshotEffects tick(TimeMs now);

    /// Answer to SnapshotChosen: indexes of chunks that are on disk and match the manifest.
    [[nodiscard]] SnapshotEffects chunks_here(
        const Hash& manifest, const std::vector<std::uint32_t>& indexes, TimeMs now);

    /// The records of the ready snapshot do not lead to its state root. Blames all who offered it
    /// and goes on with another.
    [[nodiscard]] SnapshotEffects snapshot_false(const Hash& manifest, TimeMs now);

    // ---- queries ----

    [[nodiscard]] std::optional<TimeMs> next_timer() const;
    [[nodiscard]] bool ready() const;

    /// Chunks that are still missing of the chosen snapshot.
    [[nodiscard]] std::size_t chunks_missing() const;

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::sync
