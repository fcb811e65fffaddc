#include <tools/sim/judge.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include <consensus/pbft/evidence.hpp>
#include <tools/sim/new_view.hpp>
#include <tools/sim/population.hpp>

namespace polis::sim {

namespace {

/// A few blocks' worth of votes, transactions and requests; what a liar says must not add to it.
constexpr std::size_t kMemoryBytesMax = std::size_t{32} << 20;

const pbft::Vote* vote_of(const pbft::Message& message) {
    if (const auto* proposal = std::get_if<pbft::Proposal>(&message)) {
        return &proposal->vote;
    }
    if (const auto* ballot = std::get_if<pbft::Ballot>(&message)) {
        return &ballot->vote;
    }
    const auto* change = std::get_if<pbft::ViewChangeMessage>(&message);
    return change != nullptr ? &change->change.vote : nullptr;
}

std::set<Address> correct_addresses(const Scenario& scenario) {
    std::set<Address> out;
    for (std::size_t member = 0; member < scenario.validators; ++member) {
        if (scenario.traitor(member) == nullptr) {
            out.insert(identity_of(member).address);
        }
    }
    return out;
}

std::set<PublicKey> keys_of_liars(const Scenario& scenario) {
    std::set<PublicKey> out;
    for (const Traitor& traitor : scenario.traitors) {
        out.insert(identity_of(traitor.member).consensus_key.public_key());
    }
    return out;
}

}  // namespace

Judge::Judge(const Setup& setup)
    : chain_id_(setup.genesis.state.params.chain_id),
      above_f_(setup.scenario.run.options.above_f > 0),
      liars_(keys_of_liars(setup.scenario)),
      faults_max_(setup.scenario.faults_max()),
      term_blocks_(setup.scenario.term_blocks),
      checker_(setup.checker),
      referee_(
          {.genesis = setup.genesis,
           .checker = setup.checker,
           .workers = setup.workers,
           .correct = correct_addresses(setup.scenario)}) {}

void Judge::fault(Broken broken, const std::string& what) {
    if (!violation_) {
        violation_ = Violation{broken, what};
    }
}

void Judge::take(NodeId node, std::optional<Violation> violation) {
    if (violation && !(above_f_ && violation->broken == Broken::kAgreement)) {
        fault(violation->broken, fmt::format("n{}: {}", node, violation->what));
    }
}

void Judge::said(NodeId node, const PublicKey& key, const node::Envelope& message) {
    const auto* consensus = std::get_if<pbft::Message>(&message);
    const pbft::Vote* vote = consensus != nullptr ? vote_of(*consensus) : nullptr;
    if (vote == nullptr || !checker_.signature_valid(
                               key, pbft::signing_hash(vote->statement).view(), vote->signature)) {
        return;  // nothing of its own, only passed on
    }
    if (const std::string what = book_.record(key, *consensus); !what.empty()) {
        fault(Broken::kVoteOnce, fmt::format("n{} signed {}", node, what));
    }
    check_new_view(node, *consensus);
}

void Judge::check_new_view(NodeId node, const pbft::Message& message) {
    const auto* proposal = std::get_if<pbft::Proposal>(&message);
    if (proposal == nullptr || forked()) {
        return;
    }
    const Height height = proposal->vote.statement.height;
    if (height.value > referee_.height().value + 1) {
        return;  // by a node that no correct node has reached
    }
    const std::size_t members = referee_.members(height).size();
    if (const std::string what = new_view_fault(*proposal, members); !what.empty()) {
        fault(Broken::kNewView, fmt::format("n{} {}", node, what));
    }
}

void Judge::heard(const node::Envelope& message) {
    const auto* relayed = std::get_if<node::Relayed>(&message);
    const auto* consensus = relayed != nullptr ? std::get_if<pbft::Message>(&relayed->said)
                                               : std::get_if<pbft::Message>(&message);
    if (above_f_ && consensus != nullptr) {
        accountant_.collect(*consensus);
    }
}

void Judge::finalized(NodeId node, const node::Finalized& output, const ledger::Chain& chain) {
    if (!forked()) {
        take(node, referee_.finalized(output.head, output.certificate, chain));
    }
}

void Judge::reopened(NodeId node, const ledger::Chain& chain, Height announced) {
    const Height height = chain.head().height;
    if (height < announced) {
        fault(
            Broken::kDurability,
            fmt::format(
                "n{} comes back at height {}, after {} was final there",
                node,
                height.value,
                announced.value));
    } else if (!forked()) {
        take(node, referee_.opened(chain));
    }
}

void Judge::accused(NodeId node, const node::Accused& output) {
    ++accusations_;
    const Height height = pbft::height_of(output.evidence);
    if (!liars_.contains(output.evidence.offender)) {
        fault(
            Broken::kEvidence,
            fmt::format("n{} accuses a correct member at height {}", node, height.value));
    }
    if (!pbft::verify_evidence(output.evidence, chain_id_, checker_)) {
        fault(
            Broken::kEvidence,
            fmt::format("n{}: its evidence about height {} proves nothing", node, height.value));
    }
}

void Judge::alarmed(NodeId node, const pbft::Alarm& alarm, bool expected) {
    if (!expected && !above_f_) {
        fault(
            Broken::kAlarm,
            fmt::format("n{}: {} at height {}", node, to_string(alarm.kind), alarm.height.value));
    }
}

void Judge::penalised(NodeId node, NodeId peer, const std::string& reason) {
    if (above_f_) {
        return;  // on another branch honest certificates prove nothing
    }
    fault(
        Broken::kEvidence,
        fmt::format("n{} penalises n{}, which is correct: {}", node, peer, reason));
}

void Judge::measured(NodeId node, std::size_t memory_bytes) {
    memory_bytes_max_ = std::max<std::uint64_t>(memory_bytes_max_, memory_bytes);
    if (memory_bytes > kMemoryBytesMax) {
        fault(Broken::kMemory, fmt::format("n{} holds {} bytes", node, memory_bytes));
    }
}

void Judge::call_to_account() {
    const auto height = referee_.forked_at();
    if (!height) {
        return;
    }
    const consensus::Committee committee{
        .chain = chain_id_,
        .term = consensus::term_of(*height, term_blocks_),
        .members = referee_.members(*height),
        .ranking = {}};
    const std::set<PublicKey> convicted = accountant_.convicted(*height, committee, checker_);
    for (const PublicKey& key : convicted) {
        if (!liars_.contains(key)) {
            fault(Broken::kAccountability, "a correct member is convicted");
        }
    }
    if (convicted.size() <= faults_max_) {
        fault(
            Broken::kAccountability,
            fmt::format(
                "two branches at height {}, but only {} members are convicted",
                height->value,
                convicted.size()));
    }
}

}  // namespace polis::sim
