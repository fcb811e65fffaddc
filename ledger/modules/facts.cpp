#include <ledger/modules/facts.hpp>

#include <array>

#include <consensus/election.hpp>
#include <core/check.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger::facts {

namespace {

using consensus::CertifiedFact;
using consensus::Fact;

StateKey fact_key(consensus::FactKind kind, const Hash& subject) {
    const std::array<std::uint8_t, 1> tag{static_cast<std::uint8_t>(kind)};
    return StateKey(RecordKind::kFact, {tag, subject.view()});
}

}  // namespace

StoreResult<std::optional<FactRecord>> load_fact(
    StateView& state, consensus::FactKind kind, const Hash& subject) {
    return load_record<FactRecord>(state, fact_key(kind, subject));
}

StoreResult<std::vector<Fact>> record_facts(
    Journal& state, std::span<const CertifiedFact> facts, Height height) {
    std::vector<Fact> fresh;
    for (const CertifiedFact& certified : facts) {
        const Fact& fact = certified.fact;
        const StateKey key = fact_key(fact.kind, fact.subject);
        POLIS_TRY(const auto known, state.get(key));
        if (known) {
            continue;
        }
        POLIS_TRY_VOID(
            save_record(state, key, FactRecord{.result = fact.result, .height = height}));
        fresh.push_back(fact);
    }
    return fresh;
}

std::string_view to_string(FactsError error) {
    switch (error) {
        case FactsError::kWrongTerm:
            return "fact of neither this term nor the one before";
        case FactsError::kBadCertificate:
            return "bad certificate of a fact";
        case FactsError::kRefused:
            return "facts refused by the election";
    }
    return "unknown fault of facts";
}

std::string describe(const FactsFault& fault) {
    std::string out(to_string(fault.code));
    switch (fault.code) {
        case FactsError::kWrongTerm:
            return out + ": fact " + std::to_string(fault.index);
        case FactsError::kBadCertificate:
            POLIS_ASSERT(fault.certificate.has_value());
            return out + ": fact " + std::to_string(fault.index) + ": " +
                   std::string(to_string(*fault.certificate));
        case FactsError::kRefused:
            return out + ": " + std::string(fault.reason);
    }
    return out;
}

Result<void, FactsFault> check_facts(
    const CheckedBlock& block,
    const consensus::Committee& committee,
    const consensus::Committee* previous,
    consensus::CryptoChecker& checker) {
    for (std::size_t i = 0; i < block.facts.size(); ++i) {
        const CertifiedFact& fact = block.facts[i];
        FactsFault fault;
        fault.index = i;
        const bool late = previous != nullptr && fact.term == previous->term;
        if (!late && fact.term != committee.term) {
            return std::unexpected(fault);
        }
        const auto verified = consensus::verify_fact(fact, late ? *previous : committee, checker);
        if (!verified) {
            fault.code = FactsError::kBadCertificate;
            fault.certificate = verified.error();
            return std::unexpected(fault);
        }
    }
    return {};
}

StoreResult<std::optional<std::string_view>> election_objects(
    StateView& parent_state, const Params& params, const CheckedBlock& block) {
    const consensus::Election* election = terms::election_of(params);
    POLIS_ASSERT(election != nullptr);
    std::vector<Fact> facts;
    facts.reserve(block.facts.size());
    for (const CertifiedFact& certified : block.facts) {
        facts.push_back(certified.fact);
    }
    Journal scratch(parent_state);
    ElectionJournal records(scratch, params.election);
    const auto objection = election->check(facts, records);
    POLIS_TRY_VOID(records.finish());
    return objection;
}

}  // namespace polis::ledger::facts
