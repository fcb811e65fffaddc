#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <consensus/checker.hpp>
#include <consensus/sync/snapshot_sync.hpp>
#include <core/types.hpp>
#include <genesis/builder.hpp>
#include <ledger/chain.hpp>
#include <ledger/store/key_value.hpp>
#include <node/validator/ledger_reader.hpp>
#include <node/validator/validator.hpp>

namespace polis::node {

/// The beginning of a node that has no chain: fetches a snapshot from peers, proved by the
/// committees since genesis, and makes a chain of it. What it has fetched lies in a scratch store,
/// so a killed node goes on where it was. It has no socket, clock or thread; it speaks the
/// validator's wire and answers nothing. Spec: docs/spec/validator.md [J36], [J37].
class Bootstrap {
  public:
    struct Setup {
        const genesis::Genesis* genesis = nullptr;    ///< outlives the machine
        consensus::CryptoChecker* checker = nullptr;  ///< outlives the machine
        ledger::KeyValueStore* scratch = nullptr;     ///< outlives the machine; this one's alone
        sync::SnapshotSync::Options options = {};
    };

    /// @error what the scratch store answers
    [[nodiscard]] static ledger::StoreResult<std::unique_ptr<Bootstrap>> open(const Setup& setup);

    Bootstrap(const Bootstrap&) = delete;
    Bootstrap& operator=(const Bootstrap&) = delete;

    // ---- inputs; outputs are SendTo and Penalise. @error what the scratch store answers ----

    using Outputs = ledger::StoreResult<ValidatorOutputs>;

    [[nodiscard]] Outputs peer_joined(PeerId peer, TimeMs now);
    [[nodiscard]] Outputs peer_left(PeerId peer, TimeMs now);
    [[nodiscard]] Outputs receive(PeerId peer, ByteView bytes, TimeMs now);
    [[nodiscard]] Outputs tick(TimeMs now);

    /// restore() found that the records do not lead to the state that they are said to be. Blames
    /// whoever offered them and goes on with another snapshot. @pre ready()
    [[nodiscard]] Outputs refuse(TimeMs now);

    // ---- queries ----

    [[nodiscard]] std::optional<TimeMs> next_timer() const { return sync_.next_timer(); }

    /// Everything is here that restore() needs.
    [[nodiscard]] bool ready() const { return ready_.has_value(); }

    /// Grows with every piece that has come: without growth for long, nobody serves.
    [[nodiscard]] std::uint64_t pieces() const { return pieces_; }

    /// The height of the snapshot that is fetched; nothing while none is chosen.
    [[nodiscard]] std::optional<Height> height() const { return height_; }

    [[nodiscard]] std::size_t chunks_missing() const { return sync_.chunks_missing(); }

    /// Makes a chain of what is here, in an empty store. O(records). @pre ready()
    /// @error kCorrupt if the records are false: refuse() then; others: the stores' own
    [[nodiscard]] ledger::StoreResult<std::unique_ptr<ledger::Chain>> restore(
        std::unique_ptr<ledger::KeyValueStore> store, ledger::Chain::Options options) const;

  private:
    Bootstrap(const Setup& setup, std::optional<Hash> unfinished);

    using Done = ledger::StoreResult<void>;

    [[nodiscard]] Outputs perform(sync::SnapshotEffects effects, TimeMs now);
    [[nodiscard]] Done perform_one(sync::AskSnapshot& effect, TimeMs now);
    [[nodiscard]] Done perform_one(const sync::SnapshotChosen& effect, TimeMs now);
    [[nodiscard]] Done perform_one(const sync::KeepLink& effect, TimeMs now);
    [[nodiscard]] Done perform_one(const sync::KeepChunk& effect, TimeMs now);
    [[nodiscard]] Done perform_one(sync::SnapshotReady& effect, TimeMs now);
    [[nodiscard]] Done perform_one(const sync::Blame& effect, TimeMs now);

    const genesis::Genesis& genesis_;
    ledger::KeyValueStore& scratch_;
    const SyncLedgerReader reader_;
    sync::SnapshotSync sync_;
    std::optional<sync::SnapshotReady> ready_;
    std::optional<Height> height_;
    std::uint64_t pieces_ = 0;
    ValidatorOutputs out_;
};

}  // namespace polis::node
