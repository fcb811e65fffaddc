#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <consensus/committee.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/justification.hpp>
#include <consensus/pbft/messages.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

namespace polis::pbft {

/// What a member must remember so that it never contradicts itself: its latest votes. Durable
/// before any signature that it covers leaves the machine. Byte layout: docs/formats/consensus.md.
struct SafetyRecord {
    Height height;                        ///< being decided; everything below is final or forbidden
    View view;                            ///< no vote below it is signed at this height
    std::optional<Hash> proposal;         ///< signed in this view
    std::optional<Hash> prepare;          ///< signed in this view
    std::optional<Hash> commit;           ///< signed in this view
    std::optional<Hash> view_change;      ///< signed to enter this view
    std::optional<Certificate> prepared;  ///< of the highest view at this height
    Height sign_from;  ///< signs nothing below this height: set when votes may have been lost

    bool operator==(const SafetyRecord&) const = default;
    static constexpr auto kFields = codec::fields(
        &SafetyRecord::height,
        &SafetyRecord::view,
        &SafetyRecord::proposal,
        &SafetyRecord::prepare,
        &SafetyRecord::commit,
        &SafetyRecord::view_change,
        &SafetyRecord::prepared,
        &SafetyRecord::sign_from);
};

enum class Refusal : std::uint8_t {
    kNotMember,      ///< the key is not in the committee, or the committee of another chain
    kNotLeader,      ///< a proposal of a view that this member does not lead
    kWrongHeight,    ///< not the height being decided
    kOldView,        ///< below the view of the record
    kConflict,       ///< this view's vote went to another block
    kUnjustified,    ///< the justification does not allow this block in this view
    kNoCertificate,  ///< a commit without a prepare certificate for it
    kQuarantined,    ///< votes at this height may have been lost: see SafetyRecord::sign_from
};

std::string_view to_string(Refusal refusal);

/// The only holder of the consensus key.
///
/// Every signature goes through one of the functions below. Each first moves the record, so that
/// the record that the caller makes durable before it sends covers the signature. Asked again for
/// the same vote, it answers with the same signature; asked for anything that contradicts an
/// earlier one, also one from before a restart, it refuses. Sans I/O: the caller persists record()
/// and only then sends (Effect::Persist carries both). Source: reliability.md P4, P5; spec [S1] to
/// [S10] of pbft.md. One thread.
class Safety {
  public:
    /// @param record what was stored last; a fresh SafetyRecord{} for a key that never signed
    /// @param head   height of the last block in this node's chain
    ///
    /// The record is written with every block, so it is never behind the chain. If it is (restored
    /// from an older copy), the votes in between are lost: nothing is signed up to head + 1, the
    /// last height at which this key can have voted. Spec [S8].
    Safety(crypto::SigningKey key, ChainId chain, SafetyRecord record, Height head);

    [[nodiscard]] const PublicKey& public_key() const { return key_.public_key(); }

    [[nodiscard]] const SafetyRecord& record() const { return record_; }

    /// A new proposal or a repeated one. In a view above 0 the justification must allow the block:
    /// spec [S5]. @pre the justification's signatures were verified
    [[nodiscard]] Result<Vote, Refusal> sign_proposal(
        const consensus::Committee& committee,
        Slot slot,
        const Hash& digest,
        const Justification& justification);

    /// Accepts the leader's block. @pre the proposal was verified and its block is valid
    [[nodiscard]] Result<Vote, Refusal> sign_prepare(
        const consensus::Committee& committee, const Proposal& proposal);

    /// Commits to what a quorum has prepared, and remembers the certificate: from now on every view
    /// change carries it, or a later one. @pre the certificate's signatures were verified
    [[nodiscard]] Result<Vote, Refusal> sign_commit(
        const consensus::Committee& committee, const Certificate& prepared);

    /// Leaves every view below the slot's. The message carries the record's own certificate, so a
    /// caller cannot drop it.
    [[nodiscard]] Result<ViewChangeMessage, Refusal> sign_view_change(
        const consensus::Committee& committee, Slot slot);

    /// Attests a fact. Facts have their own domain: no fact can be taken for a vote.
    [[nodiscard]] Result<consensus::FactVote, Refusal> sign_fact(
        const consensus::Committee& committee, const consensus::Fact& fact) const;

    /// The height is decided: nothing at or below it is signed any more.
    void decided(Height height);

    /// True if the statement is one that this record knows to have signed, or is too old to tell.
    [[nodiscard]] bool may_have_signed(const Statement& statement) const;

    /// This key was seen to sign something that this record does not hold: another machine uses it,
    /// or this machine's disk was set back. Signs nothing up to `height`. Spec [S9].
    void own_key_elsewhere(Height height);

  private:
    [[nodiscard]] Result<MemberIndex, Refusal> admit(
        const consensus::Committee& committee, Slot slot) const;
    void enter(View view);
    [[nodiscard]] Vote sign(const Statement& statement, MemberIndex member) const;

    crypto::SigningKey key_;
    ChainId chain_;
    SafetyRecord record_;
};

/// The record after `height` is decided. Never a step back.
[[nodiscard]] SafetyRecord record_after(SafetyRecord record, Height height);

}  // namespace polis::pbft
