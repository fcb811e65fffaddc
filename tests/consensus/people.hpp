#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include <consensus/committee.hpp>
#include <consensus/election.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/vote.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>

/// Committees with their secret keys, and an election's records in memory.
namespace polis::testing {

/// A committee of which everything is known. Member i has key i, address filled with i and falling
/// stake; the ranking rotates in the members' order.
struct People {
    std::vector<crypto::SigningKey> keys;
    std::vector<crypto::VrfKey> vrf_keys;
    consensus::Committee committee;

    [[nodiscard]] const PublicKey& key_of(consensus::MemberIndex member) const;
    [[nodiscard]] pbft::Vote vote(
        consensus::MemberIndex member, const pbft::Statement& statement) const;
    [[nodiscard]] consensus::FactVote fact_vote(
        consensus::MemberIndex member, const consensus::Fact& fact) const;
};

/// @pre 1 <= members <= 200
[[nodiscard]] People make_people(
    std::size_t members, Term term = Term{3}, ChainId chain = ChainId{7});

/// A hash filled with one byte.
[[nodiscard]] Hash hash_of(std::uint8_t fill);

class MapRecords final : public consensus::ElectionRecords {
  public:
    [[nodiscard]] std::optional<Bytes> get(ByteView key) override;
    void put(ByteView key, ByteView value) override;
    void remove(ByteView key) override;

    [[nodiscard]] const std::map<Bytes, Bytes>& all() const { return all_; }

  private:
    std::map<Bytes, Bytes> all_;
};

}  // namespace polis::testing
