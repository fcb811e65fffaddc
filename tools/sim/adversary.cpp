#include <tools/sim/adversary.hpp>

#include <algorithm>
#include <string>
#include <variant>

#include <tools/sim/forgery.hpp>

namespace polis::sim {

namespace {

constexpr std::size_t kMemoriesMax = 256;
constexpr std::size_t kMemoryBytesMax = 4'096;
constexpr std::size_t kSlotsMax = 64;

std::set<NodeId> some_nodes(Random& random, std::size_t nodes) {
    std::set<NodeId> out;
    for (NodeId node = 0; node < nodes; ++node) {
        if (random.chance(1, 2)) {
            out.insert(node);
        }
    }
    return out;
}

bool is_body(const node::Envelope& message) {
    return std::holds_alternative<node::TxnBatch>(message) ||
           std::holds_alternative<sync::BlockResponse>(message) ||
           std::holds_alternative<sync::BodySummary>(message) ||
           std::holds_alternative<sync::BodyItems>(message);
}

}  // namespace

Adversary::Adversary(Setup setup)
    : seed_(setup.seed),
      self_(setup.self),
      nodes_(setup.nodes),
      accomplices_(std::move(setup.accomplices)),
      traitor_(std::move(setup.traitor)),
      key_(std::move(setup.key)),
      random_(setup.seed, "adversary " + std::to_string(setup.self)),
      favourites_(some_nodes(random_, nodes_)),
      silent_(has(Trick::kSilent)) {}

void Adversary::heal() { silent_ = silent_ || traitor_.silent_later; }

bool Adversary::withheld(const node::Envelope& message) {
    if (has(Trick::kWithholdsBodies) && is_body(message)) {
        return true;
    }
    const auto* consensus = std::get_if<pbft::Message>(&message);
    if (consensus == nullptr) {
        return false;
    }
    if (has(Trick::kWithholdsProposals) && std::holds_alternative<pbft::Proposal>(*consensus)) {
        return true;
    }
    return has(Trick::kWithholdsVotes) && std::holds_alternative<pbft::Ballot>(*consensus) &&
           random_.chance(1, 2);
}

std::vector<Mail> Adversary::say(Mail honest) {
    std::vector<Mail> out;
    remember(honest.bytes);
    const auto message = node::decode_wire(honest.bytes);
    if (silent_ || (message && withheld(*message))) {
        return out;
    }
    const auto* consensus = message ? std::get_if<pbft::Message>(&*message) : nullptr;
    if (consensus == nullptr) {
        deliver(std::move(honest), out);
    } else {
        corrupt(*consensus, honest, out);
    }
    return out;
}

void Adversary::corrupt(const pbft::Message& message, const Mail& honest, std::vector<Mail>& out) {
    if (const auto* proposal = std::get_if<pbft::Proposal>(&message)) {
        member_ = proposal->vote.member;
        if (has(Trick::kEquivocates)) {
            equivocate(*proposal, out);
            return;
        }
        deliver(honest, out);
        vote_for(*proposal, /*conspiracy=*/false, out);
    } else if (const auto* change = std::get_if<pbft::ViewChangeMessage>(&message)) {
        const bool lies = has(Trick::kLiesInViewChange) && change->change.prepared.has_value();
        const pbft::Message said = lies ? forgetful_change(key_, *change) : *change;
        deliver({honest.to, node::encode_wire(said)}, out);
    } else if (const auto* ballot = std::get_if<pbft::Ballot>(&message)) {
        corrupt_vote(ballot->vote, honest, out);
    } else {
        deliver(honest, out);
    }
}

void Adversary::corrupt_vote(const pbft::Vote& vote, const Mail& honest, std::vector<Mail>& out) {
    member_ = vote.member;
    const Slot slot{vote.statement.height, vote.statement.view};
    if (has(Trick::kVotesForAll) && conspiracies_.contains(slot)) {
        return;  // each side has been told what it wants to hear
    }
    deliver(honest, out);
    if (!has(Trick::kDoubleVotes)) {
        return;
    }
    Hash digest;
    random_.fill(digest.data);
    const auto known = proposed_.find(slot);
    if (known != proposed_.end() && random_.chance(3, 4)) {
        digest = random_.pick(known->second);
    }
    const pbft::Message second = other_ballot(key_, vote, digest);
    deliver({honest.to, node::encode_wire(second)}, out);
}

/// Who is to believe in this block where two were proposed. All liars divide the others alike, and
/// each hears of both blocks. The last bit of a block's name tells its side.
std::set<NodeId> Adversary::side_of(Slot slot, const Hash& digest) const {
    Random random(
        seed_,
        "sides " + std::to_string(slot.height.value) + " " + std::to_string(slot.view.value));
    const bool wanted = (digest.data.back() & 1) != 0;
    std::set<NodeId> side = accomplices_;
    for (NodeId node = 0; node < nodes_; ++node) {
        if (random.chance(1, 2) == wanted) {
            side.insert(node);
        }
    }
    side.erase(self_);
    return side;
}

void Adversary::whisper(Slot slot, const Hash& digest, const Bytes& bytes, std::vector<Mail>& out) {
    for (const NodeId node : side_of(slot, digest)) {
        deliver({node, bytes}, out);
    }
}

void Adversary::equivocate(const pbft::Proposal& proposal, std::vector<Mail>& out) {
    const auto other = other_proposal(key_, proposal);
    if (!other) {
        deliver({std::nullopt, node::encode_wire(pbft::Message{proposal})}, out);
        vote_for(proposal, /*conspiracy=*/false, out);
        return;
    }
    for (const pbft::Proposal& said : {proposal, *other}) {
        const pbft::Statement& statement = said.vote.statement;
        const Bytes bytes = node::encode_wire(pbft::Message{said});
        whisper({statement.height, statement.view}, statement.digest, bytes, out);
        vote_for(said, /*conspiracy=*/true, out);
    }
}

void Adversary::vote_for(const pbft::Proposal& proposal, bool conspiracy, std::vector<Mail>& out) {
    const pbft::Statement& statement = proposal.vote.statement;
    const Slot slot{statement.height, statement.view};
    std::vector<Hash>& known = proposed_[slot];
    if (std::ranges::find(known, statement.digest) != known.end()) {
        return;
    }
    known.push_back(statement.digest);
    if (conspiracy) {
        conspiracies_.insert(slot);
    }
    if (proposed_.size() > kSlotsMax) {
        conspiracies_.erase(proposed_.begin()->first);
        proposed_.erase(proposed_.begin());
    }
    if (!has(Trick::kVotesForAll) || !member_ || silent_) {
        return;
    }
    for (const pbft::Phase phase : {pbft::Phase::kPrepare, pbft::Phase::kCommit}) {
        pbft::Statement vote = statement;
        vote.phase = phase;
        const pbft::Message ballot = pbft::Ballot{signed_vote(key_, vote, *member_)};
        if (conspiracy) {
            whisper(slot, statement.digest, node::encode_wire(ballot), out);
        } else {
            deliver({std::nullopt, node::encode_wire(ballot)}, out);
        }
    }
}

std::vector<Mail> Adversary::hear(NodeId from, ByteView bytes) {
    std::vector<Mail> out;
    remember(bytes);
    const auto message = node::decode_wire(bytes);
    const auto* consensus = message ? std::get_if<pbft::Message>(&*message) : nullptr;
    const auto* proposal = consensus != nullptr ? std::get_if<pbft::Proposal>(consensus) : nullptr;
    if (proposal != nullptr) {
        vote_for(*proposal, accomplices_.contains(from), out);
    }
    return out;
}

std::vector<Mail> Adversary::act(const pbft::Schedule& schedule, View view) {
    std::vector<Mail> out;
    member_ = schedule.current.index_of(key_.public_key());
    if (silent_) {
        return out;
    }
    if (has(Trick::kHugeViews) && member_) {
        const View far{
            random_.chance(1, 3) ? UINT64_MAX : view.value + random_.between(1, 1'000'000)};
        const pbft::Message change = change_to(key_, schedule.current, schedule.height, far);
        deliver({std::nullopt, node::encode_wire(change)}, out);
    }
    if (has(Trick::kReplays) && !memories_.empty()) {
        for (std::uint64_t i = random_.between(1, 8); i > 0; --i) {
            deliver({std::nullopt, random_.pick(memories_)}, out);
        }
    }
    if (has(Trick::kMutates) && !memories_.empty()) {
        deliver({std::nullopt, mutated(random_.pick(memories_), random_)}, out);
    }
    return out;
}

void Adversary::remember(ByteView bytes) {
    if (bytes.size() > kMemoryBytesMax || !(has(Trick::kReplays) || has(Trick::kMutates))) {
        return;
    }
    if (memories_.size() < kMemoriesMax) {
        memories_.push_back(to_bytes(bytes));
    } else if (random_.chance(1, 8)) {
        random_.pick(memories_) = to_bytes(bytes);
    }
}

void Adversary::deliver(Mail mail, std::vector<Mail>& out) {
    if (has(Trick::kMutates) && random_.chance(1, 10)) {
        mail.bytes = mutated(std::move(mail.bytes), random_);
    }
    if (!has(Trick::kSelective)) {
        out.push_back(std::move(mail));
        return;
    }
    for (const NodeId node : favourites_) {
        if (node != self_ && (!mail.to || *mail.to == node)) {
            out.push_back({node, mail.bytes});
        }
    }
}

}  // namespace polis::sim
