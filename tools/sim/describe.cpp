#include <tools/sim/describe.hpp>

#include <variant>

#include <fmt/format.h>

#include <consensus/pbft/describe.hpp>

namespace polis::sim {

namespace {

struct Describer {
    std::string operator()(const pbft::Message& message) const { return pbft::describe(message); }

    std::string operator()(const consensus::FactVote& vote) const {
        return fmt::format(
            "fact {} by member {} of term {}",
            pbft::short_name(vote.fact.subject),
            vote.member,
            vote.term.value);
    }

    std::string operator()(const node::TxnBatch& batch) const {
        return fmt::format("{} transactions", batch.txns.size());
    }

    std::string operator()(const sync::HeadClaim&) const { return "head claim"; }

    std::string operator()(const sync::BlockRequest&) const { return "block request"; }

    std::string operator()(const sync::BlockResponse&) const { return "block response"; }

    std::string operator()(const sync::BlockBusy&) const { return "block request refused"; }

    std::string operator()(const sync::BodyRequest&) const { return "body request"; }

    std::string operator()(const sync::BodySummary&) const { return "body summary"; }

    std::string operator()(const sync::BodyItems&) const { return "body items"; }

    std::string operator()(const sync::SnapshotRequest&) const { return "snapshot request"; }

    std::string operator()(const sync::SnapshotResponse&) const { return "snapshot response"; }

    std::string operator()(const node::Relayed& relayed) const {
        return "relayed " + std::visit(*this, relayed.said);
    }

    std::string operator()(const node::RelayPrune&) const { return "prune"; }

    std::string operator()(const node::RelayGraft&) const { return "graft"; }

    std::string operator()(const node::TxnAnnounce& announce) const {
        return fmt::format("names of {} transactions", announce.txns.size());
    }

    std::string operator()(const node::TxnRequest& request) const {
        return fmt::format("request for {} transactions", request.txns.size());
    }
};

}  // namespace

std::string describe(const std::optional<node::Envelope>& message) {
    return message ? std::visit(Describer{}, *message) : "garbage";
}

}  // namespace polis::sim
