#pragma once

#include <cstdint>
#include <string_view>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>

namespace polis::pbft {

using consensus::MemberIndex;

/// What a member says with a signature.
enum class Phase : std::uint8_t {
    kProposal = 0,    ///< "I, the leader, propose this block in this view"
    kPrepare = 1,     ///< "I accept the leader's block and no other in this view"
    kCommit = 2,      ///< "I have seen a quorum prepare this block in this view"
    kViewChange = 3,  ///< "I vote in no view below this one; this is what I have prepared"
};

std::string_view to_string(Phase phase);

/// The exact content of a signature. It names everything that tells one vote from another, so no
/// signature can be used on another chain, in another term, height, view or phase: spec [V1].
struct Statement {
    ChainId chain;
    Term term;
    Height height;
    View view;
    Phase phase = Phase::kProposal;
    Hash digest;  ///< the block's hash; for a view change that of its content

    bool operator==(const Statement&) const = default;
    static constexpr auto kFields = codec::fields(
        &Statement::chain,
        &Statement::term,
        &Statement::height,
        &Statement::view,
        &Statement::phase,
        &Statement::digest);
};

/// The 32 bytes that are signed: BLAKE2b-256, tag `polis.vote`, of the encoded statement.
[[nodiscard]] Hash signing_hash(const Statement& statement);

/// A statement with its signature.
struct Vote {
    Statement statement;
    MemberIndex member = 0;
    Signature signature;

    bool operator==(const Vote&) const = default;
    static constexpr auto kFields =
        codec::fields(&Vote::statement, &Vote::member, &Vote::signature);
};

/// Verifies the signature alone. @pre vote.member < committee.size()
[[nodiscard]] bool signature_valid(
    const Vote& vote, const consensus::Committee& committee, consensus::CryptoChecker& checker);

}  // namespace polis::pbft

template <>
inline constexpr auto polis::codec::kEnumLast<polis::pbft::Phase> = polis::pbft::Phase::kViewChange;
