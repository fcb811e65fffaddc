#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <consensus/pbft/vote.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

namespace polis::pbft {

/// Votes of a quorum for one statement: who signed, and the signatures in the order of the members.
/// A prepare certificate proves that nothing else can be prepared in its view; a commit certificate
/// makes the block final. Byte layout: docs/formats/consensus.md.
struct Certificate {
    Statement statement;
    Bytes signers;  ///< bit i mod 8 of byte i / 8 is member i; ceil(n / 8) bytes
    std::vector<Signature> signatures;

    bool operator==(const Certificate&) const = default;
    static constexpr auto kFields = codec::fields(
        &Certificate::statement,
        codec::bounded(&Certificate::signers, (consensus::kCommitteeMax + 7) / 8),
        codec::bounded(&Certificate::signatures, consensus::kCommitteeMax));
};

enum class CertificateError : std::uint8_t {
    kWrongPhase,    ///< neither a prepare nor a commit certificate, or not the one expected
    kWrongChain,    ///< signed for another chain
    kWrongTerm,     ///< not signed by this committee's term
    kBadSigners,    ///< the bitmap has another length, bits beyond n, or another count
    kNoQuorum,      ///< fewer signers than a quorum
    kBadSignature,  ///< at least one signature does not verify
};

std::string_view to_string(CertificateError error);

/// Name of a certificate, as the next header holds it: BLAKE2b-256, tag `polis.cert`.
[[nodiscard]] Hash certificate_hash(const Certificate& certificate);

/// A certificate from votes for one statement, each member once.
/// @pre every vote has the same statement; their members are distinct and within `members`
[[nodiscard]] Certificate make_certificate(std::span<const Vote> votes, std::size_t members);

/// The members whose bit is set, ascending.
[[nodiscard]] std::vector<MemberIndex> signers_of(const Certificate& certificate);

/// Everything but the signatures: phase, chain, term, shape of the bitmap, quorum. Spec [C1] to
/// [C3].
[[nodiscard]] Result<void, CertificateError> check_shape(
    const Certificate& certificate, Phase phase, const consensus::Committee& committee);

/// check_shape() and every signature. Spec [C4].
[[nodiscard]] Result<void, CertificateError> verify_certificate(
    const Certificate& certificate,
    Phase phase,
    const consensus::Committee& committee,
    consensus::CryptoChecker& checker);

}  // namespace polis::pbft
