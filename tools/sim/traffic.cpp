#include <tools/sim/traffic.hpp>

#include <variant>

namespace polis::sim {

namespace {

struct Sorter {
    Purpose operator()(const pbft::Message& message) const { return std::visit(*this, message); }

    Purpose operator()(const pbft::Proposal&) const { return Purpose::kProposal; }

    Purpose operator()(const pbft::Ballot& ballot) const {
        return ballot.vote.statement.phase == pbft::Phase::kPrepare ? Purpose::kPrepare
                                                                    : Purpose::kCommit;
    }

    Purpose operator()(const node::Relayed&) const { return Purpose::kRelay; }

    Purpose operator()(const node::RelayPrune&) const { return Purpose::kRelay; }

    Purpose operator()(const node::RelayGraft&) const { return Purpose::kRelay; }

    Purpose operator()(const node::TxnBatch&) const { return Purpose::kTxns; }

    Purpose operator()(const node::TxnAnnounce&) const { return Purpose::kTxns; }

    Purpose operator()(const node::TxnRequest&) const { return Purpose::kTxns; }

    template <class Message>
    Purpose operator()(const Message&) const {
        return Purpose::kOther;
    }
};

}  // namespace

Purpose purpose_of(const node::Envelope& message) { return std::visit(Sorter{}, message); }

void Traffic::add(Purpose purpose, std::size_t bytes) {
    Sum& sum = sums_[static_cast<std::size_t>(purpose)];
    ++sum.messages;
    sum.bytes += bytes;
}

Traffic::Sum Traffic::all() const {
    Sum out;
    for (const Sum& sum : sums_) {
        out.messages += sum.messages;
        out.bytes += sum.bytes;
    }
    return out;
}

Traffic Traffic::since(const Traffic& before) const {
    Traffic out;
    for (std::size_t i = 0; i < kPurposes; ++i) {
        out.sums_[i].messages = sums_[i].messages - before.sums_[i].messages;
        out.sums_[i].bytes = sums_[i].bytes - before.sums_[i].bytes;
    }
    return out;
}

}  // namespace polis::sim
