#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <variant>
#include <vector>

#include <core/hash_map.hpp>
#include <core/types.hpp>
#include <node/validator/validator.hpp>

namespace polis::node {

// ---- effects ------------------------------------------------------------------------------------

/// Sends these transactions, in this order, to each of the peers.
struct PushTxns {
    std::vector<PeerId> peers;
    std::vector<Hash> txns;

    bool operator==(const PushTxns&) const = default;
};

/// Tells the peer their names.
struct AnnounceTxns {
    PeerId peer = 0;
    std::vector<Hash> txns;

    bool operator==(const AnnounceTxns&) const = default;
};

/// Asks the peer for them.
struct AskTxns {
    PeerId peer = 0;
    std::vector<Hash> txns;

    bool operator==(const AskTxns&) const = default;
};

using GossipEffect = std::variant<PushTxns, AnnounceTxns, AskTxns>;
using GossipEffects = std::vector<GossipEffect>;

// ---- the machine --------------------------------------------------------------------------------

/// Who is told of which transaction.
///
/// A transaction crosses a network in full about once a node: where it came in it is pushed to all
/// peers, or if they are many to some of them; whoever has it from a peer tells only its name, and
/// whoever still lacks it after a moment asks one of those who named it, then another. A machine
/// without I/O that sees names only; bounded by peers whatever they send. Spec [J10], [J23] to
/// [J25].
class Gossip {
  public:
    struct Options {
        std::size_t push_all_max = 8;  ///< with more peers, about the square root of them
        /// Between two batches for each push_all_max peers: who has many says the same to each, so
        /// it speaks less often. A lone transaction leaves at once.
        std::uint64_t batch_ms = 5;
        std::size_t batch_count_max = 2'048;  ///< transactions that leave before that time
        /// How long a named transaction is waited for before it is asked for, at first: it may
        /// be on its way. Grows while what was asked for comes by itself, shrinks while it does
        /// not.
        std::uint64_t patience_ms = 25;
        std::uint64_t patience_ms_min = 5;
        std::uint64_t patience_ms_max = 1'000;
        std::uint64_t request_timeout_ms = 1'000;
        std::size_t wanted_max = 8'192;   ///< names that one peer may have told and we lack
        std::size_t announcers_max = 8;   ///< of one transaction
        std::size_t recent_max = 32'768;  ///< names in one generation of those handled lately
        std::uint64_t useless_max =
            20'000;                        ///< transactions of no use that a peer may send at once
        std::uint64_t useless_per_ms = 1;  ///< of which it is forgiven so many
    };

    explicit Gossip(const Options& options)
        : options_(options), patience_ms_(options.patience_ms) {}

    // ---- inputs ----

    void peer_joined(PeerId peer, TimeMs now);
    void peer_left(PeerId peer, TimeMs now);

    /// The transaction is new in the mempool. @param from nothing: it came in here
    void accepted(const Hash& txn, std::optional<PeerId> from, TimeMs now);

    /// It came from the peer and was of no use.
    void refused(const Hash& txn, PeerId from, TimeMs now);

    /// The peer has these, which are not in the mempool.
    void announced(PeerId peer, const std::vector<Hash>& txns, TimeMs now);

    /// The peer has this one, which is in the mempool.
    void known_by(PeerId peer, const Hash& txn);

    /// What is due. Costs nothing if nothing is.
    [[nodiscard]] GossipEffects take_due(TimeMs now);

    // ---- queries ----

    /// False for a peer that has sent so much of no use that it is not listened to for a while.
    [[nodiscard]] bool listens_to(PeerId peer, TimeMs now);

    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    /// Named by peers and not here.
    [[nodiscard]] std::size_t wanted() const { return wanted_.size(); }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Peer {
        std::size_t wanted = 0;     ///< names it told that are still wanted
        std::uint64_t useless = 0;  ///< sent and not forgiven yet
        TimeMs forgiven_at;
    };

    struct Fresh {
        Hash txn;
        bool local = false;
        std::vector<PeerId> known_by;
    };

    /// Place in the order of asking: names told together stay in the order in which they were told,
    /// as a sender's transactions must come in order.
    using Due = std::tuple<TimeMs, std::uint64_t, Hash>;

    struct Wanted {
        std::vector<PeerId> announcers;
        std::size_t asked = 0;  ///< so many of them, the last one lately
        TimeMs due;
        std::uint64_t order = 0;
    };

    using WantedMap = std::map<Hash, Wanted>;

    [[nodiscard]] std::uint64_t pause_ms() const;
    void settle(const Hash& txn, PeerId from);
    void drop(WantedMap::iterator entry);
    void set_due(WantedMap::iterator entry, TimeMs due);
    void remember(const Hash& txn);
    [[nodiscard]] bool is_recent(const Hash& txn) const;
    void tell(GossipEffects& out);
    void push(const std::vector<PeerId>& known_by, std::vector<Hash> txns, GossipEffects& out);
    [[nodiscard]] std::vector<PeerId> push_targets(const std::vector<PeerId>& known_by);
    void ask(TimeMs now, GossipEffects& out);
    void adapt();

    const Options options_;
    std::map<PeerId, Peer> peers_;

    std::vector<Fresh> fresh_;  ///< in order of arrival
    HashMap<std::size_t> fresh_places_;
    std::optional<TimeMs> tell_at_;
    TimeMs told_at_;
    std::size_t push_from_ = 0;  ///< of the peers that push_targets() takes, the next first one

    WantedMap wanted_;
    std::set<Due> due_;
    std::uint64_t next_order_ = 0;
    std::uint64_t patience_ms_;
    bool asked_in_vain_ = false;  ///< since the patience was looked at last
    bool asked_well_ = false;

    HashSet recent_;
    HashSet recent_before_;
};

}  // namespace polis::node
