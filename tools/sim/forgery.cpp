#include <tools/sim/forgery.hpp>

#include <core/codec/borsh.hpp>
#include <ledger/block.hpp>

namespace polis::sim {

pbft::Vote signed_vote(
    const crypto::SigningKey& key, const pbft::Statement& statement, pbft::MemberIndex member) {
    return {
        .statement = statement,
        .member = member,
        .signature = key.sign(pbft::signing_hash(statement).view())};
}

std::optional<pbft::Proposal> other_proposal(
    const crypto::SigningKey& key, const pbft::Proposal& proposal) {
    auto header = codec::decode<ledger::Header>(proposal.summary.header);
    if (!header || header->view != proposal.vote.statement.view) {
        return std::nullopt;
    }
    pbft::Proposal other = proposal;
    pbft::Statement statement = proposal.vote.statement;
    const std::uint8_t bit = statement.digest.data.back() & 1;
    while ((statement.digest.data.back() & 1) == bit) {
        ++header->time.value;
        other.summary.header = codec::encode(*header);
        statement.digest = pbft::summary_hash(other.summary);
    }
    other.vote = signed_vote(key, statement, proposal.vote.member);
    return other;
}

pbft::Ballot other_ballot(
    const crypto::SigningKey& key, const pbft::Vote& vote, const Hash& digest) {
    pbft::Statement statement = vote.statement;
    statement.digest = digest;
    return {signed_vote(key, statement, vote.member)};
}

pbft::ViewChangeMessage forgetful_change(
    const crypto::SigningKey& key, const pbft::ViewChangeMessage& honest) {
    pbft::Statement statement = honest.change.vote.statement;
    statement.digest = pbft::prepared_hash(std::nullopt);
    const pbft::Vote vote = signed_vote(key, statement, honest.change.vote.member);
    return {.change = {.vote = vote, .prepared = std::nullopt}, .certificate = std::nullopt};
}

pbft::ViewChangeMessage change_to(
    const crypto::SigningKey& key,
    const consensus::Committee& committee,
    Height height,
    View view) {
    const pbft::Statement statement{
        .chain = committee.chain,
        .term = committee.term,
        .height = height,
        .view = view,
        .phase = pbft::Phase::kViewChange,
        .digest = pbft::prepared_hash(std::nullopt)};
    const auto member = committee.index_of(key.public_key());
    const pbft::Vote vote = signed_vote(key, statement, member.value_or(0));
    return {.change = {.vote = vote, .prepared = std::nullopt}, .certificate = std::nullopt};
}

Bytes mutated(Bytes bytes, Random& random) {
    const std::uint64_t flips = bytes.empty() ? 0 : random.between(1, 3);
    for (std::uint64_t i = 0; i < flips; ++i) {
        bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
    }
    return bytes;
}

}  // namespace polis::sim
