#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <consensus/pbft/replica.hpp>
#include <consensus/quorum.hpp>
#include <core/types.hpp>
#include <tools/sim/network.hpp>
#include <tools/sim/options.hpp>

namespace polis::sim {

/// What a lying member does beside, or in place of, what its node says.
enum class Trick : std::uint8_t {
    kSilent,              ///< says nothing at all
    kWithholdsVotes,      ///< keeps some of its votes to itself
    kWithholdsProposals,  ///< leads without proposing
    kWithholdsBodies,     ///< never sends transactions or blocks
    kSelective,           ///< speaks to some of the others only
    kEquivocates,         ///< two blocks for two halves
    kVotesForAll,         ///< prepares and commits whatever anybody proposes
    kDoubleVotes,         ///< two votes where one is due
    kReplays,             ///< says again what was said long ago, its own and others'
    kMutates,             ///< flips bits in what it sends
    kHugeViews,           ///< leaves for views that nobody can reach
    kLiesInViewChange,    ///< forgets what it had prepared
    kTwins,               ///< two machines with one key
    kSetsBackDisk,        ///< restarts with an older disk, so it forgets its votes
    kFalseFacts,          ///< attests what is not so
};

inline constexpr Trick kTrickLast = Trick::kFalseFacts;

std::string_view to_string(Trick trick);

struct Traitor {
    std::size_t member = 0;  ///< index among the genesis validators
    std::set<Trick> tricks;
    bool silent_later = false;  ///< after the faults end; otherwise it goes on
};

struct NodePlan {
    std::size_t member = 0;
    std::int64_t skew_ms = 0;
    std::int64_t drift_ppm = 0;
};

/// How often something goes wrong, on average; 0: never.
struct Rates {
    std::uint64_t crash_ms = 0;
    std::uint64_t partition_ms = 0;
    std::uint64_t disk_ms = 0;
    std::uint64_t pause_ms_max = 0;  ///< a crashed node comes back within this
    std::uint64_t mend_ms_max = 0;   ///< cut links are whole again within this
    std::uint64_t height_ms = 0;     ///< what a height takes when nothing goes wrong, about
};

/// Everything that a seed decides before its run begins.
struct Scenario {
    Case run;
    std::size_t validators = 0;
    std::size_t seats = 0;  ///< of the committee
    std::uint64_t term_blocks = 0;
    Height target;                    ///< the faults end when it is reached
    std::uint64_t faults_ms_max = 0;  ///< or after this time
    pbft::Timing timing;
    NetworkProfile network;
    Rates rates;
    std::vector<Traitor> traitors;
    std::vector<NodePlan> nodes;   ///< the first `validators` are the members, then the twins
    std::size_t set_back_max = 0;  ///< correct nodes whose vote record may be set back
    std::uint64_t txns_per_second = 0;
    bool stakes_change = false;
    bool stakes_equal = false;  ///< at the beginning, so that only addresses order the members

    [[nodiscard]] std::size_t faults_max() const { return consensus::faults_max(seats); }

    [[nodiscard]] const Traitor* traitor(std::size_t member) const;
};

[[nodiscard]] Scenario make_scenario(const Case& run);

/// One line for the head of a trace.
[[nodiscard]] std::string describe(const Scenario& scenario);

}  // namespace polis::sim
