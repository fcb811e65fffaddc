#include <tests/consensus/people.hpp>

#include <array>
#include <numeric>

#include <core/check.hpp>

namespace polis::testing {

namespace {

crypto::Seed seed_of(std::uint8_t purpose, std::size_t index) {
    std::array<std::uint8_t, crypto::Seed::kSize> bytes{};
    bytes[0] = purpose;
    bytes[1] = static_cast<std::uint8_t>(index);
    return crypto::Seed(bytes);
}

}  // namespace

const PublicKey& People::key_of(consensus::MemberIndex member) const {
    return keys.at(member).public_key();
}

pbft::Vote People::vote(consensus::MemberIndex member, const pbft::Statement& statement) const {
    const Hash message = pbft::signing_hash(statement);
    return {
        .statement = statement,
        .member = member,
        .signature = keys.at(member).sign(message.view())};
}

consensus::FactVote People::fact_vote(
    consensus::MemberIndex member, const consensus::Fact& fact) const {
    const Hash message = consensus::fact_signing_hash(committee.chain, committee.term, fact);
    return {
        .term = committee.term,
        .fact = fact,
        .member = member,
        .signature = keys.at(member).sign(message.view())};
}

People make_people(std::size_t members, Term term, ChainId chain) {
    POLIS_ASSERT(members >= 1 && members <= consensus::kCommitteeMax);
    People out;
    out.committee.chain = chain;
    out.committee.term = term;
    for (std::size_t i = 0; i < members; ++i) {
        out.keys.emplace_back(seed_of(1, i));
        out.vrf_keys.emplace_back(seed_of(2, i));
        consensus::Member member;
        member.validator.data.fill(static_cast<std::uint8_t>(i));
        member.consensus_key = out.keys.back().public_key();
        member.vrf_key = out.vrf_keys.back().public_key();
        member.stake = Amount{1'000'000 - i};
        out.committee.members.push_back(member);
    }
    out.committee.ranking.order.resize(members);
    std::iota(out.committee.ranking.order.begin(), out.committee.ranking.order.end(), 0);
    return out;
}

Hash hash_of(std::uint8_t fill) {
    Hash out;
    out.data.fill(fill);
    return out;
}

std::optional<Bytes> MapRecords::get(ByteView key) {
    const auto found = all_.find(to_bytes(key));
    return found == all_.end() ? std::nullopt : std::optional{found->second};
}

void MapRecords::put(ByteView key, ByteView value) {
    POLIS_ASSERT(key.size() <= 32 && value.size() <= 4096);
    all_.insert_or_assign(to_bytes(key), to_bytes(value));
}

void MapRecords::remove(ByteView key) { all_.erase(to_bytes(key)); }

}  // namespace polis::testing
