#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/pbft/replica.hpp>
#include <core/types.hpp>

/// Replicas alone, without a ledger: a driver that keeps blocks as opaque names, and a network that
/// the test delivers by hand. For the rules of one replica; whole nodes are the simulator's.
namespace polis::pbft::testing {

using consensus::Committee;
using consensus::MemberIndex;

/// The consensus key of member `index` of every test committee.
[[nodiscard]] crypto::SigningKey member_key(std::size_t index);

inline constexpr ChainId kTestChain{7};

/// Members 0 to `members` - 1, ranked in this order; the leader of (h, v) is (h + v) mod n.
[[nodiscard]] Committee test_committee(std::size_t members, Term term = {});

/// A block as the driver of these tests makes one: a header with nothing but a name.
[[nodiscard]] Summary test_block(Height height, View view, std::uint64_t salt = 0);

/// The schedule of `height` on `head` with one committee for ever.
[[nodiscard]] Schedule test_schedule(const Committee& committee, Height height, const Hash& head);

/// A vote with a true signature of member `index`.
[[nodiscard]] Vote signed_vote(
    const Committee& committee, std::size_t index, Slot slot, Phase phase, const Hash& digest);

/// A true certificate by the given members.
[[nodiscard]] Certificate signed_certificate(
    const Committee& committee,
    const std::vector<std::size_t>& signers,
    Slot slot,
    Phase phase,
    const Hash& digest);

[[nodiscard]] ViewChangeMessage signed_view_change(
    const Committee& committee,
    std::size_t index,
    Slot slot,
    const std::optional<Certificate>& prepared = std::nullopt);

/// Remembers what it has checked: many replicas verify the same signature.
class CachedChecker final : public consensus::CryptoChecker {
  public:
    [[nodiscard]] bool signature_valid(
        const PublicKey& key, ByteView message, const Signature& signature) override;
    [[nodiscard]] std::optional<VrfOutput> vrf_output(
        const VrfPublicKey& key, ByteView input, const VrfProof& proof) override;

  private:
    std::map<Hash, bool> known_;
    consensus::PlainChecker plain_;
};

/// A message on its way.
struct Flight {
    std::size_t from = 0;
    std::size_t to = 0;
    Message message;
};

/// A driver with everything that it owes its replica.
struct Node {
    std::unique_ptr<Replica> replica;
    bool up = false;
    SafetyRecord stored;                    ///< what survives a crash
    std::vector<Certificate> certificates;  ///< of each finalized block
    std::vector<Hash> chain;                ///< finalized blocks; [0] has height 1
    std::set<Hash> bodies;                  ///< blocks that are here, durable or not
    std::set<Hash> stored_bodies;           ///< blocks that survive a crash
    std::map<Timer, TimeMs> timers;
    std::optional<Build> build;    ///< asked for and not answered
    std::vector<Obtain> obtains;   ///< asked for and not answered
    std::vector<std::string> log;  ///< inputs and effects, as describe() says them
    std::vector<Input> inputs;     ///< since the last start
    std::vector<TimeMs> input_times;
    std::vector<Effects> effects;  ///< of each input
};

class Cluster {
  public:
    struct Options {
        std::size_t members = 4;
        Timing timing{};
        bool answers_builds = true;   ///< at their time, when time is advanced
        bool answers_obtains = true;  ///< from the proposal or from a source that has the block
    };

    explicit Cluster(Options options);

    /// Starts a node from what it has stored.
    void start(std::size_t node);
    void start_all();

    /// Everything that was not durable is lost.
    void crash(std::size_t node);

    /// Hands an input to a replica and performs the effects.
    void input(std::size_t node, const Input& input);

    /// Verifies a message as the node's driver does and hands it over.
    /// @return why it was turned away, or nothing
    std::optional<Reject> receive(std::size_t node, const Message& message);

    /// Delivers what is in flight, and what that causes, until nothing is left.
    void deliver_all();

    /// Delivers the oldest message; false if there is none.
    bool deliver_one();

    /// Drops what is in flight and matches.
    void drop(const std::function<bool(const Flight&)>& matches);

    /// Messages that match are dropped when they are sent; empty: none.
    void set_filter(std::function<bool(const Flight&)> dropped) { filter_ = std::move(dropped); }

    /// Lets time pass in steps: fires timers, answers builds, delivers everything at each step.
    void run_for(std::uint64_t ms);

    void advance_clock(std::uint64_t ms) { now_.value += ms; }

    /// Fires the node's timer now, if it is armed.
    void fire(std::size_t node, Timer timer);

    /// Answers the node's Build with a block; a different one for each salt.
    void answer_build(std::size_t node, std::uint64_t salt = 0);
    void answer_obtain(std::size_t node, Verdict verdict);

    [[nodiscard]] Node& node(std::size_t index) { return nodes_[index]; }

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }

    [[nodiscard]] TimeMs now() const { return now_; }

    [[nodiscard]] const Committee& committee() const { return committee_; }

    [[nodiscard]] std::deque<Flight>& in_flight() { return flights_; }

    [[nodiscard]] consensus::CryptoChecker& checker() { return checker_; }

    /// Lowest number of finalized blocks of all nodes that are up.
    [[nodiscard]] std::size_t lowest_height() const;

    /// Empty, or which two nodes finalized different blocks at a height.
    [[nodiscard]] std::string disagreement() const;

  private:
    void perform(std::size_t index, const Effect& effect);
    void send(std::size_t from, const Message& message);
    void finalize(std::size_t index, const Finalize& effect);
    void sync(std::size_t index);
    void answer_stale(std::size_t index, const Flight& flight);
    void try_obtains(std::size_t index);
    [[nodiscard]] bool source_has(const Obtain& obtain) const;
    [[nodiscard]] Schedule schedule_of(const Node& node) const;

    const Options options_;
    const Committee committee_;
    std::vector<Node> nodes_;
    std::map<Hash, Summary> blocks_;  ///< every block that was ever built
    std::deque<Flight> flights_;
    std::function<bool(const Flight&)> filter_;
    CachedChecker checker_;
    TimeMs now_{1'000};
};

/// Everything that can be reached from the last start of a node again: a fresh replica on the same
/// inputs. @return the first difference in effects, empty if there is none
[[nodiscard]] std::string replay_difference(const Node& node, Replica fresh);

}  // namespace polis::pbft::testing
