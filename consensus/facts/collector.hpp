#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <consensus/committee.hpp>
#include <consensus/facts/aged_map.hpp>
#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

namespace polis::consensus {

/// What names a fact. A chain holds one result for it.
using FactKey = std::pair<FactKind, Hash>;

[[nodiscard]] inline FactKey key_of(const Fact& fact) { return {fact.kind, fact.subject}; }

/// A quorum signed another result than this node's: a wrong result here, or more than f members
/// that are wrong together. A person must look.
struct FactAlarm {
    Fact own;
    Bytes theirs;  ///< the result that the quorum signed

    bool operator==(const FactAlarm&) const = default;
};

enum class FactVoteOutcome : std::uint8_t {
    kCounted,
    kRepeated,     ///< the member's vote is already here
    kConflicting,  ///< the member voted for another result before: ignored
    kSettled,      ///< a quorum has signed this subject's result
    kOtherTerm,    ///< neither of the current term nor of the one before, or no member of it
};

/// Collects votes on facts until a quorum has signed the same bytes, and keeps the certified facts
/// until a block includes them.
///
/// Sans I/O. The owner works facts out and signs them:
///
///     if (collector.found(fact).sign) {
///         vote = replica.attest(fact); broadcast(vote); collector.add(vote);
///     }
///
/// Memory is O(members): each member has at most `open_max` votes here, and its oldest makes room
/// for its newest, so a member that spams loses only its own votes. Spec [F3] to [F8] of
/// elections.md. One thread.
class FactCollector {
  public:
    struct Limits {
        std::size_t open_max = 256;        ///< votes a member and term; also own results
        std::size_t certified_max = 1024;  ///< facts that wait for a block; the oldest goes
        std::size_t settled_max = 4096;    ///< included facts that late votes are compared with
    };

    struct Added {
        FactVoteOutcome outcome = FactVoteOutcome::kCounted;
        std::optional<FactAlarm> alarm;
    };

    struct Found {
        bool sign = false;  ///< sign it and add() the vote
        std::optional<FactAlarm> alarm;
    };

    /// @param own      this node's consensus key, whether it is a member or not
    /// @param previous committee of the term before, whose votes still count
    FactCollector(
        const PublicKey& own,
        Committee current,
        std::optional<Committee> previous,
        const Limits& limits);

    /// This node has worked a fact out. Not to be signed if its kind is suspended, if a quorum has
    /// spoken, or if another result was found before, which stands.
    [[nodiscard]] Found found(const Fact& fact);

    /// A vote of anybody, also this node's own. @pre verify_fact_vote() accepted it
    [[nodiscard]] Added add(const FactVote& vote);

    /// A block became final with these facts, wherever they were certified: they are forgotten, and
    /// compared with this node's results.
    [[nodiscard]] std::vector<FactAlarm> included(std::span<const CertifiedFact> facts);

    /// Drops a certified fact that the chain refuses to hold; votes may certify it again.
    void drop(const FactKey& key);

    /// A later term begins. Votes of the term before stay of use for one term; older ones go.
    /// @pre next.term > the current term
    /// @return own results that wait for a quorum: to be signed again for the new term
    [[nodiscard]] std::vector<Fact> new_term(Committee next);

    /// Certified facts for a block, ascending by kind and subject: at most `count_max`, whose
    /// encodings have at most `bytes_max` bytes together. One that does not fit is passed over.
    [[nodiscard]] std::vector<CertifiedFact> choose(
        std::size_t count_max, std::size_t bytes_max) const;

    /// This node's votes that no block has made needless, for members that missed them; by kind and
    /// subject.
    [[nodiscard]] std::vector<FactVote> own_votes() const;

    /// True after an alarm about this kind: nothing of it is signed until resume().
    [[nodiscard]] bool suspended(FactKind kind) const;
    void resume(FactKind kind);

    /// Bytes held, roughly.
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Cast {
        Hash signed_hash;  ///< fact_signing_hash: tells results apart
        Signature signature;
    };

    /// One member's votes.
    using Seat = AgedMap<FactKey, Cast>;

    /// What one term's committee says.
    struct Bench {
        Committee committee;
        std::vector<Seat> seats;
        std::map<FactKey, std::map<Hash, std::size_t>> tallies;  ///< votes by signed hash
    };

    struct Own {
        Fact fact;
        std::optional<FactVote> vote;  ///< the latest
    };

    [[nodiscard]] Bench make_bench(Committee committee) const;
    [[nodiscard]] Bench* bench_of(Term term);
    void forget_votes(const FactKey& key);
    [[nodiscard]] const Bytes* quorum_result(const FactKey& key) const;
    [[nodiscard]] std::optional<FactAlarm> compare(const Fact& quorum);
    [[nodiscard]] bool& suspension(FactKind kind);

    const PublicKey own_key_;
    const Limits limits_;
    Bench current_;
    std::optional<Bench> previous_;
    AgedMap<FactKey, CertifiedFact> certified_;
    AgedMap<FactKey, Own> own_;
    AgedMap<FactKey, Bytes> settled_;  ///< results that blocks included
    std::array<bool, static_cast<std::size_t>(codec::kEnumLast<FactKind>) + 1> suspended_{};
};

}  // namespace polis::consensus
