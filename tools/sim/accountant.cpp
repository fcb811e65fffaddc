#include <tools/sim/accountant.hpp>

#include <cstddef>
#include <optional>
#include <variant>

#include <consensus/pbft/evidence.hpp>

namespace polis::sim {

namespace {

bool proves(
    const std::optional<pbft::Evidence>& evidence,
    ChainId chain,
    consensus::CryptoChecker& checker) {
    return evidence && pbft::verify_evidence(*evidence, chain, checker).has_value();
}

}  // namespace

void Accountant::add(const pbft::Vote& vote, std::optional<pbft::Prepared> prepared) {
    const pbft::Statement& statement = vote.statement;
    entries_[statement.height].try_emplace(
        {vote.member, statement.view, statement.phase, statement.digest, vote.signature},
        Entry{vote, std::move(prepared)});
}

void Accountant::add(const pbft::Certificate& certificate) {
    const std::vector<pbft::MemberIndex> members = pbft::signers_of(certificate);
    for (std::size_t i = 0; i < members.size() && i < certificate.signatures.size(); ++i) {
        add({certificate.statement, members[i], certificate.signatures[i]});
    }
}

void Accountant::collect(const pbft::Message& message) {
    if (const auto* proposal = std::get_if<pbft::Proposal>(&message)) {
        add(proposal->vote);
        if (proposal->parent) {
            add(*proposal->parent);
        }
        for (const pbft::ViewChange& change : proposal->justification.changes) {
            add(change.vote, change.prepared);
        }
        if (proposal->justification.prepared) {
            add(*proposal->justification.prepared);
        }
    } else if (const auto* ballot = std::get_if<pbft::Ballot>(&message)) {
        add(ballot->vote);
    } else if (const auto* change = std::get_if<pbft::ViewChangeMessage>(&message)) {
        add(change->change.vote, change->change.prepared);
        if (change->certificate) {
            add(*change->certificate);
        }
    } else if (const auto* decided = std::get_if<pbft::Decided>(&message)) {
        add(decided->certificate);
    }
}

std::set<PublicKey> Accountant::convicted(
    Height height, const consensus::Committee& committee, consensus::CryptoChecker& checker) {
    std::map<pbft::MemberIndex, std::vector<Entry>> by_member;
    for (const auto& [key, entry] : entries_[height]) {
        const pbft::MemberIndex member = entry.vote.member;
        if (member < committee.size() && pbft::signature_valid(entry.vote, committee, checker)) {
            by_member[member].push_back(entry);
        }
    }
    std::set<PublicKey> out;
    for (const auto& [member, entries] : by_member) {
        const PublicKey& key = committee.members[member].consensus_key;
        for (const Entry& one : entries) {
            for (const Entry& two : entries) {
                const bool change = two.vote.statement.phase == pbft::Phase::kViewChange;
                if (proves(pbft::conflict(key, one.vote, two.vote), committee.chain, checker) ||
                    (change && proves(
                                   pbft::denial(key, one.vote, {two.vote, two.prepared}),
                                   committee.chain,
                                   checker))) {
                    out.insert(key);
                }
            }
        }
    }
    return out;
}

}  // namespace polis::sim
