#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <consensus/pbft/messages.hpp>
#include <consensus/sync/messages.hpp>
#include <consensus/sync/peer.hpp>
#include <core/types.hpp>

namespace polis::sync {

// ---- effects ------------------------------------------------------------------------------------

struct AskBody {
    PeerId peer = 0;
    BodyRequest request;

    bool operator==(const AskBody&) const = default;
};

/// Its hash is right. The driver checks that its ids and facts lead to the header's roots, and
/// answers with missing(), or with reject_summary() if they do not.
struct CheckSummary {
    Hash digest;
    pbft::Summary summary;

    bool operator==(const CheckSummary&) const = default;
};

/// All items that were missing, ascending by index. The machine has forgotten the block.
struct BodyComplete {
    Height height;
    Hash digest;
    pbft::Summary summary;
    std::vector<BodyItem> items;

    bool operator==(const BodyComplete&) const = default;
};

/// The items alone exceed the bytes of a block, so the block is invalid. Forgotten.
struct BodyTooLarge {
    Height height;
    Hash digest;

    bool operator==(const BodyTooLarge&) const = default;
};

using BodyFetchEffect = std::variant<AskBody, CheckSummary, BodyComplete, BodyTooLarge, Blame>;
using BodyFetchEffects = std::vector<BodyFetchEffect>;

// ---- the machine --------------------------------------------------------------------------------

/// Completes proposed blocks: fetches the summary if only the hash is known, then the transactions
/// that are not here. Asks one source, after a time-out two at once, and goes round until the
/// height is closed. Spec: docs/spec/sync.md, [Y20] to [Y27].
class BodyFetch {
  public:
    struct Options {
        std::size_t blocks_max = 4;     ///< open at once; the oldest that is not needed gives way
        std::size_t sources_max = 256;  ///< of one block
        std::size_t items_bytes_max = kSyncBlockBytesMax;  ///< of one block
        std::uint64_t request_timeout_ms = 500;
        std::uint64_t retry_ms = 200;  ///< before a source that had nothing is asked again; doubles
        std::uint64_t retry_ms_max = 5'000;
    };

    /// A block to complete.
    struct Wanted {
        Height height;
        Hash digest;
        std::optional<pbft::Summary> summary;  ///< if it came with the proposal
        std::optional<PeerId> summary_from;    ///< who sent it, if that is known
        std::vector<PeerId> sources;           ///< in the order in which they are asked
        bool final = false;  ///< a certificate names it: never gives way to other blocks
    };

    explicit BodyFetch(const Options& options) : options_(options) {}

    // ---- inputs ----

    /// Begins a block, or adds sources (and the summary) to one that is open.
    [[nodiscard]] BodyFetchEffects obtain(Wanted wanted, TimeMs now);

    /// Answer to CheckSummary: the summary is right, and these transactions are not here.
    /// @pre ascending, distinct, each below summary.txns.size()
    [[nodiscard]] BodyFetchEffects missing(
        const Hash& digest, const std::vector<std::uint32_t>& indexes, TimeMs now);

    /// Answer to CheckSummary: its ids or facts do not lead to the header's roots. Blames whoever
    /// sent it and asks another source.
    [[nodiscard]] BodyFetchEffects reject_summary(const Hash& digest, TimeMs now);

    [[nodiscard]] BodyFetchEffects summary_answered(PeerId peer, BodySummary response, TimeMs now);
    [[nodiscard]] BodyFetchEffects items_answered(PeerId peer, BodyItems response, TimeMs now);

    /// A transaction came another way (gossip); saves asking for it.
    [[nodiscard]] BodyFetchEffects item_found(const Hash& txn, ByteView bytes, TimeMs now);

    [[nodiscard]] BodyFetchEffects peer_left(PeerId peer, TimeMs now);
    [[nodiscard]] BodyFetchEffects tick(TimeMs now);

    /// Heights up to `height` are decided: their blocks are forgotten.
    void decided(Height height);

    /// One block is not needed any more.
    void forget(const Hash& digest);

    // ---- queries ----

    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    /// True if any block is open.
    [[nodiscard]] bool active() const { return !blocks_.empty(); }

    [[nodiscard]] bool open(const Hash& digest) const { return blocks_.contains(digest); }

    /// Bytes kept for summaries and items.
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Source {
        PeerId peer = 0;
        std::uint64_t retry_ms = 0;         ///< the last pause; 0 after a useful answer
        TimeMs free_at;                     ///< asked nothing before
        std::optional<TimeMs> waits_since;  ///< for an answer
        bool asked = false;                 ///< ever, for this block
        bool blamed = false;
    };

    enum class Stage : std::uint8_t {
        kNoSummary,  ///< its summary is asked for
        kChecking,   ///< the driver checks the summary
        kItems,      ///< missing transactions are asked for
    };

    struct Block {
        Height height;
        Hash digest;
        std::uint64_t order = 0;  ///< smaller is older
        bool final = false;
        Stage stage = Stage::kNoSummary;
        std::vector<Source> sources;
        std::size_t next_source = 0;
        std::size_t parallel = 1;  ///< asked at once
        pbft::Summary summary;     ///< from kChecking on
        std::optional<PeerId> summary_from;
        std::map<std::uint32_t, Bytes> items;                    ///< missing: empty bytes
        std::vector<std::pair<Hash, std::uint32_t>> item_names;  ///< of all in items, sorted
        std::size_t items_missing = 0;
        std::size_t items_bytes = 0;
    };

    using Blocks = std::map<Hash, Block>;

    BodyFetchEffects proceed(TimeMs now, BodyFetchEffects out);
    void ask(Block& block, TimeMs now, BodyFetchEffects& out) const;
    void expire(Block& block, TimeMs now) const;
    void put_item(Block& block, Bytes& place, Bytes bytes) const;
    void pause(Source& source, TimeMs now) const;
    void add_sources(Block& block, const std::vector<PeerId>& peers) const;
    void offer_summary(
        Block& block, pbft::Summary summary, std::optional<PeerId> from, BodyFetchEffects& out);
    void finish(Blocks::iterator entry, BodyFetchEffects& out);
    void blame(PeerId peer, Fault fault, BodyFetchEffects& out);
    void make_room();

    const Options options_;
    std::uint64_t next_order_ = 0;
    TimeMs now_;      ///< of the latest input
    Height decided_;  ///< heights up to here are closed
    Blocks blocks_;
    std::set<PeerId> blamed_;  ///< until they leave
};

}  // namespace polis::sync
