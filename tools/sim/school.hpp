#pragma once

#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/random.hpp>
#include <ledger/chain.hpp>
#include <ledger/modules/task_queries.hpp>
#include <tools/sim/result.hpp>
#include <tools/sim/scenario.hpp>

/// Learning on a simulated chain: an owner who offers tasks, trainers who are validators, members
/// who evaluate. Nothing is really trained: what a model scores follows from its subject. Some
/// trainers stay away, do not reveal, reveal another model than they committed to, copy a
/// commitment or a whole model, or keep their model to themselves; some models are none. Some
/// owners withhold the key, seal rubbish or ask for what nobody reaches; some tasks take the
/// members longer than there is time.
namespace polis::sim {

/// Signed transactions that somebody who sees this chain wants to send now.
[[nodiscard]] std::vector<Bytes> school_txns(
    ledger::Chain& chain, const Scenario& scenario, Random& random);

/// The facts that members who see this chain work out: the true ones.
[[nodiscard]] std::vector<consensus::Fact> school_facts(ledger::Chain& chain);

/// How the rounds ended that the chain remembers. The node's store must not fail.
[[nodiscard]] SchoolTally school_tally(ledger::Chain& chain);

}  // namespace polis::sim
