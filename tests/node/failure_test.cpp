// Goal: after a failure of the store nothing is signed or sent, and what was sent before is covered
// by what a restart finds.
// Method: each call of one node's store fails in turn, in three ways.

#include <vector>

#include <gtest/gtest.h>

#include <consensus/pbft/safety.hpp>
#include <genesis/dev_keys.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

constexpr PeerId kVictim = 2;

const pbft::Statement* statement_of(const pbft::Message& message) {
    if (const auto* proposal = std::get_if<pbft::Proposal>(&message)) {
        return &proposal->vote.statement;
    }
    if (const auto* ballot = std::get_if<pbft::Ballot>(&message)) {
        return &ballot->vote.statement;
    }
    if (const auto* change = std::get_if<pbft::ViewChangeMessage>(&message)) {
        return &change->change.vote.statement;
    }
    return nullptr;
}

struct FailurePoint {
    std::uint64_t call = 0;
    ledger::StoreFault fault = ledger::StoreFault::kIo;
};

/// Runs three honest nodes and one whose store fails at that call.
/// @return how many votes it had sent; nothing if it never failed
std::optional<std::size_t> run_with_failure(const FailurePoint& point) {
    Network network(4);
    std::vector<pbft::Statement> said;  // by the victim
    network.set_filter([&said](PeerId from, PeerId /*to*/, const Bytes& bytes) {
        const auto envelope = decode_wire(bytes).value();
        const auto* message = std::get_if<pbft::Message>(&envelope);
        if (from == kVictim && message != nullptr && statement_of(*message) != nullptr) {
            said.push_back(*statement_of(*message));
        }
        return true;
    });
    network.store(kVictim).inject(
        {.call = network.store(kVictim).calls() + point.call, .fault = point.fault});
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 10, 0)});
    network.run_until([&] {
        return network.log(kVictim).stopped.has_value() ||
               network.node(kVictim).chain().head().height >= Height{12};
    });
    if (!network.log(kVictim).stopped) {
        return std::nullopt;
    }
    // Silence.
    const std::size_t sent = network.log(kVictim).sent;
    EXPECT_FALSE(network.node(kVictim).next_timer().has_value());
    network.input(kVictim, SubmitTxn{transfer(network.genesis(), 0, 1, 10, 1)});
    network.input(kVictim, FactFound{});
    network.input(kVictim, PeerJoined{0});
    network.run_for(3'000);
    network.input(kVictim, Tick{});
    EXPECT_EQ(network.log(kVictim).sent, sent);

    // The others go on, and so does the victim after a restart, from a record that covers its
    // votes.
    const Height head = network.node(0).chain().head().height;
    EXPECT_GT(head, Height{0});
    network.stop(kVictim);
    const std::vector<pbft::Statement> before = std::exchange(said, {});
    network.restart(kVictim);
    EXPECT_TRUE(network.log(kVictim).alarms.empty());
    const pbft::Safety memory(
        genesis::dev_consensus_key(genesis::kDevSeed, kVictim),
        network.genesis().state.params.chain_id,
        network.node(kVictim).replica().record(),
        network.node(kVictim).chain().head().height);
    for (const pbft::Statement& statement : before) {
        EXPECT_TRUE(memory.may_have_signed(statement))
            << "height " << statement.height.value << " phase " << pbft::to_string(statement.phase);
    }
    EXPECT_TRUE(network.run_until([&] { return network.all_at(Height{head.value + 4}); }));
    EXPECT_TRUE(network.log(0).accusations.empty());
    return before.size();
}

class StoreFailure : public ::testing::TestWithParam<ledger::StoreFault> {};

TEST_P(StoreFailure, at_every_call_silences_the_node_and_loses_no_vote) {
    std::size_t failures = 0;
    std::size_t votes = 0;
    for (std::uint64_t call = 1; call <= 60; call += 2) {
        SCOPED_TRACE("call " + std::to_string(call));
        const auto sent = run_with_failure({call, GetParam()});
        failures += sent ? 1U : 0U;
        votes += sent.value_or(0);
        if (HasFailure()) {
            return;
        }
    }
    EXPECT_GE(failures, 20U);
    EXPECT_GE(votes, 100U);
}

INSTANTIATE_TEST_SUITE_P(
    Faults,
    StoreFailure,
    ::testing::Values(
        ledger::StoreFault::kIo, ledger::StoreFault::kFailedSync, ledger::StoreFault::kCrash));

}  // namespace
}  // namespace polis::node::testing
