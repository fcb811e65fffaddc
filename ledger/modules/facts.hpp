#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <consensus/facts/fact.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/params.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>
#include <ledger/validation.hpp>

/// Attested facts in the state: what the chain holds for true, once and for ever. Spec [B19] of
/// blocks.md, [X11] of execution.md.
namespace polis::ledger::facts {

/// What is known of one (kind, subject).
struct FactRecord {
    Bytes result;
    Height height;  ///< of the block that brought it

    bool operator==(const FactRecord&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&FactRecord::result, consensus::kFactResultBytesMax), &FactRecord::height);
};

/// @return nothing if the chain holds no such fact
[[nodiscard]] StoreResult<std::optional<FactRecord>> load_fact(
    StateView& state, consensus::FactKind kind, const Hash& subject);

/// Makes facts part of the state. One whose kind and subject are known changes nothing: the first
/// one stays, so that nobody can take back what others built on.
/// @return those that were new
[[nodiscard]] StoreResult<std::vector<consensus::Fact>> record_facts(
    Journal& state, std::span<const consensus::CertifiedFact> facts, Height height);

enum class FactsError : std::uint8_t {
    kWrongTerm,       ///< of neither the block's term nor the one before it
    kBadCertificate,  ///< `certificate` says why
    kRefused,         ///< the election does not admit the facts: `reason` says why
};

std::string_view to_string(FactsError error);

struct FactsFault {
    FactsError code = FactsError::kWrongTerm;
    std::size_t index = 0;  ///< of the offending fact; 0 if it is all of them
    std::optional<consensus::FactError> certificate;
    std::string_view reason;  ///< lives for ever
};

/// For a person: the rule, and the fact it was broken by.
std::string describe(const FactsFault& fault);

/// Verifies the certificates of a block's facts. Costs every signature of each.
/// @param committee of the block's term
/// @param previous  of the term before it; null in term 0
[[nodiscard]] Result<void, FactsFault> check_facts(
    const CheckedBlock& block,
    const consensus::Committee& committee,
    const consensus::Committee* previous,
    consensus::CryptoChecker& checker);

/// Asks the election about a block's facts, on the state of its parent.
/// @return its reason against them, nothing if they may stand
/// @pre the parameters' election is one of this program
[[nodiscard]] StoreResult<std::optional<std::string_view>> election_objects(
    StateView& parent_state, const Params& params, const CheckedBlock& block);

}  // namespace polis::ledger::facts
