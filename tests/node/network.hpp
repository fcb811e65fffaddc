#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <ledger/store/fault_store.hpp>
#include <ledger/store/memory_store.hpp>
#include <node/validator/validator.hpp>

/// A few validators on one clock and a network on which every message takes kDelayMs and none is
/// lost, unless a test says so. The simulator of faults is another program; this shows that the
/// parts fit together.
namespace polis::node::testing {

inline constexpr std::uint64_t kDelayMs = 5;
inline constexpr std::uint64_t kStartMs = 1'800'000'000'000;

/// A genesis whose keys are public; the same for the same numbers.
genesis::Genesis dev_genesis(std::size_t validators, std::uint64_t term_blocks = 5);

/// The keys of a genesis validator; account 9 pays for what it reports.
Identity dev_identity(std::size_t validator);

/// What a node did since its start.
struct Log {
    std::vector<Finalized> finalized;
    std::vector<Penalise> penalties;
    std::vector<AlarmRaised> alarms;
    std::vector<Accused> accusations;
    std::vector<FactDisputed> disputes;
    std::vector<TxnVerdict> verdicts;
    std::optional<StopNode> stopped;
    std::size_t sent = 0;  ///< messages, a broadcast counts once
};

class Network {
  public:
    explicit Network(
        std::size_t validators, std::uint64_t term_blocks = 5, Validator::Options options = {});

    /// Called for each message; false loses it.
    using Filter = std::function<bool(PeerId from, PeerId to, const Bytes& bytes)>;

    /// A node with the keys of that genesis validator, or an observer; not connected yet.
    PeerId add(std::optional<std::size_t> identity);

    /// A peer of every running node that is no node: the test speaks for it.
    PeerId add_stranger();

    /// What was sent to a stranger since the last call.
    std::vector<Bytes> take_mail(PeerId stranger) {
        return std::exchange(nodes_.at(stranger).mail, {});
    }

    /// Opens the node's store again, in a new object, with what the old one had written.
    void restart(PeerId node);

    /// Cuts the node off and destroys it; its store stays.
    void stop(PeerId node);

    /// Connects the node with all that are running.
    void join(PeerId node);
    void connect(PeerId left, PeerId right);

    /// The link between them is no more; both notice.
    void disconnect(PeerId left, PeerId right);

    void set_filter(Filter filter) { filter_ = std::move(filter); }

    void run_for(std::uint64_t ms);

    /// Runs until `done` or until the time is over. @return done()
    bool run_until(const std::function<bool()>& done, std::uint64_t ms_max = 60'000);

    /// Every running node has executed the block of that height.
    [[nodiscard]] bool all_at(Height height);

    void input(PeerId node, const ValidatorInput& input);

    [[nodiscard]] Validator& node(PeerId node) { return *nodes_.at(node).validator; }

    [[nodiscard]] bool running(PeerId node) const { return nodes_.at(node).validator != nullptr; }

    [[nodiscard]] Log& log(PeerId node) { return nodes_.at(node).log; }

    [[nodiscard]] ledger::FaultStore& store(PeerId node) { return *nodes_.at(node).store; }

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }

    [[nodiscard]] TimeMs now() const { return now_; }

    [[nodiscard]] const genesis::Genesis& genesis() const { return genesis_; }

  private:
    struct Node {
        std::optional<std::size_t> identity;
        std::unique_ptr<Validator> validator;  ///< null: stopped
        ledger::FaultStore* store = nullptr;   ///< owned by the validator's chain
        ledger::MemoryImage image;             ///< of a stopped node
        std::set<PeerId> peers;
        Log log;
        std::vector<Bytes> mail;  ///< to a stranger
    };

    struct Delivery {
        PeerId from = 0;
        PeerId to = 0;
        Bytes bytes;
    };

    void open(Node& node, bool create);
    void perform(PeerId from, ValidatorOutputs outputs);
    void send(PeerId from, PeerId to, const Bytes& bytes);
    bool step_clock(TimeMs limit);

    genesis::Genesis genesis_;
    const Validator::Options options_;
    consensus::PlainChecker checker_;
    WorkerPool workers_{1};
    std::vector<Node> nodes_;
    std::multimap<TimeMs, Delivery> deliveries_;  ///< equal times in order of sending
    Filter filter_;
    TimeMs now_{kStartMs};
};

}  // namespace polis::node::testing
