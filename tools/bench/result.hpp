#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <core/types.hpp>

/// What `polis bench` measured. Everything that a report shows stands here and nowhere else; units
/// are in the names, times of a run count from the moment when its first transaction was due.
/// docs/formats/bench.md
namespace polis::tools::bench {

/// Of the summary files: a reader refuses another one.
inline constexpr std::uint32_t kSchemaVersion = 1;

/// A distribution of times. All 0 if nothing was measured.
struct Spread {
    std::uint64_t count = 0;
    std::uint64_t mean_us = 0;
    std::uint64_t p50_us = 0;
    std::uint64_t p90_us = 0;
    std::uint64_t p99_us = 0;
    std::uint64_t p999_us = 0;
    std::uint64_t max_us = 0;

    bool operator==(const Spread&) const = default;
};

/// Where it ran. Figures of different machines are not comparable; `compare` says so.
struct Machine {
    std::string version;   ///< of polis and polisd
    std::string compiler;  ///< that made them, and how
    std::string cpu;
    std::uint64_t cores = 0;  ///< that the processes may use
    std::uint64_t memory_bytes = 0;
    std::string system;          ///< kernel
    double load_before = 0;      ///< load average of the last minute as the run began
    std::uint64_t began_ms = 0;  ///< Unix time

    bool operator==(const Machine&) const = default;
};

/// What was asked for.
struct Setup {
    std::string workload;
    std::string election;
    std::string fault;  ///< empty: none
    std::uint64_t nodes = 0;
    std::uint64_t rate = 0;   ///< transactions a second that are due
    bool rate_found = false;  ///< --rate auto: the rate is a share of the knee
    std::uint64_t seconds = 0;
    std::uint64_t senders = 0;
    std::uint64_t block_interval_ms = 0;
    std::uint64_t random_seed = 0;

    bool operator==(const Setup&) const = default;
};

/// What became of the transactions that were due within the time.
struct Counts {
    std::uint64_t offered = 0;     ///< were due
    std::uint64_t finalized = 0;   ///< in a final block and successful
    std::uint64_t in_time = 0;     ///< of those, final before the last one was due
    std::uint64_t failed = 0;      ///< in a final block, without success
    std::uint64_t unfinished = 0;  ///< neither, when patience ended
    std::uint64_t refusals = 0;    ///< answers of "not now"; each transaction was sent again
    std::uint64_t txn_bytes = 0;   ///< encoded, of one transaction on average

    bool operator==(const Counts&) const = default;
};

/// From when a transaction was due until ...
struct Latency {
    Spread accepted;  ///< a node had taken it in
    Spread first;     ///< the first node had it final
    Spread quorum;    ///< 2f+1 nodes had it final

    bool operator==(const Latency&) const = default;
};

struct Blocks {
    std::uint64_t count = 0;
    std::uint64_t txns_max = 0;
    Spread interval;  ///< between the arrivals of two blocks at the first node that has them
    std::uint64_t view_changes = 0;      ///< views that failed, by the certificates of the blocks
    std::uint64_t longest_stall_us = 0;  ///< without a block that held transactions of the load

    bool operator==(const Blocks&) const = default;
};

/// Where the time of a transaction or block goes, as the nodes measure it; over all nodes.
struct Stage {
    std::string name;   ///< "verify", "propose", "prepare", "commit", "execute", ...
    std::string about;  ///< one line: from what to what
    Spread time;

    bool operator==(const Stage&) const = default;
};

/// What the process of a node took during the load.
struct NodeUse {
    std::uint64_t node = 0;
    std::uint64_t user_us = 0;    ///< processor time
    std::uint64_t system_us = 0;  ///< of the kernel on its behalf
    std::uint64_t resident_bytes_max = 0;
    std::uint64_t disk_written_bytes = 0;  ///< that the process gave to the kernel for disks
    std::uint64_t sent_bytes = 0;          ///< to peers
    std::uint64_t received_bytes = 0;
    std::uint64_t messages_sent = 0;  ///< to peers; 0: the node does not say
    std::uint64_t signatures = 0;     ///< of transactions, verified
    std::uint64_t height_from = 0;
    std::uint64_t height_to = 0;
    bool ran_through = true;  ///< false: the process ended meanwhile, its figures are a part

    bool operator==(const NodeUse&) const = default;
};

/// The physical floor: what n nodes need at least for one transaction, n signature verifications.
/// Measured in the same run, because machines differ and change.
struct Floor {
    double verify_alone_us = 0;  ///< one verification by libsodium before the load
    double verify_us = 0;        ///< the same during the load, beside the nodes
    double floor_us = 0;         ///< nodes x verify_us
    double spent_us = 0;         ///< processor time of all nodes by finalized transactions
    double ratio = 0;            ///< spent / floor; 0: nothing was finalized
    double client_us = 0;        ///< processor time of the load generator by finalized transactions

    bool operator==(const Floor&) const = default;
};

/// One second of the run.
struct Second {
    std::uint64_t at_s = 0;
    std::uint64_t due = 0;
    std::uint64_t accepted = 0;
    std::uint64_t finalized = 0;  ///< at the first node
    std::uint64_t p50_us = 0;     ///< latency of those that became final in it
    std::uint64_t p99_us = 0;
    std::uint64_t waiting = 0;  ///< in the fullest mempool
    std::uint64_t height = 0;   ///< of the highest node
    std::uint64_t nodes_up = 0;
    std::uint64_t cpu_us = 0;  ///< of all nodes together

    bool operator==(const Second&) const = default;
};

/// Something that was done to the network during the load.
struct Mark {
    std::uint64_t at_us = 0;
    std::string what;

    bool operator==(const Mark&) const = default;
};

/// What the nodes learned meanwhile; elections by learning only.
struct Learning {
    std::uint64_t rounds = 0;   ///< settled
    std::uint64_t samples = 0;  ///< that trainers saw
    double samples_per_s = 0;   ///< over all nodes
    std::uint64_t jobs_done = 0;
    std::uint64_t jobs_wasted = 0;        ///< trained and not committed in time
    std::uint64_t proofs_rejected = 0;    ///< committed and refused
    double train_ratio = 0;               ///< share of the time in which trainers worked
    std::optional<double> best_accuracy;  ///< of the rounds, exact
    std::optional<std::uint64_t> time_to_target_ms;

    bool operator==(const Learning&) const = default;
};

/// A claim that the run must meet, and whether it did.
struct Check {
    std::string what;    ///< "every transaction is final"
    std::string wanted;  ///< "0 unfinished"
    std::string found;   ///< "12 unfinished"
    bool passed = false;

    bool operator==(const Check&) const = default;
};

/// One load on one network.
struct Run {
    std::string name;  ///< unique in its report: "dpos", "transfer at 8000/s", "crash-f"
    Setup setup;
    Counts counts;
    double per_second = 0;  ///< finalized in time by the seconds of the load
    Latency latency;
    Blocks blocks;
    std::vector<Stage> stages;
    std::vector<NodeUse> nodes;
    Floor floor;
    std::vector<Second> seconds;
    std::vector<Mark> marks;
    std::optional<Learning> learning;
    std::vector<Check> checks;

    bool operator==(const Run&) const = default;
};

/// What blocks took in the simulator, where every validator has a seat and nothing fails. Sums over
/// all nodes and all of the blocks; everything but `cpu_us` is the same on every machine.
struct Simulated {
    std::uint64_t nodes = 0;
    std::uint64_t blocks = 0;
    std::uint64_t txns = 0;       ///< in them
    std::uint64_t proposals = 0;  ///< messages, one for each receiver; so are the next ones
    std::uint64_t prepares = 0;
    std::uint64_t commits = 0;
    std::uint64_t relayed = 0;        ///< another member's, passed on, and who wants that
    std::uint64_t gossip = 0;         ///< transactions, their names, requests for them
    std::uint64_t others = 0;         ///< view changes, facts, heads and blocks
    std::uint64_t sent_bytes = 0;     ///< as nodes encode them, before encryption
    std::uint64_t verifications = 0;  ///< signatures and proofs of agreement, not of transactions
    std::uint64_t cpu_us = 0;         ///< of the nodes, without transport, disks and clients
    std::uint64_t simulated_ms = 0;
    std::uint64_t messages_before = 0;  ///< until the first of the blocks: nodes get to know others
    std::uint64_t random_seed = 0;

    bool operator==(const Simulated&) const = default;
};

[[nodiscard]] std::uint64_t messages_of(const Simulated& simulated);

/// What one command measured.
struct Report {
    std::string command;  ///< "run", "sweep", "engines", "faults", "growth"
    Machine machine;
    std::vector<Run> runs;
    std::vector<Simulated> simulated;
    /// Of a sweep: the highest rate that the network keeps up with.
    std::optional<std::uint64_t> knee_per_s;
    std::vector<Check> checks;  ///< over the runs together

    bool operator==(const Report&) const = default;
};

/// Floor::ratio if every verification took as long as one alone, to compare with other machines;
/// 0: nothing was finalized.
[[nodiscard]] double ratio_alone(const Run& run);

[[nodiscard]] bool passed(const Report& report);

/// "PASSED: ..." or "FAILED: the first check that failed, what was wanted, what was found".
[[nodiscard]] std::string verdict(const Report& report);

}  // namespace polis::tools::bench
