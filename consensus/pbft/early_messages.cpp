#include <consensus/pbft/early_messages.hpp>

#include <algorithm>
#include <utility>

namespace polis::pbft {

namespace {

View view_of(const Ballot& ballot) { return ballot.vote.statement.view; }

View view_of(const ViewChangeMessage& message) { return message.change.vote.statement.view; }

template <class T>
void keep_latest(std::optional<T>& kept, const T& message) {
    if (!kept || view_of(*kept) < view_of(message)) {
        kept = message;
    }
}

template <class T>
void take_into(std::vector<Message>& out, std::optional<T>& kept) {
    if (kept) {
        out.emplace_back(*std::exchange(kept, std::nullopt));
    }
}

}  // namespace

void EarlyMessages::keep(const Message& message) {
    const auto member = member_of(message);
    if (!member) {
        return;
    }
    Slot& slot = slots_[*member];
    if (const auto* ballot = std::get_if<Ballot>(&message)) {
        const bool prepares = ballot->vote.statement.phase == Phase::kPrepare;
        keep_latest(prepares ? slot.prepare : slot.commit, *ballot);
    } else if (const auto* change = std::get_if<ViewChangeMessage>(&message)) {
        keep_latest(slot.change, *change);
    } else if (const auto* proposal = std::get_if<Proposal>(&message)) {
        slot.proposed = true;
        if (!proposal_ || proposal_->vote.statement.view < proposal->vote.statement.view) {
            proposal_ = *proposal;
        }
    }
}

std::size_t EarlyMessages::senders() const {
    return static_cast<std::size_t>(std::ranges::count_if(slots_, &Slot::used));
}

std::vector<Message> EarlyMessages::take() {
    std::vector<Message> out;
    take_into(out, proposal_);
    for (Slot& slot : slots_) {
        take_into(out, slot.change);
        take_into(out, slot.prepare);
        take_into(out, slot.commit);
        slot.proposed = false;
    }
    return out;
}

std::size_t EarlyMessages::memory_bytes() const {
    std::size_t bytes = slots_.size() * sizeof(Slot);
    for (const Slot& slot : slots_) {
        if (slot.change) {
            bytes += memory_of(slot.change->certificate);
        }
    }
    return bytes + (proposal_ ? memory_of(*proposal_) : 0);
}

std::size_t memory_of(const std::optional<Certificate>& certificate) {
    return certificate
               ? certificate->signers.size() + certificate->signatures.size() * sizeof(Signature)
               : 0;
}

std::size_t memory_of(const Proposal& proposal) {
    return sizeof(Proposal) + proposal.summary.header.size() + proposal.summary.facts.size() +
           proposal.summary.txns.size() * sizeof(Hash) + memory_of(proposal.parent) +
           proposal.justification.changes.size() * sizeof(ViewChange) +
           memory_of(proposal.justification.prepared);
}

}  // namespace polis::pbft
