#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <consensus/pbft/messages.hpp>
#include <consensus/sync/messages.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <p2p/session.hpp>

/// What validators send each other: one message, encoded, is what the driver carries.
/// Spec: docs/spec/validator.md [J13].
namespace polis::node {

inline constexpr std::size_t kTxnBatchCountMax = 4'096;
inline constexpr std::size_t kTxnAnnounceMax = 4'096;
inline constexpr std::size_t kTxnRequestMax = 1'024;
inline constexpr std::size_t kGraftOriginsMax = 2 * consensus::kCommitteeMax;  ///< two terms

/// Longest message: one block of the largest size, its certificate and what stands around them.
inline constexpr std::size_t kWireBytesMax = std::size_t{20} * 1024 * 1024;

/// Transactions that the sender has taken in.
struct TxnBatch {
    std::vector<Bytes> txns;  ///< encoded

    bool operator==(const TxnBatch&) const = default;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&TxnBatch::txns, kTxnBatchCountMax));
};

/// Names of transactions that the sender has.
struct TxnAnnounce {
    std::vector<Hash> txns;

    bool operator==(const TxnAnnounce&) const = default;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&TxnAnnounce::txns, kTxnAnnounceMax));
};

/// Asks for transactions that were announced. Those that are here come in batches.
struct TxnRequest {
    std::vector<Hash> txns;

    bool operator==(const TxnRequest&) const = default;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&TxnRequest::txns, kTxnRequestMax));
};

/// What a member says.
using Said = std::variant<pbft::Message, consensus::FactVote>;

/// Another's message, passed on. What comes without this comes from whoever said it.
struct Relayed {
    Said said;

    bool operator==(const Relayed&) const = default;
    static constexpr auto kFields = codec::fields(&Relayed::said);
};

/// "I hear that member from elsewhere: pass nothing of it on to me."
struct RelayPrune {
    PublicKey origin;  ///< the member's consensus key

    bool operator==(const RelayPrune&) const = default;
    static constexpr auto kFields = codec::fields(&RelayPrune::origin);
};

/// "I miss something: pass those members' messages on to me again."
struct RelayGraft {
    std::vector<PublicKey> origins;

    bool operator==(const RelayGraft&) const = default;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&RelayGraft::origins, kGraftOriginsMax));
};

/// Append only: the position is the tag on the wire.
using Envelope = std::variant<
    pbft::Message,
    consensus::FactVote,
    TxnBatch,
    sync::HeadClaim,
    sync::BlockRequest,
    sync::BlockResponse,
    sync::BlockBusy,
    sync::BodyRequest,
    sync::BodySummary,
    sync::BodyItems,
    TxnAnnounce,
    TxnRequest,
    Relayed,
    RelayPrune,
    RelayGraft,
    sync::SnapshotRequest,
    sync::SnapshotResponse>;

/// The class in which a message travels.
[[nodiscard]] p2p::Channel channel_of(const Envelope& message);

/// The same by the first byte of an encoding, for a driver that does not decode the rest.
/// @return nothing if no message begins so
[[nodiscard]] std::optional<p2p::Channel> channel_of_bytes(ByteView bytes);

/// Whether these bytes begin as a TxnBatch does, which a driver has verified before the validator.
[[nodiscard]] bool is_txn_batch(ByteView bytes);

[[nodiscard]] Bytes encode_wire(const Envelope& message);

/// @return nothing for bytes that no encode_wire() made
[[nodiscard]] std::optional<Envelope> decode_wire(ByteView bytes);

}  // namespace polis::node
