#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

/// Attested facts: what a block cannot recompute on the spot (is this blob available? what does
/// this model score?) enters the chain as a statement that a quorum has signed. Spec [F1] to [F8].
namespace polis::consensus {

inline constexpr std::size_t kFactResultBytesMax = 256;
inline constexpr std::size_t kBlockFactsMax = 64;

/// What a fact is about. Append only.
enum class FactKind : std::uint8_t {
    kBlobAvailable = 0,  ///< subject: blob root; result: empty
    kModelScore = 1,     ///< subject: the reveal; result: its score
    kEvaluation = 2,     ///< subject: a contract's request; result: its answer
};

std::string_view to_string(FactKind kind);

struct Fact {
    FactKind kind = FactKind::kBlobAvailable;
    Hash subject;
    Bytes result;  ///< the same bytes from every honest member

    bool operator==(const Fact&) const = default;
    static constexpr auto kFields = codec::fields(
        &Fact::kind, &Fact::subject, codec::bounded(&Fact::result, kFactResultBytesMax));
};

/// The 32 bytes that a member signs for a fact: BLAKE2b-256, tag `polis.fact.sign`, of chain id,
/// term and fact.
[[nodiscard]] Hash fact_signing_hash(ChainId chain, Term term, const Fact& fact);

struct FactVote {
    Term term;
    Fact fact;
    MemberIndex member = 0;
    Signature signature;

    bool operator==(const FactVote&) const = default;
    static constexpr auto kFields =
        codec::fields(&FactVote::term, &FactVote::fact, &FactVote::member, &FactVote::signature);
};

/// A fact that a quorum of one term's committee has signed.
struct CertifiedFact {
    Term term;
    Fact fact;
    Bytes signers;  ///< as in pbft::Certificate
    std::vector<Signature> signatures;

    bool operator==(const CertifiedFact&) const = default;
    static constexpr auto kFields = codec::fields(
        &CertifiedFact::term,
        &CertifiedFact::fact,
        codec::bounded(&CertifiedFact::signers, (kCommitteeMax + 7) / 8),
        codec::bounded(&CertifiedFact::signatures, kCommitteeMax));
};

/// Leaf content of a header's `facts_root`: BLAKE2b-256, tag `polis.fact`, of the encoded
/// certified fact.
[[nodiscard]] Hash fact_id(const CertifiedFact& fact);

/// Merkle root over fact ids, in block order: a header's `facts_root`.
[[nodiscard]] Hash facts_root(std::span<const CertifiedFact> facts);

enum class FactError : std::uint8_t {
    kWrongTerm,  ///< not of this committee's term
    kUnknownMember,
    kBadSigners,  ///< the bitmap is malformed
    kNoQuorum,
    kBadSignature,
};

std::string_view to_string(FactError error);

[[nodiscard]] Result<void, FactError> verify_fact_vote(
    const FactVote& vote, const Committee& committee, CryptoChecker& checker);

[[nodiscard]] Result<void, FactError> verify_fact(
    const CertifiedFact& fact, const Committee& committee, CryptoChecker& checker);

}  // namespace polis::consensus

template <>
inline constexpr auto polis::codec::kEnumLast<polis::consensus::FactKind> =
    polis::consensus::FactKind::kEvaluation;
