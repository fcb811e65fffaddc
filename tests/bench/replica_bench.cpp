#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include <consensus/pbft/replica.hpp>
#include <tests/support/pbft_cluster.hpp>

/// How many messages one replica steps: everything but the verification of what others signed,
/// which happens before, on the crypto pool.
namespace polis::pbft {

namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t kHeights = 32;

/// What one replica is told over some heights: proposal, verdict, votes of all others, applied.
struct Script {
    std::vector<Input> inputs;
    std::uint64_t messages = 0;
};

void add_votes(Script& script, const Committee& committee, Slot slot, const Hash& digest) {
    for (const Phase phase : {Phase::kPrepare, Phase::kCommit}) {
        for (std::size_t i = 1; i < committee.size(); ++i) {
            script.inputs.emplace_back(Received{
                Verified::trusted(Ballot{signed_vote(committee, i, slot, phase, digest)})});
            ++script.messages;
        }
    }
}

/// @pre the replica's own key is member 0's, or of no member
Script make_script(const Committee& committee) {
    Script script;
    Hash head;
    for (std::uint64_t h = 1; h <= kHeights; ++h) {
        const Slot slot{Height{h}, View{}};
        const Summary summary = test_block(slot.height, slot.view);
        const Hash digest = summary_hash(summary);
        const std::size_t leader = committee.leader(slot.height, slot.view);
        if (leader != 0) {
            Proposal proposal;
            proposal.vote = signed_vote(committee, leader, slot, Phase::kProposal, digest);
            proposal.summary = summary;
            script.inputs.emplace_back(Received{Verified::trusted(proposal)});
            ++script.messages;
        }
        script.inputs.emplace_back(Obtained{
            .height = slot.height,
            .digest = digest,
            .verdict = Verdict::kValid,
            .summary = summary});
        add_votes(script, committee, slot, digest);
        head = digest;
        script.inputs.emplace_back(
            Applied{.digest = digest, .schedule = test_schedule(committee, Height{h + 1}, head)});
    }
    return script;
}

/// @param key index of the replica's key: 0 votes, one outside the committee only follows
void step_messages(benchmark::State& state, std::size_t key) {
    const auto members = static_cast<std::size_t>(state.range(0));
    const Committee committee = test_committee(members);
    const Script script = make_script(committee);
    for (auto _ : state) {
        Replica replica(Replica::Setup{
            .safety = Safety(member_key(key), kTestChain, {}, Height{}),
            .schedule = test_schedule(committee, Height{1}, Hash{}),
            .head_certificate = {},
            .timing = {}});
        benchmark::DoNotOptimize(replica.step(Start{}, TimeMs{}));
        for (const Input& input : script.inputs) {
            benchmark::DoNotOptimize(replica.step(input, TimeMs{}));
        }
    }
    state.counters["messages/s"] = benchmark::Counter(
        static_cast<double>(script.messages), benchmark::Counter::kIsIterationInvariantRate);
}

/// No cryptography at all: a follower signs nothing.
void follower(benchmark::State& state) { step_messages(state, 100'000); }

/// With the member's own two signatures and two certificates a height.
void member(benchmark::State& state) { step_messages(state, 0); }

}  // namespace

BENCHMARK(follower)->Arg(4)->Arg(13)->Arg(31)->Arg(100)->Arg(200);
BENCHMARK(member)->Arg(4)->Arg(13)->Arg(31)->Arg(100)->Arg(200);

}  // namespace polis::pbft
