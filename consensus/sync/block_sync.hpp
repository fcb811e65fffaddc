#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include <consensus/sync/messages.hpp>
#include <consensus/sync/peer.hpp>
#include <core/types.hpp>

namespace polis::sync {

// ---- effects ------------------------------------------------------------------------------------

/// Sends the request to the peer.
struct AskBlocks {
    PeerId peer = 0;
    BlockRequest request;

    bool operator==(const AskBlocks&) const = default;
};

/// The block after the head, neither checked against its certificate nor executed. Answered with
/// accepted() or rejected(); until then nothing else is delivered.
struct Deliver {
    Height height;
    SyncedBlock block;
    std::optional<PeerId> peer;  ///< that sent it; nothing: it has left

    bool operator==(const Deliver&) const = default;
};

using BlockSyncEffect = std::variant<AskBlocks, Deliver, Blame>;
using BlockSyncEffects = std::vector<BlockSyncEffect>;

// ---- the machine --------------------------------------------------------------------------------

/// Fetches certified blocks from several peers at once and hands them over in the order of the
/// chain. A state machine without I/O, clocks or threads; its whole durable state is the head's
/// height, so a killed node goes on where its chain ends. Spec: docs/spec/sync.md, [Y1] to [Y13].
///
/// Every method returns effects, to be performed in order. Peers are trusted in nothing: one honest
/// peer that answers is enough to get on, whatever the others claim, send or hold back.
class BlockSync {
  public:
    struct Options {
        std::size_t requests_max = 16;      ///< on their way at once
        std::size_t peer_requests_max = 4;  ///< of them, to one peer that has proved its worth
        std::size_t window_blocks = 512;    ///< above the head that may be asked for
        std::size_t buffer_bytes_max = std::size_t{64} * 1024 * 1024;
        std::uint64_t request_timeout_ms = 5'000;
        std::uint64_t hedge_ms = 1'000;  ///< after which the next block is also asked elsewhere
        std::uint64_t retry_ms = 500;    ///< before a peer that failed is asked again; doubles
        std::uint64_t retry_ms_max = 60'000;
        /// A single missing block is left to consensus for so long, as it is decided just now.
        std::uint64_t patience_ms = 1'000;
    };

    /// @param head height of the last block in this node's chain
    BlockSync(Height head, const Options& options);

    // ---- inputs ----

    [[nodiscard]] BlockSyncEffects peer_joined(PeerId peer, TimeMs now);
    [[nodiscard]] BlockSyncEffects peer_left(PeerId peer, TimeMs now);
    [[nodiscard]] BlockSyncEffects claimed(PeerId peer, const HeadClaim& claim, TimeMs now);
    [[nodiscard]] BlockSyncEffects answered(PeerId peer, BlockResponse response, TimeMs now);
    [[nodiscard]] BlockSyncEffects busy(PeerId peer, const BlockBusy& message, TimeMs now);

    /// next_timer() has come. Early or late calls do no harm.
    [[nodiscard]] BlockSyncEffects tick(TimeMs now);

    /// The block of `height` is in the chain, delivered from here or decided by consensus.
    [[nodiscard]] BlockSyncEffects accepted(Height height, TimeMs now);

    /// The block delivered at `height` cannot be valid: its certificate does not verify, or block
    /// and certificate do not belong together. Blames the peer that sent it and drops all that it
    /// sent. Not for a failure of this node's own.
    [[nodiscard]] BlockSyncEffects rejected(Height height, TimeMs now);

    /// Others vote at `height`: what is below it is not left to consensus any more.
    [[nodiscard]] BlockSyncEffects behind(Height height, TimeMs now);

    // ---- queries ----

    /// When tick() is due; nothing if nothing is waited for.
    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    [[nodiscard]] Height head() const { return head_; }

    /// The highest block that a peer claims to have; 0 if none claims any.
    [[nodiscard]] Height target() const;

    /// True while blocks are on their way, kept here or with the driver.
    [[nodiscard]] bool active() const;

    /// Bytes kept for blocks that wait for their turn.
    [[nodiscard]] std::size_t buffered_bytes() const { return buffered_bytes_; }

    [[nodiscard]] std::size_t requests() const { return active_requests_; }

  private:
    struct Peer {
        HeadClaim claim;                  ///< base above head: it has nothing
        bool blamed = false;              ///< never asked again
        std::size_t requests = 0;         ///< on their way to it
        std::size_t requests_max = 1;     ///< grows with what it delivers
        std::uint64_t block_cost = 0;     ///< smoothed time for a block, in 1/16 ms
        std::uint64_t retry_ms = 0;       ///< the last pause after a failure; 0 after a success
        TimeMs free_at;                   ///< asked nothing before
        std::uint64_t broken_claims = 0;  ///< in a row
    };

    struct Request {
        PeerId peer = 0;
        Height from;
        std::uint64_t count = 0;
        TimeMs sent;
        bool late = false;  ///< timed out: others are asked, but its answer would still be taken

        [[nodiscard]] bool covers(Height height) const {
            return height >= from && height.value - from.value < count;
        }
    };

    struct Buffered {
        SyncedBlock block;
        std::size_t bytes = 0;
        std::optional<PeerId> peer;  ///< nothing: it has left
    };

    using Peers = std::map<PeerId, Peer>;
    using Requests = std::map<std::uint64_t, Request>;
    using Buffer = std::map<Height, Buffered>;

    BlockSyncEffects proceed(TimeMs now, BlockSyncEffects out);
    void expire(TimeMs now);
    void deliver_next(BlockSyncEffects& out);
    void ask_missing(TimeMs now, BlockSyncEffects& out);
    void hedge(TimeMs now, BlockSyncEffects& out);
    void ask(PeerId id, Height from, std::uint64_t count, TimeMs now, BlockSyncEffects& out);
    void blame(PeerId id, Fault fault, BlockSyncEffects& out);
    void drop_blocks_of(std::optional<PeerId> peer);
    void drop_block(Buffer::iterator entry);
    void keep(Height height, SyncedBlock block, PeerId peer);
    void fail(Peer& peer, TimeMs now) const;
    void end_request(Requests::iterator request);
    void release(Request& request);
    [[nodiscard]] static bool is_free(const Peer& peer, TimeMs now);
    [[nodiscard]] static bool may_ask(const Peer& peer, Height height, TimeMs now);
    [[nodiscard]] bool has_free_peer(TimeMs now) const;
    [[nodiscard]] std::optional<PeerId> best_peer(
        Height height, const std::set<PeerId>& except, TimeMs now) const;
    [[nodiscard]] Height next_missing() const;
    [[nodiscard]] bool patient(TimeMs now) const;

    const Options options_;

    Height head_;
    TimeMs now_;                 ///< of the latest input
    TimeMs head_since_;          ///< when the head moved last
    Height hurry_;               ///< blocks up to here are not left to consensus
    std::uint64_t next_id_ = 0;  ///< 0: no input yet
    bool delivered_ = false;     ///< the block after the head is with the driver
    std::optional<PeerId> delivered_from_;
    Peers peers_;
    Requests requests_;
    std::size_t active_requests_ = 0;  ///< that are not late
    Buffer buffer_;
    std::size_t buffered_bytes_ = 0;
};

}  // namespace polis::sync
