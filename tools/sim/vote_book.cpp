#include <tools/sim/vote_book.hpp>

#include <variant>

#include <fmt/format.h>

#include <consensus/pbft/evidence.hpp>

namespace polis::sim {

namespace {

std::string place_of(const pbft::Statement& statement) {
    return fmt::format(
        "{} at height {} view {}",
        to_string(statement.phase),
        statement.height.value,
        statement.view.value);
}

}  // namespace

std::string VoteBook::record(const PublicKey& member, const pbft::Message& message) {
    if (const auto* proposal = std::get_if<pbft::Proposal>(&message)) {
        return record_vote(member, proposal->vote);
    }
    if (const auto* ballot = std::get_if<pbft::Ballot>(&message)) {
        return record_vote(member, ballot->vote);
    }
    if (const auto* change = std::get_if<pbft::ViewChangeMessage>(&message)) {
        return record_change(member, change->change);
    }
    return {};
}

std::string VoteBook::record_vote(const PublicKey& member, const pbft::Vote& vote) {
    const pbft::Statement& statement = vote.statement;
    Signer& signer = signers_[member];
    const auto [place, fresh] =
        signer.votes.try_emplace({statement.height, statement.view, statement.phase}, vote);
    if (!fresh) {
        const bool same = place->second.statement == statement;
        return same ? std::string{} : "two statements: " + place_of(statement);
    }
    ++count_;
    return statement.phase == pbft::Phase::kCommit ? against_changes(member, vote) : std::string{};
}

std::string VoteBook::against_changes(const PublicKey& member, const pbft::Vote& commit) {
    for (const pbft::ViewChange& change : signers_[member].changes[commit.statement.height]) {
        if (pbft::denial(member, commit, change)) {
            return place_of(commit.statement) + ", after a view change that excludes it";
        }
        if (change.vote.statement.view > commit.statement.view) {
            return place_of(commit.statement) + ", after leaving that view";
        }
    }
    return {};
}

std::string VoteBook::record_change(const PublicKey& member, const pbft::ViewChange& change) {
    const std::size_t before = count_;
    if (std::string fault = record_vote(member, change.vote); !fault.empty() || count_ == before) {
        return fault;
    }
    Signer& signer = signers_[member];
    const Height height = change.vote.statement.height;
    signer.changes[height].push_back(change);
    const auto begin = signer.votes.lower_bound({height, View{0}, pbft::Phase::kProposal});
    for (auto vote = begin; vote != signer.votes.end(); ++vote) {
        const pbft::Statement& statement = vote->second.statement;
        if (statement.height != height) {
            break;
        }
        if (statement.phase == pbft::Phase::kCommit && pbft::denial(member, vote->second, change)) {
            return place_of(change.vote.statement) + " denies the " + place_of(statement);
        }
    }
    return {};
}

}  // namespace polis::sim
