#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include <consensus/checker.hpp>
#include <consensus/pbft/messages.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

/// Proofs of misbehaviour that anybody can verify with the offender's key alone. No honest replica
/// ever signs two statements that make one: spec [E1] to [E5] of pbft.md.
namespace polis::pbft {

/// Two blocks in one phase of one view: double proposal, double prepare, double commit, or two
/// contents of one view change.
struct Equivocation {
    Statement first;  ///< the one with the smaller digest
    Signature first_signature;
    Statement second;
    Signature second_signature;

    bool operator==(const Equivocation&) const = default;
    static constexpr auto kFields = codec::fields(
        &Equivocation::first,
        &Equivocation::first_signature,
        &Equivocation::second,
        &Equivocation::second_signature);
};

/// A commit in some view, and a view change to a later one that claims to have prepared nothing, or
/// only in an earlier view: the lie by which f + 1 members could undo a decision.
struct Amnesia {
    Statement commit;
    Signature commit_signature;
    Statement change;
    Signature change_signature;
    std::optional<Prepared> prepared;  ///< what `change` claims

    bool operator==(const Amnesia&) const = default;
    static constexpr auto kFields = codec::fields(
        &Amnesia::commit,
        &Amnesia::commit_signature,
        &Amnesia::change,
        &Amnesia::change_signature,
        &Amnesia::prepared);
};

using Proof = std::variant<Equivocation, Amnesia>;

struct Evidence {
    PublicKey offender;  ///< consensus key
    Proof proof;

    bool operator==(const Evidence&) const = default;
    static constexpr auto kFields = codec::fields(&Evidence::offender, &Evidence::proof);
};

enum class EvidenceError : std::uint8_t {
    kWrongChain,
    kNoConflict,  ///< the two statements may both be honest
    kBadSignature,
};

std::string_view to_string(EvidenceError error);

/// The height at which the offence took place.
[[nodiscard]] Height height_of(const Evidence& evidence);

/// Evidence from two votes of one member, if they conflict. @pre both signatures were verified
[[nodiscard]] std::optional<Evidence> conflict(
    const PublicKey& offender, const Vote& first, const Vote& second);

/// Evidence from a commit and a view change of one member, if the latter denies the former.
/// @pre both signatures were verified
[[nodiscard]] std::optional<Evidence> denial(
    const PublicKey& offender, const Vote& commit, const ViewChange& change);

[[nodiscard]] Result<void, EvidenceError> verify_evidence(
    const Evidence& evidence, ChainId chain, consensus::CryptoChecker& checker);

}  // namespace polis::pbft
