#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <consensus/pbft/certificate.hpp>
#include <consensus/pbft/vote.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

/// What members of a committee tell each other. Byte layouts: docs/formats/consensus.md.
namespace polis::pbft {

inline constexpr std::size_t kHeaderBytesMax = 1'024;
inline constexpr std::size_t kProposalTxnsMax = 65'536;
inline constexpr std::size_t kFactsBytesMax = std::size_t{1024} * 1024;

/// A block without its transactions' bytes. They were gossiped ahead, so a proposal names them and
/// a member fetches only what it lacks. To the replica header and facts are opaque; the ledger
/// checks them.
struct Summary {
    Bytes header;            ///< encoded; its hash is the block's name
    std::vector<Hash> txns;  ///< ids in block order
    Bytes facts;             ///< encoded list of certified facts

    bool operator==(const Summary&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&Summary::header, kHeaderBytesMax),
        codec::bounded(&Summary::txns, kProposalTxnsMax),
        codec::bounded(&Summary::facts, kFactsBytesMax));
};

/// The block's name: the tagged hash of its encoded header, as ledger::block_hash computes it.
[[nodiscard]] Hash summary_hash(const Summary& summary);

/// What a member has prepared at a height: the view and the block of its highest prepare
/// certificate.
struct Prepared {
    View view;
    Hash digest;

    bool operator==(const Prepared&) const = default;
    static constexpr auto kFields = codec::fields(&Prepared::view, &Prepared::digest);
};

/// The digest that a view change signs: BLAKE2b-256, tag `polis.prepared`, of the optional.
[[nodiscard]] Hash prepared_hash(const std::optional<Prepared>& prepared);

/// "I vote in no view below `vote.statement.view`; this is the highest that I have prepared."
struct ViewChange {
    Vote vote;  ///< phase kViewChange, digest prepared_hash(prepared)
    std::optional<Prepared> prepared;

    bool operator==(const ViewChange&) const = default;
    static constexpr auto kFields = codec::fields(&ViewChange::vote, &ViewChange::prepared);
};

/// A view change on its way: with the proof of what it claims.
struct ViewChangeMessage {
    ViewChange change;
    std::optional<Certificate> certificate;  ///< of change.prepared

    bool operator==(const ViewChangeMessage&) const = default;
    static constexpr auto kFields =
        codec::fields(&ViewChangeMessage::change, &ViewChangeMessage::certificate);
};

/// Why a leader may propose in a view above 0 (PBFT's NEW-VIEW): a quorum of view changes, and the
/// prepare certificate of the highest view among them. Each backup recomputes from it which block
/// must be proposed.
struct Justification {
    std::vector<ViewChange> changes;  ///< ascending by member
    std::optional<Certificate> prepared;

    bool operator==(const Justification&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&Justification::changes, consensus::kCommitteeMax),
        &Justification::prepared);
};

/// PBFT's PRE-PREPARE, and above view 0 its NEW-VIEW in one.
struct Proposal {
    Vote vote;  ///< phase kProposal, digest: the block's hash
    Summary summary;
    std::optional<Certificate> parent;  ///< commit certificate of the parent; none for block 1
    Justification justification;        ///< empty in view 0

    bool operator==(const Proposal&) const = default;
    static constexpr auto kFields = codec::fields(
        &Proposal::vote, &Proposal::summary, &Proposal::parent, &Proposal::justification);
};

/// A prepare or a commit.
struct Ballot {
    Vote vote;

    bool operator==(const Ballot&) const = default;
    static constexpr auto kFields = codec::fields(&Ballot::vote);
};

/// "This height is decided": for a member that missed the votes.
struct Decided {
    Certificate certificate;  ///< a commit certificate

    bool operator==(const Decided&) const = default;
    static constexpr auto kFields = codec::fields(&Decided::certificate);
};

/// Append only: the position is the tag on the wire.
using Message = std::variant<Proposal, Ballot, ViewChangeMessage, Decided>;

/// Which height a message is about.
[[nodiscard]] Height height_of(const Message& message);

/// Who signed it; nothing for Decided, which anybody may pass on.
[[nodiscard]] std::optional<MemberIndex> member_of(const Message& message);

}  // namespace polis::pbft
