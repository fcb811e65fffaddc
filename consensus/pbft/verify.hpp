#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <consensus/pbft/messages.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

/// The gate in front of a replica: a pure function of a message and the committees, run on the
/// crypto pool. What passes it is well formed and truly signed; whether it is of use now is for the
/// replica to say. Spec [M1] to [M9] of pbft.md.
namespace polis::pbft {

/// Why a message was turned away.
enum class Reject : std::uint8_t {
    kStale,           ///< a height below the one being decided: nobody's fault
    kFuture,          ///< beyond the next height: this node is behind, or the sender lies
    kWrongChain,      ///< signed for another chain
    kWrongTerm,       ///< not the term of its height
    kWrongPhase,      ///< a phase that this kind of message cannot have
    kUnknownMember,   ///< index outside the committee
    kNotLeader,       ///< a proposal by somebody who does not lead its view
    kBadDigest,       ///< header, prepared claim and digest do not belong together
    kBadCertificate,  ///< an embedded certificate is malformed or does not verify
    kUnjustified,     ///< the view changes shown do not allow this proposal
    kBadSignature,
    kMalformed,  ///< not the encoding of a message
};

std::string_view to_string(Reject reject);

/// True if only the sender can be at fault, so that it may be penalised; the others happen to
/// honest members too.
[[nodiscard]] bool is_misbehaviour(Reject reject);

/// The committees of the heights that are open: the one being decided and the next one, whose votes
/// may overtake the decision.
struct Schedule {
    Height height;                 ///< being decided
    Hash head;                     ///< the block of the height before
    consensus::Committee parent;   ///< voted on the height before
    consensus::Committee current;  ///< votes on `height`
    consensus::Committee next;     ///< votes on `height` + 1; its ranking may still change if
                                   ///< `height` ends a term

    /// @return nothing for a height that is not open
    [[nodiscard]] const consensus::Committee* at(Height wanted) const;

    bool operator==(const Schedule&) const = default;
    static constexpr auto kFields = codec::fields(
        &Schedule::height, &Schedule::head, &Schedule::parent, &Schedule::current, &Schedule::next);
};

/// A message that passed verify(). Its encoding is for this node's own input logs: who decodes one
/// believes whoever wrote it.
class Verified {
  public:
    Verified() = default;

    [[nodiscard]] const Message& message() const { return message_; }

    /// Takes a message at its word: one that this node verified before it wrote it down (input
    /// logs), or one in a benchmark of the replica alone.
    static Verified trusted(Message message) { return Verified(std::move(message)); }

    bool operator==(const Verified&) const = default;

  private:
    friend Result<Verified, Reject> verify(
        Message message, const Schedule& schedule, consensus::CryptoChecker& checker);

    explicit Verified(Message message) : message_(std::move(message)) {}

    Message message_;

  public:
    static constexpr auto kFields = codec::fields(&Verified::message_);
};

[[nodiscard]] Result<Verified, Reject> verify(
    Message message, const Schedule& schedule, consensus::CryptoChecker& checker);

}  // namespace polis::pbft
