// Goal: validators that are not all connected decide all the same, a full mesh passes nothing on
// once it is warm, and a broken way is replaced. Method: networks of seven with few links, and the
// machine alone.

#include <node/validator/relay.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using Links = std::set<std::pair<PeerId, PeerId>>;  // the lower one first

constexpr PeerId kNodes = 7;

Links ring() {
    Links out{{0, kNodes - 1}};
    for (PeerId id = 0; id + 1 < kNodes; ++id) {
        out.insert({id, id + 1});
    }
    return out;
}

Links line() {
    Links out = ring();
    out.erase({0, kNodes - 1});
    return out;
}

Links star() {
    Links out;
    for (PeerId id = 1; id < kNodes; ++id) {
        out.insert({0, id});
    }
    return out;
}

/// Seven validators with only these links.
class Sparse : public ::testing::Test {
  protected:
    void keep_only(const Links& links) {
        for (PeerId left = 0; left < kNodes; ++left) {
            for (PeerId right = left + 1; right < kNodes; ++right) {
                if (!links.contains({left, right})) {
                    network.disconnect(left, right);
                }
            }
        }
    }

    /// Every node is so many blocks further.
    bool advances(std::uint64_t blocks, std::uint64_t ms_max = 60'000) {
        Height highest;
        for (PeerId id = 0; id < kNodes; ++id) {
            highest = std::max(highest, network.node(id).chain().head().height);
        }
        return network.run_until(
            [&] { return network.all_at(Height{highest.value + blocks}); }, ms_max);
    }

    void expect_no_blame() {
        for (PeerId id = 0; id < kNodes; ++id) {
            EXPECT_TRUE(network.log(id).penalties.empty()) << id;
            EXPECT_TRUE(network.log(id).alarms.empty()) << id;
        }
    }

    Network network{kNodes};
};

TEST_F(Sparse, a_ring_decides) {
    keep_only(ring());
    EXPECT_TRUE(advances(20));  // four terms
    expect_no_blame();
}

TEST_F(Sparse, a_line_decides) {
    keep_only(line());
    EXPECT_TRUE(advances(20));
    expect_no_blame();
}

TEST_F(Sparse, a_star_decides) {
    keep_only(star());
    EXPECT_TRUE(advances(20));
    expect_no_blame();
}

TEST_F(Sparse, a_ring_whose_link_is_cut_goes_on) {
    keep_only(ring());
    ASSERT_TRUE(advances(5));
    network.disconnect(2, 3);
    EXPECT_TRUE(advances(10));
    network.connect(2, 3);
    network.disconnect(5, 6);
    EXPECT_TRUE(advances(10));
    expect_no_blame();
}

TEST_F(Sparse, a_link_that_dies_unnoticed_is_replaced) {
    keep_only(ring());
    ASSERT_TRUE(advances(5));
    network.set_filter([](PeerId from, PeerId to, const Bytes&) {
        return !((from == 2 && to == 3) || (from == 3 && to == 2));
    });
    EXPECT_TRUE(advances(10, 120'000));
    expect_no_blame();
}

TEST_F(Sparse, a_fact_reaches_those_who_do_not_hear_its_voters) {
    keep_only(line());
    ASSERT_TRUE(advances(2));
    const consensus::Fact fact{consensus::FactKind::kEvaluation, Hash{}, Bytes{1}};
    for (PeerId id = 0; id < 5; ++id) {
        network.input(id, FactFound{fact});
    }
    ASSERT_TRUE(advances(8));
    std::size_t included = 0;
    for (std::uint64_t height = 1; height <= network.node(6).chain().head().height.value;
         ++height) {
        included +=
            ledger::testing::must(network.node(6).chain().block(Height{height}))->facts.size();
    }
    EXPECT_EQ(included, 1U);
}

TEST_F(Sparse, a_proposal_with_a_false_summary_is_not_passed_on) {
    keep_only(line());
    std::size_t forged = 0;
    network.set_filter([&](PeerId from, PeerId to, const Bytes& bytes) {
        auto message = decode_wire(bytes).value();
        auto* relayed = std::get_if<Relayed>(&message);
        auto* said = relayed != nullptr ? std::get_if<pbft::Message>(&relayed->said) : nullptr;
        auto* proposal = said != nullptr ? std::get_if<pbft::Proposal>(said) : nullptr;
        if (from == 2 && to == 3 && proposal != nullptr && proposal->summary.txns.empty()) {
            proposal->summary.txns.emplace_back();  // the signature does not cover the names
            const Bytes lie = encode_wire(message);
            ++forged;
            network.input(to, PeerBytes{from, lie});
            return false;
        }
        return true;
    });
    EXPECT_TRUE(advances(10, 300'000));
    EXPECT_GT(forged, 0U);
    for (PeerId id = 0; id < kNodes; ++id) {
        for (const Penalise& penalty : network.log(id).penalties) {
            EXPECT_EQ(id, 3U);  // only who got it from the liar
            EXPECT_EQ(penalty.peer, 2U);
        }
    }
}

TEST_F(Sparse, a_full_mesh_passes_nothing_on_once_it_is_warm) {
    std::map<std::size_t, std::size_t> kinds;
    network.set_filter([&kinds](PeerId, PeerId, const Bytes& bytes) {
        ++kinds[decode_wire(bytes).value().index()];
        return true;
    });
    const std::size_t relayed = Envelope{Relayed{}}.index();
    const std::size_t direct = Envelope{pbft::Message{}}.index();
    ASSERT_TRUE(advances(3));
    EXPECT_LE(kinds[relayed], std::size_t{2} * kNodes * (kNodes - 1) * (kNodes - 2));
    kinds.clear();
    ASSERT_TRUE(advances(10));
    EXPECT_EQ(kinds[relayed], 0U);
    EXPECT_EQ(kinds[Envelope{RelayPrune{}}.index()], 0U);
    // One proposal, seven prepares and seven commits a height, each to six.
    EXPECT_LE(kinds[direct], std::size_t{11} * (1 + 2 * kNodes) * (kNodes - 1));
}

// ---- the machine alone --------------------------------------------------------------------------

constexpr std::uint64_t kWindowMs = 250;

TimeMs at(std::uint64_t ms) { return TimeMs{kStartMs + ms}; }

class RelayMachine : public ::testing::Test {
  protected:
    RelayMachine() {
        for (PeerId peer = 1; peer <= 4; ++peer) {
            relay.peer_joined(peer);
        }
    }

    static Sighting sighting(
        std::uint8_t name, PeerId from, bool direct = false, std::uint8_t origin = 9) {
        Sighting out;
        out.height = Height{5};
        out.from = from;
        out.direct = direct;
        out.name.data.fill(name);
        out.origin.data.fill(origin);
        return out;
    }

    std::vector<PeerId> pass(const Sighting& sighting, TimeMs now, std::size_t bytes = 100) {
        EXPECT_FALSE(relay.repeated(sighting, now).has_value());
        std::vector<PeerId> targets = relay.targets(sighting, bytes, now);
        relay.note(sighting, now);
        return targets;
    }

    Relay relay{{.window_ms = kWindowMs}};
};

TEST_F(RelayMachine, passes_on_to_all_but_the_sender_and_those_who_want_none) {
    EXPECT_EQ(pass(sighting(1, 2), at(0)), (std::vector<PeerId>{1, 3, 4}));
    relay.prune(3, sighting(1, 2).origin);
    EXPECT_EQ(pass(sighting(2, 2), at(1)), (std::vector<PeerId>{1, 4}));
    EXPECT_EQ(pass(sighting(3, 2, false, 8), at(2)), (std::vector<PeerId>{1, 3, 4}));
}

TEST_F(RelayMachine, spares_itself_what_comes_twice) {
    (void)pass(sighting(1, 1), at(0));
    EXPECT_EQ(relay.repeated(sighting(1, 2), at(1)).value().prune, 2U);
    EXPECT_EQ(relay.repeated(sighting(1, 2), at(2)).value().prune, std::nullopt);  // once
    EXPECT_EQ(relay.repeated(sighting(1, 1), at(3)).value().prune, std::nullopt);
}

TEST_F(RelayMachine, prefers_the_member_itself_to_any_detour) {
    (void)pass(sighting(1, 1), at(0));
    EXPECT_EQ(relay.repeated(sighting(1, 2, /*direct=*/true), at(1)).value().prune, 1U);
    EXPECT_EQ(relay.repeated(sighting(1, 3), at(2)).value().prune, 3U);
}

TEST_F(RelayMachine, passes_on_again_what_is_said_again) {
    (void)pass(sighting(1, 1), at(0));
    EXPECT_TRUE(relay.repeated(sighting(1, 1), at(kWindowMs - 1)).has_value());
    EXPECT_EQ(pass(sighting(1, 1), at(kWindowMs)), (std::vector<PeerId>{2, 3, 4}));
    // A copy that took long on another way is not: it would go round for ever.
    const std::vector<PeerId> nobody;
    EXPECT_EQ(pass(sighting(1, 2), at(3 * kWindowMs)), nobody);
    EXPECT_EQ(pass(sighting(1, 2, /*direct=*/true), at(3 * kWindowMs)).size(), 3U);
    relay.peer_left(2);  // the way is gone: another takes its place
    EXPECT_EQ(pass(sighting(1, 3), at(5 * kWindowMs)), (std::vector<PeerId>{1, 4}));
}

TEST_F(RelayMachine, its_own_message_is_no_news) {
    const Sighting own = sighting(1, 2);
    relay.said(own.name, own.height, at(0));
    EXPECT_EQ(relay.repeated(own, at(1)).value().prune, 2U);
}

TEST_F(RelayMachine, takes_wishes_back_and_tries_large_messages_later) {
    const std::size_t large = Relay::Options{}.small_bytes + 1;
    relay.prune(3, sighting(1, 1).origin);
    relay.graft(3, {sighting(1, 1).origin}, at(0));
    EXPECT_EQ(pass(sighting(1, 1), at(1)), (std::vector<PeerId>{2, 3, 4}));
    EXPECT_EQ(pass(sighting(2, 1), at(2), large), (std::vector<PeerId>{2, 4}));
    EXPECT_EQ(pass(sighting(3, 1), at(2'000), large), (std::vector<PeerId>{2, 3, 4}));
}

TEST_F(RelayMachine, asks_again_for_what_it_spared_itself_if_nobody_speaks_for_the_member) {
    const std::vector<PublicKey> nobody;
    EXPECT_EQ(relay.heal(/*all=*/true), nobody);
    (void)pass(sighting(1, 1), at(0));
    (void)relay.repeated(sighting(1, 2), at(1));
    EXPECT_EQ(relay.heal(/*all=*/false), std::vector<PublicKey>{sighting(1, 1).origin});
    EXPECT_EQ(relay.heal(/*all=*/true), nobody);
    (void)pass(sighting(2, 1, /*direct=*/true), at(0));
    (void)relay.repeated(sighting(2, 2), at(1));
    EXPECT_EQ(relay.heal(/*all=*/false), nobody);
    EXPECT_EQ(relay.heal(/*all=*/true), std::vector<PublicKey>{sighting(2, 1).origin});
    (void)pass(sighting(3, 1, /*direct=*/true), at(0));
    (void)relay.repeated(sighting(3, 2), at(1));
    relay.peer_left(1);
    EXPECT_EQ(relay.heal(/*all=*/false), std::vector<PublicKey>{sighting(3, 1).origin});
}

TEST_F(RelayMachine, a_member_that_says_too_much_is_not_passed_on_and_memory_is_bounded) {
    const std::size_t most = Relay::Options{}.member_count_max;
    for (std::uint8_t name = 0; name < 200; ++name) {
        const auto told = pass(sighting(name, 1), at(name));
        EXPECT_EQ(told.empty(), name >= most) << int{name};
    }
    EXPECT_EQ(pass(sighting(250, 1, false, 8), at(1)).size(), 3U);  // others are
    const std::size_t held = relay.memory_bytes();
    relay.forget(Height{5});
    EXPECT_LT(relay.memory_bytes(), held);
    relay.prune(3, sighting(1, 1).origin);
    relay.prune(77, sighting(1, 1).origin);  // no peer
    relay.keep_members([](const PublicKey&) { return false; });
    EXPECT_EQ(relay.memory_bytes(), 0U);
}

}  // namespace
}  // namespace polis::node::testing
