#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <consensus/memo_checker.hpp>
#include <core/bytes.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <ledger/store/fault_store.hpp>
#include <node/validator/validator.hpp>
#include <tools/sim/adversary.hpp>
#include <tools/sim/event_queue.hpp>
#include <tools/sim/judge.hpp>
#include <tools/sim/network.hpp>
#include <tools/sim/node_clock.hpp>
#include <tools/sim/scenario.hpp>
#include <tools/sim/trace.hpp>
#include <tools/sim/traffic.hpp>

namespace polis::sim {

/// The first moment of every run.
inline constexpr TimeMs kRunStart{1'800'000'000'000};

/// A message under way; its copies and receivers share it.
struct Parcel {
    Bytes bytes;
    std::optional<node::Envelope> message;  ///< what the bytes say; nothing: garbage
    std::string text;                       ///< for the trace
};

/// All nodes with their disks and clocks, and the network between them: delivers what is due, and
/// stops and starts nodes as it is told.
class Cluster {
  public:
    struct Setup {
        const Scenario& scenario;
        const genesis::Genesis& genesis;
        consensus::MemoChecker& checker;
        WorkerPool& workers;
        Judge& judge;
        Trace& trace;
        /// Each node checks everything itself, as in a real network: slow, and `checker` is unused.
        bool own_checkers = false;
        /// Read around the steps of nodes and decides nothing; may be empty.
        std::function<std::uint64_t()> cpu_clock = {};
    };

    explicit Cluster(const Setup& setup);

    /// Opens all nodes and connects them.
    void start();

    /// Lets the next thing happen. @pre there is one: has_next()
    void step();

    [[nodiscard]] bool has_next() const { return !events_.empty(); }

    [[nodiscard]] TimeMs next_time() const { return events_.next_time(); }

    [[nodiscard]] TimeMs now() const { return now_; }

    /// @pre time is not before what happened already
    void advance_to(TimeMs time) { now_ = std::max(now_, time); }

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }

    [[nodiscard]] bool running(NodeId id) const { return nodes_[id].validator != nullptr; }

    [[nodiscard]] bool correct(NodeId id) const { return !nodes_[id].adversary.has_value(); }

    /// The last height that the node has announced as final.
    [[nodiscard]] Height announced(NodeId id) const { return nodes_[id].announced; }

    /// @pre running(id)
    [[nodiscard]] node::Validator& validator(NodeId id) { return *nodes_[id].validator; }

    /// @pre running(id)
    void input(NodeId id, const node::ValidatorInput& input);

    // ---- faults
    /// The power fails now; the node comes back after the pause.
    void crash(NodeId id, std::uint64_t pause_ms);
    /// Something goes wrong in one of the disk's next calls; the node comes back after the pause.
    void break_disk(NodeId id, ledger::StoreFault fault, std::uint64_t pause_ms);
    /// The node's vote record, as it is now, will be put back when the node restarts on a longer
    /// chain.
    void keep_vote_record(NodeId id);
    /// A liar's whole disk: kept at the first call, put back at the second.
    void set_disk_back(NodeId id, std::uint64_t pause_ms);
    /// A liar's chance to say something.
    void prompt(NodeId id);
    void cut(std::set<Link> links);
    /// No more faults: the network is whole, disks are sound, everybody who was down comes back.
    void heal();

    [[nodiscard]] const Network& network() const { return network_; }

    [[nodiscard]] std::uint64_t messages() const { return messages_; }

    [[nodiscard]] std::uint64_t events() const { return event_count_; }

    [[nodiscard]] std::uint64_t restarts() const { return restarts_; }

    /// What the nodes have sent, whether or not it arrived.
    [[nodiscard]] const Traffic& traffic() const { return traffic_; }

    /// What the clock counted in steps of nodes.
    [[nodiscard]] std::uint64_t cpu_ns() const { return cpu_ns_; }

    /// Signatures and proofs that the nodes checked with checkers of their own.
    [[nodiscard]] std::uint64_t checks() const;

  private:
    struct VoteRow {
        Bytes row;
        Height head;  ///< of the chain beside it
    };

    struct Node {
        NodePlan plan;
        NodeClock clock;
        PublicKey key;
        std::optional<Adversary> adversary = {};
        std::unique_ptr<consensus::MemoChecker> checker = {};  ///< null: the common one

        std::unique_ptr<node::Validator> validator = {};  ///< null: down
        ledger::FaultStore* store = nullptr;              ///< owned by the validator's chain
        ledger::MemoryImage image = {};                   ///< of the disk, while down
        std::uint64_t incarnation = 0;
        std::uint64_t pause_ms = 0;       ///< before it comes back from a broken disk
        bool disk_breaks = false;         ///< a fault waits in the store
        std::optional<TimeMs> wake = {};  ///< when its next timer is due
        std::set<NodeId> peers = {};      ///< whom it believes to be connected with

        Height announced = {};
        Height head = {};                      ///< of its chain, when it was last seen
        std::optional<VoteRow> old_vote = {};  ///< to be put back
        bool set_back = false;                 ///< it was, so it may be alarmed
        std::optional<ledger::MemoryImage> old_disk = {};
    };

    struct Deliver {
        Link link;
        std::uint64_t incarnation = 0;  ///< of the receiver
        std::shared_ptr<const Parcel> parcel;
    };

    struct Wake {
        NodeId node = 0;
    };

    struct Restart {
        NodeId node = 0;
        std::uint64_t incarnation = 0;
    };

    /// `node` notices that `peer` is gone.
    struct Gone {
        NodeId node = 0;
        NodeId peer = 0;
        std::uint64_t incarnation = 0;  ///< of the peer when it was there
    };

    /// Two nodes connect.
    struct Meet {
        Link link;
        std::uint64_t first = 0;  ///< incarnations
        std::uint64_t second = 0;
    };

    using Event = std::variant<Deliver, Wake, Restart, Gone, Meet>;

    [[nodiscard]] std::uint64_t cpu_now() const { return cpu_clock_ ? cpu_clock_() : 0; }

    void open(NodeId id);
    void stop(NodeId id);
    void restore_vote_record(Node& node);
    void connect(NodeId id);
    void after_step(NodeId id, const node::ValidatorOutputs& outputs);
    void perform(NodeId id, const node::ValidatorOutput& output);
    void finalized(NodeId id, const node::Finalized& output);
    void send(NodeId id, Mail mail);
    void transmit(NodeId id, const Mail& mail);
    void arm(NodeId id);
    void leave(NodeId id, NodeId peer);
    void join(NodeId id, NodeId peer);
    void line(NodeId id, std::string_view what);

    void on(const Deliver& event);
    void on(const Wake& event);
    void on(const Restart& event);
    void on(const Gone& event);
    void on(const Meet& event);

    // Constant after construction.
    const Scenario& scenario_;
    consensus::MemoChecker& checker_;
    WorkerPool& workers_;
    Judge& judge_;
    Trace& trace_;
    const std::function<std::uint64_t()> cpu_clock_;

    Network network_;
    Random random_;
    std::vector<Node> nodes_;
    EventQueue<Event> events_;
    TimeMs now_ = kRunStart;
    bool healed_ = false;
    std::uint64_t messages_ = 0;
    std::uint64_t event_count_ = 0;
    std::uint64_t restarts_ = 0;
    Traffic traffic_;
    std::uint64_t cpu_ns_ = 0;
};

}  // namespace polis::sim
