#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <consensus/facts/collector.hpp>
#include <consensus/pbft/io.hpp>
#include <consensus/pbft/replica.hpp>
#include <consensus/sync/block_sync.hpp>
#include <consensus/sync/body_fetch.hpp>
#include <consensus/sync/server.hpp>
#include <core/types.hpp>
#include <ledger/store/snapshot.hpp>
#include <node/validator/evidence_pool.hpp>
#include <node/validator/gossip.hpp>
#include <node/validator/keeper.hpp>
#include <node/validator/proposer.hpp>
#include <node/validator/relay.hpp>
#include <node/validator/txn_pool.hpp>
#include <node/validator/validator.hpp>
#include <node/validator/voter.hpp>
#include <node/validator/wire.hpp>

namespace polis::node {

/// The state behind Validator. Its functions lie by topic: validator.cpp has inputs and timers,
/// effects.cpp what the replica wants, obtain.cpp how blocks are completed and judged, inbox.cpp
/// what peers say, passing.cpp what is passed on,
/// txn_flow.cpp transactions, view.cpp what people see, catch_up.cpp block sync in
/// both directions.
///
/// Nothing calls back: every machine's effects go into a queue of their own, and drive() takes from
/// the queues until all are empty. A store error ends everything: see stop().
class Validator::Impl {
  public:
    /// What a node starts from.
    struct Memory {
        pbft::SafetyRecord record;
        pbft::Schedule schedule;
        std::optional<pbft::Certificate> head_certificate;
        std::optional<consensus::Committee> previous;  ///< of the term before
    };

    /// @error what the store answers; kCorrupt for a damaged vote record
    static ledger::StoreResult<Memory> load(ledger::Chain& chain);

    Impl(Setup setup, Memory memory);

    ValidatorOutputs start(TimeMs now);
    ValidatorOutputs step(const ValidatorInput& input, TimeMs now);

    [[nodiscard]] std::optional<TimeMs> next_timer() const;
    [[nodiscard]] std::size_t memory_bytes() const;

    [[nodiscard]] ledger::Chain& chain() { return keeper_.chain(); }

    [[nodiscard]] ledger::StoreResult<Height> take_snapshot();

    [[nodiscard]] const pbft::Replica& replica() const { return replica_; }

    [[nodiscard]] const ledger::Mempool& mempool() const { return pool_.pool(); }

    [[nodiscard]] ValidatorView view() const;

  private:
    using Done = ledger::StoreResult<void>;

    struct Peer {
        TimeMs help_at;   ///< not told of decisions before
        TimeMs claim_at;  ///< not told of this node's head before, unless it moves
    };

    /// A block that the replica waits for.
    struct Candidate {
        pbft::Obtain request;
        BlockPtr early;  ///< valid, but of a time that has not come
    };

    /// Who brought a proposal: the replica does not look at it.
    struct Shown {
        Hash digest;
        PeerId from = 0;
    };

    /// A proposal of the next term, whose leaders are not known yet: whether it may be passed on
    /// will be known with the next height.
    struct Held {
        Sighting sighting;
        pbft::Message message;
    };

    struct SyncedBody {
        Hash digest;
        ledger::Block block;
    };

    /// The keys that the replica does not need.
    struct Author {
        crypto::VrfKey vrf_key;
        Address address;
        std::optional<crypto::SigningKey> account_key;
    };

    struct Timers {
        std::optional<TimeMs> view;
        std::optional<TimeMs> resend;
        std::optional<TimeMs> build;
    };

    // Inputs and the order of work: validator.cpp
    ValidatorOutputs finish(const Done& outcome);
    Done on(const PeerJoined& input);
    Done on(const PeerLeft& input);
    Done on(const PeerBytes& input);
    Done on(const Tick& input);
    Done on(const SubmitTxn& input);
    Done on(const FactFound& input);
    Done on(const TxnsVerified& input);
    Done drive();
    [[nodiscard]] Phase phase() const;
    [[nodiscard]] bool is_stuck() const;
    void repeat_claim();
    void stop(const ledger::StoreError& error);
    void attest(const consensus::Fact& fact);
    void report(const std::optional<consensus::FactAlarm>& alarm);

    void broadcast(const Envelope& message) {
        out_.emplace_back(SendAll{channel_of(message), encode_wire(message)});
    }

    void send(PeerId peer, const Envelope& message) {
        out_.emplace_back(SendTo{peer, channel_of(message), encode_wire(message)});
    }

    void penalise(PeerId peer, std::string_view reason);

    void mark(Mark mark, const Hash& block = {}) const {
        if (options_.on_mark) {
            options_.on_mark(mark, block);
        }
    }

    void mark_votes(const std::vector<pbft::Message>& own) const;

    // What the replica wants: effects.cpp
    Done perform(const pbft::Broadcast& effect);
    Done perform(const pbft::Persist& effect);
    Done perform(const pbft::SetTimer& effect);
    Done perform(const pbft::CancelTimer& effect);
    Done perform(const pbft::Build& effect);
    Done perform(const pbft::BuildAhead& effect);
    Done perform(const pbft::Obtain& effect);
    Done perform(const pbft::Finalize& effect);
    Done perform(const pbft::Accuse& effect);
    Done perform(const pbft::Behind& effect);
    Done perform(const pbft::Alarm& effect);
    [[nodiscard]] std::optional<TimeMs>& timer(pbft::Timer kind);
    Done build_now();
    Done build_when_due();
    [[nodiscard]] TimeMs build_due() const;
    Done finalize();
    Done finalize_with(ledger::DraftBlock block);
    Done diverged();
    Done apply(const BlockPtr& block);
    Done after_block(const ledger::CheckedBlock& block, const ledger::AppliedBlock& applied);

    // How blocks are completed and judged: obtain.cpp
    Done perform(const sync::AskBody& effect);
    Done perform(const sync::CheckSummary& effect);
    Done perform(const sync::BodyComplete& effect);
    Done perform(const sync::BodyTooLarge& effect);
    Done perform(const sync::Blame& effect);
    Done judge(Candidate& candidate, ledger::DraftBlock block);
    Done judge_again(Candidate& candidate, const BlockPtr& block);
    Done never_valid(const Hash& digest);
    void fetch(const pbft::Obtain& request, bool final);
    void answer_when_due(Candidate& candidate, const BlockPtr& block);
    [[nodiscard]] std::vector<PeerId> sources(const std::vector<pbft::MemberIndex>& members) const;
    [[nodiscard]] std::optional<ledger::DraftBlock> assemble(const sync::BodyComplete& body);
    [[nodiscard]] bool holds_rest_of(const sync::BodyComplete& body) const;

    // What peers say: inbox.cpp
    Done receive(PeerId peer, const pbft::Message& message);
    Done receive(PeerId peer, const consensus::FactVote& message);
    Done hear(PeerId peer, const pbft::Message& message, bool direct);
    Done hear(PeerId peer, const consensus::FactVote& message, bool direct);
    Done receive(PeerId peer, const TxnBatch& message);
    Done receive(PeerId peer, const TxnAnnounce& message);
    Done receive(PeerId peer, const TxnRequest& message);
    Done receive(PeerId peer, const sync::HeadClaim& message);
    Done receive(PeerId peer, const sync::BlockRequest& message);
    Done receive(PeerId peer, const sync::BlockResponse& message);
    Done receive(PeerId peer, const sync::BlockBusy& message);
    Done receive(PeerId peer, const sync::BodyRequest& message);
    Done receive(PeerId peer, const sync::BodySummary& message);
    Done receive(PeerId peer, const sync::BodyItems& message);
    Done turn_away(PeerId peer, const pbft::Message& message, pbft::Reject reason);

    // What is passed on: passing.cpp
    Done receive(PeerId peer, const Relayed& message);
    Done receive(PeerId peer, const RelayPrune& message);
    Done receive(PeerId peer, const RelayGraft& message);
    Done receive(PeerId peer, const sync::SnapshotRequest& message);
    Done receive(PeerId peer, const sync::SnapshotResponse& message);
    [[nodiscard]] std::optional<Sighting> sighting_of(
        PeerId peer, const pbft::Message& message, bool direct) const;
    [[nodiscard]] bool is_repeated(const Sighting& sighting);
    void pass_on(const Sighting& sighting, const Said& said);
    void pass_on(const Sighting& sighting, const pbft::Message& message);
    void pass_on_held();
    void heal_relay();
    void broadcast_own(const pbft::Message& message);

    Done help(PeerId peer, Height height);
    void note_source(PeerId peer, const pbft::Message& message);

    // Transactions: txn_flow.cpp
    ledger::StoreResult<Arrival> take_txn(ByteView encoded, std::optional<PeerId> from);
    void note_arrival(const Arrival& arrival, std::optional<PeerId> from);
    void perform(const PushTxns& effect);
    void perform(const AnnounceTxns& effect);
    void perform(const AskTxns& effect);

    // Block sync in both directions: catch_up.cpp
    Done perform(const sync::AskBlocks& effect);
    Done perform(const sync::Deliver& effect);
    [[nodiscard]] sync::HeadClaim own_claim();
    void tell_claim(PeerId peer);
    [[nodiscard]] std::optional<ledger::Block> authentic(const sync::Deliver& delivery);
    ledger::StoreResult<std::optional<sync::SyncedBlock>> load(Height height);
    ledger::StoreResult<std::optional<ledger::Block>> find_body(const Hash& digest);

    // Snapshots for others: serve_snapshots.cpp
    struct ServedSnapshot {
        ledger::SnapshotManifest manifest;
        Hash name;
    };

    using SnapshotAnswer = ledger::StoreResult<sync::SnapshotResponse>;
    Done list_served();
    [[nodiscard]] ledger::StoreResult<const ledger::SnapshotManifest*> manifest_named(
        const Hash& name);
    [[nodiscard]] SnapshotAnswer answer_to(const sync::OffersRequest& request);
    [[nodiscard]] SnapshotAnswer answer_to(const sync::ManifestRequest& request);
    [[nodiscard]] SnapshotAnswer answer_to(const sync::LinksRequest& request);
    [[nodiscard]] SnapshotAnswer answer_to(const sync::AnchorRequest& request);
    [[nodiscard]] SnapshotAnswer answer_to(const sync::ChunkRequest& request);

    void enqueue(sync::BodyFetchEffects effects);
    void enqueue(sync::BlockSyncEffects effects);

    // Constant after construction.
    std::optional<Author> author_;         ///< nothing: an observer
    const std::optional<PublicKey> self_;  ///< consensus key; nothing: an observer
    const Options options_;
    consensus::CryptoChecker& checker_;

    Keeper keeper_;
    TxnPool pool_;
    EvidencePool evidence_;
    consensus::FactCollector facts_;
    Voter voter_;
    Proposer proposer_;
    pbft::Replica replica_;
    sync::BlockSync block_sync_;
    sync::BodyFetch body_fetch_;
    sync::ServeBudget budget_;
    Gossip gossip_;
    Relay relay_;
    sync::ServeBudget txn_budget_;

    std::map<PeerId, Peer> peers_;
    std::map<pbft::MemberIndex, PeerId> peer_of_;  ///< who passed on a member's latest message
    std::map<PublicKey, TimeMs> heard_;            ///< when members' latest messages came
    std::map<Height, TimeMs> decided_at_;          ///< of the latest blocks

    // Of the height being decided.
    std::map<std::pair<Height, View>, Shown> shown_;
    std::map<Hash, Candidate> candidates_;
    std::optional<pbft::Build> build_;
    std::optional<pbft::Finalize> finalizing_;
    std::optional<SyncedBody> synced_;
    std::uint64_t heals_ = 0;  ///< of relays, since the head moved
    std::vector<Held> held_;   ///< at most kHeldMax

    std::optional<std::vector<ServedSnapshot>> served_;  ///< nothing: not read yet

    Timers timers_;
    TimeMs head_since_;  ///< the head has not moved since
    bool stopped_ = false;

    // Of the step.
    TimeMs now_;
    std::deque<pbft::Input> inputs_;
    std::deque<sync::BodyFetchEffect> fetch_effects_;
    std::deque<sync::BlockSyncEffect> sync_effects_;
    std::vector<consensus::Fact> to_attest_;
    ValidatorOutputs out_;
};

}  // namespace polis::node
