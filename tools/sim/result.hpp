#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <core/types.hpp>
#include <ledger/modules/task_records.hpp>
#include <tools/sim/options.hpp>

namespace polis::sim {

/// Which promise was broken.
enum class Broken : std::uint8_t {
    kAgreement,       ///< two correct nodes finalized different blocks at a height
    kCertificate,     ///< a final block's certificate does not verify, or its block is not valid
    kState,           ///< two correct nodes have different states after one block
    kDurability,      ///< a restarted node lacks a block that it had announced, or cannot open
    kVoteOnce,        ///< a correct node signed two statements that contradict each other
    kNewView,         ///< a correct leader proposed what the view changes do not allow
    kEvidence,        ///< a correct node is accused, slashed or penalised; or a proof is none
    kAlarm,           ///< a correct node raised an alarm that nothing explains
    kMemory,          ///< a node holds more than its bound
    kStopped,         ///< a node gave up though its disk was sound
    kLiveness,        ///< after the faults ended, no progress in time
    kAccountability,  ///< agreement broke and too few of the liars can be convicted
};

std::string_view to_string(Broken broken);

struct Violation {
    Broken broken = Broken::kAgreement;
    std::string what;  ///< one line: which node, which height

    bool operator==(const Violation&) const = default;
};

/// How learning went in the rounds that were settled.
struct SchoolTally {
    std::map<ledger::tasks::EntryEnd, std::uint64_t> ends;  ///< of entries
    std::uint64_t copies = 0;  ///< models that somebody else in the round revealed too
    std::uint64_t owners_failed = 0;
    std::uint64_t without_winner = 0;

    bool operator==(const SchoolTally&) const = default;
    SchoolTally& operator+=(const SchoolTally& other);
};

/// What a run came to.
struct RunResult {
    std::optional<Violation> violation;  ///< the first; the run ends with it
    std::uint64_t heights = 0;           ///< decided
    std::uint64_t messages = 0;          ///< delivered
    std::uint64_t events = 0;
    std::uint64_t restarts = 0;
    std::uint64_t recovery_views = 0;  ///< leader changes from the end of the faults to a new block
    std::uint64_t recovery_ms = 0;
    std::uint64_t views_max = 0;   ///< highest view in which a block was decided
    std::uint64_t facts = 0;       ///< certified in blocks
    std::uint64_t rounds = 0;      ///< of learning that were settled
    SchoolTally school;            ///< of those rounds
    std::uint64_t committees = 0;  ///< different ones that voted
    std::uint64_t accusations = 0;
    std::uint64_t simulated_ms = 0;
    std::uint64_t memory_bytes_max = 0;  ///< of one node
    bool forked = false;  ///< agreement broke where more than f members lied, as it may
    Hash digest;          ///< over the whole trace and all final blocks

    bool operator==(const RunResult&) const = default;
};

}  // namespace polis::sim
