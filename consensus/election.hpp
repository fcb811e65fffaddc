#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <consensus/committee.hpp>
#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>

/// The plug-in point: how a chain decides who proposes. Who *votes* always comes from stake
/// (consensus/dpos/select.hpp); an election only orders the voters. A new election is one folder
/// and one line in registry.cpp; docs/guides/elections.md builds one in 30 lines.
namespace polis::consensus {

/// The election's own corner of the chain's state. Keys are up to 32 bytes, values up to 4 KiB;
/// nobody else writes there, and what is written is part of the state root.
class ElectionRecords {
  public:
    virtual ~ElectionRecords() = default;
    [[nodiscard]] virtual std::optional<Bytes> get(ByteView key) = 0;
    virtual void put(ByteView key, ByteView value) = 0;
    virtual void remove(ByteView key) = 0;
};

/// A block after its transactions were executed.
struct BlockView {
    Height height;
    Term term;
    View view;
    Address proposer;
    Hash beacon;
    TimeMs time;
    std::span<const Fact> facts;  ///< that became part of the state with this block
};

/// All functions are pure: they read their arguments and the records, no clock, no float, nothing
/// that iterates in an unspecified order, and sort with a total key. Every node calls them with the
/// same values and must get the same answer.
class Election {
  public:
    virtual ~Election() = default;

    /// As genesis names it.
    [[nodiscard]] virtual std::string_view name() const = 0;

    /// The proposer order of `term`, called once when the term before it ends.
    /// @param members the term's committee, by stake
    /// @post a permutation of the members
    [[nodiscard]] virtual Ranking rank(
        Term term,
        std::span<const Member> members,
        const Hash& beacon,
        ElectionRecords& records) const = 0;

    /// Why these facts may not stand in a block on this state; nothing if they may.
    [[nodiscard]] virtual std::optional<std::string_view> check(
        std::span<const Fact> facts, ElectionRecords& records) const = 0;

    /// What a block changes in the election's records. Called after every block's transactions and,
    /// at the end of a term, before rank().
    virtual void apply(const BlockView& block, ElectionRecords& records) const = 0;
};

/// The election of that name; nothing if this program has none. Thread-safe; lives for ever.
[[nodiscard]] const Election* find_election(std::string_view name);

/// Names of all elections, sorted.
[[nodiscard]] std::span<const std::string_view> election_names();

}  // namespace polis::consensus
