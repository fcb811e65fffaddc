#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <consensus/quorum.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

namespace polis::consensus {

/// A member's place in its committee's list.
using MemberIndex = std::uint16_t;

/// Somebody who votes. Committees list their members by stake, most first, ties by address.
struct Member {
    Address validator;
    PublicKey consensus_key;
    VrfPublicKey vrf_key;
    Amount stake;

    bool operator==(const Member&) const = default;
    static constexpr auto kFields =
        codec::fields(&Member::validator, &Member::consensus_key, &Member::vrf_key, &Member::stake);
};

/// Hash of a committee as headers name it: BLAKE2b-256, tag `polis.committee`, of its encoded
/// members. Spec [K12].
[[nodiscard]] Hash committee_hash(const std::vector<Member>& members);

/// Who proposes: an order over a committee, which an election decides.
struct Ranking {
    std::vector<MemberIndex> order;  ///< a permutation of 0 to n - 1, first rank first
    bool rotates = true;             ///< the first rank moves on with every height

    bool operator==(const Ranking&) const = default;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&Ranking::order, kCommitteeMax), &Ranking::rotates);
};

/// True if the order names each of `members` members exactly once.
[[nodiscard]] bool is_permutation(const Ranking& ranking, std::size_t members);

/// Who votes and who proposes in one term of one chain.
struct Committee {
    ChainId chain;
    Term term;
    std::vector<Member> members;
    Ranking ranking;

    [[nodiscard]] std::size_t size() const { return members.size(); }

    [[nodiscard]] std::size_t quorum() const;

    [[nodiscard]] std::size_t faults_max() const { return consensus::faults_max(members.size()); }

    /// The member that proposes: ranking[v mod n], where a rotating ranking starts at h mod n.
    /// @pre size() >= 1 and is_permutation(ranking, size())
    [[nodiscard]] MemberIndex leader(Height height, View view) const;

    [[nodiscard]] std::optional<MemberIndex> index_of(const PublicKey& consensus_key) const;

    bool operator==(const Committee&) const = default;
    static constexpr auto kFields = codec::fields(
        &Committee::chain,
        &Committee::term,
        codec::bounded(&Committee::members, kCommitteeMax),
        &Committee::ranking);
};

/// Which term a height belongs to: term k holds the heights k * term_blocks + 1 to
/// (k + 1) * term_blocks; block 0 counts to term 0. @pre term_blocks >= 1
[[nodiscard]] Term term_of(Height height, std::uint64_t term_blocks);

/// True for the block after whose execution the next term's ranking and the committee of the term
/// after it are decided. @pre term_blocks >= 1
[[nodiscard]] bool ends_term(Height height, std::uint64_t term_blocks);

}  // namespace polis::consensus
