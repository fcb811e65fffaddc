#pragma once

#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/random.hpp>
#include <ledger/chain.hpp>
#include <ledger/modules/task_queries.hpp>
#include <tools/sim/scenario.hpp>

/// Learning on a simulated chain: an owner who offers tasks, trainers who are validators, members
/// who evaluate. Nothing is really trained: what a model scores follows from its subject. Some
/// trainers are silent, do not reveal, copy a commitment or keep their model to themselves; some
/// owners withhold the key or seal rubbish.
namespace polis::sim {

/// Signed transactions that somebody who sees this chain wants to send now.
[[nodiscard]] std::vector<Bytes> school_txns(
    ledger::Chain& chain, const Scenario& scenario, Random& random);

/// The facts that members who see this chain work out: the true ones.
[[nodiscard]] std::vector<consensus::Fact> school_facts(ledger::Chain& chain);

}  // namespace polis::sim
