#include <consensus/pbft/messages.hpp>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::pbft {

namespace {

const Statement& statement_of(const Proposal& message) { return message.vote.statement; }

const Statement& statement_of(const Ballot& message) { return message.vote.statement; }

const Statement& statement_of(const ViewChangeMessage& message) {
    return message.change.vote.statement;
}

const Statement& statement_of(const Decided& message) { return message.certificate.statement; }

std::optional<MemberIndex> signer_of(const Proposal& message) { return message.vote.member; }

std::optional<MemberIndex> signer_of(const Ballot& message) { return message.vote.member; }

std::optional<MemberIndex> signer_of(const ViewChangeMessage& message) {
    return message.change.vote.member;
}

std::optional<MemberIndex> signer_of(const Decided& /*message*/) { return std::nullopt; }

}  // namespace

Hash summary_hash(const Summary& summary) {
    return crypto::blake2b_256(crypto::kDomainHeader, summary.header);
}

Hash prepared_hash(const std::optional<Prepared>& prepared) {
    return crypto::blake2b_256(crypto::kDomainPrepared, codec::encode(prepared));
}

Height height_of(const Message& message) {
    return std::visit([](const auto& item) { return statement_of(item).height; }, message);
}

std::optional<MemberIndex> member_of(const Message& message) {
    return std::visit([](const auto& item) { return signer_of(item); }, message);
}

}  // namespace polis::pbft
