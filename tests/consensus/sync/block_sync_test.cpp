// Block sync, rule by rule: each test plays the peers and the driver by hand. What happens with
// many peers at once is in block_sync_world_test.cpp.
#include <consensus/sync/block_sync.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tests/consensus/sync/blocks.hpp>

namespace polis::sync {
namespace {

constexpr HeadClaim kClaims100{.base = Height{1}, .head = Height{100}};

template <class Effect>
std::vector<Effect> only(const BlockSyncEffects& effects) {
    std::vector<Effect> out;
    for (const BlockSyncEffect& effect : effects) {
        if (const auto* found = std::get_if<Effect>(&effect)) {
            out.push_back(*found);
        }
    }
    return out;
}

/// A machine at head 0 whose clock the test moves.
struct Desk {
    explicit Desk(const BlockSync::Options& options = {}) : sync(Height{0}, options) {}

    std::vector<AskBlocks> join(PeerId peer, const HeadClaim& claim) {
        BlockSyncEffects out = sync.peer_joined(peer, now);
        EXPECT_TRUE(out.empty());
        return only<AskBlocks>(sync.claimed(peer, claim, now));
    }

    BlockSyncEffects tick_after(std::uint64_t ms) {
        now.value += ms;
        return sync.tick(now);
    }

    BlockSync sync;
    TimeMs now{1'000'000};
};

TEST(BlockSync, asks_several_peers_for_different_blocks) {
    Desk desk;
    const auto first = desk.join(1, kClaims100);
    const auto second = desk.join(2, kClaims100);
    ASSERT_EQ(first.size(), 1U);
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(first[0].request.from, Height{1});
    EXPECT_EQ(first[0].request.count, 32U);
    EXPECT_EQ(second[0].peer, 2U);
    EXPECT_EQ(second[0].request.from, Height{33});
}

TEST(BlockSync, delivers_in_order_and_one_at_a_time) {
    Desk desk;
    const auto first = desk.join(1, kClaims100);
    const auto second = desk.join(2, kClaims100);
    EXPECT_TRUE(
        only<Deliver>(desk.sync.answered(2, answer_to(second[0].request), desk.now)).empty());
    auto out = only<Deliver>(desk.sync.answered(1, answer_to(first[0].request), desk.now));
    for (std::uint64_t height = 1; height <= 64; ++height) {
        ASSERT_EQ(out.size(), 1U) << height;
        EXPECT_EQ(out[0].height, Height{height});
        EXPECT_EQ(out[0].peer, height <= 32 ? 1U : 2U);
        EXPECT_TRUE(only<Deliver>(desk.sync.tick(desk.now)).empty()) << "before the answer";
        out = only<Deliver>(desk.sync.accepted(Height{height}, desk.now));
    }
    EXPECT_TRUE(out.empty());
    EXPECT_EQ(desk.sync.buffered_bytes(), 0U);
}

TEST(BlockSync, goes_on_where_the_chain_ends_after_a_kill) {
    BlockSync sync(Height{41}, {});
    EXPECT_TRUE(sync.peer_joined(1, TimeMs{50'000}).empty());
    const auto asked = only<AskBlocks>(sync.claimed(1, kClaims100, TimeMs{50'000}));
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].request.from, Height{42});
}

TEST(BlockSync, answers_to_an_earlier_process_are_not_taken_for_its_own) {
    BlockSync before(Height{0}, {});
    EXPECT_TRUE(before.peer_joined(1, TimeMs{50'000}).empty());
    const auto asked = only<AskBlocks>(before.claimed(1, kClaims100, TimeMs{50'000}));
    BlockSync sync(Height{41}, {});
    EXPECT_TRUE(sync.peer_joined(1, TimeMs{50'001}).empty());
    EXPECT_EQ(only<AskBlocks>(sync.claimed(1, kClaims100, TimeMs{50'001})).size(), 1U);
    EXPECT_TRUE(sync.answered(1, answer_to(asked[0].request), TimeMs{50'001}).empty());
    EXPECT_EQ(sync.requests(), 1U);
}

TEST(BlockSync, leaves_a_single_missing_block_to_consensus_for_a_while) {
    Desk desk;
    EXPECT_TRUE(desk.sync.accepted(Height{99}, desk.now).empty());
    EXPECT_TRUE(desk.join(1, kClaims100).empty());
    EXPECT_EQ(desk.sync.next_timer(), TimeMs{desk.now.value + 1'000});
    EXPECT_EQ(only<AskBlocks>(desk.tick_after(1'000)).size(), 1U);
}

TEST(BlockSync, leaves_nothing_to_consensus_when_others_vote_above) {
    Desk desk;
    EXPECT_TRUE(desk.sync.accepted(Height{99}, desk.now).empty());
    EXPECT_TRUE(desk.join(1, kClaims100).empty());
    EXPECT_EQ(only<AskBlocks>(desk.sync.behind(Height{101}, desk.now)).size(), 1U);
}

TEST(BlockSync, a_request_that_times_out_goes_to_another_peer_and_blames_nobody) {
    Desk desk;
    const auto first = desk.join(1, {.base = Height{1}, .head = Height{30}});
    ASSERT_EQ(first.size(), 1U);
    EXPECT_TRUE(desk.join(2, {.base = Height{1}, .head = Height{30}}).empty());
    const auto hedge = only<AskBlocks>(desk.tick_after(1'000));
    ASSERT_EQ(hedge.size(), 1U) << "the next block is also asked elsewhere";
    EXPECT_EQ(hedge[0].peer, 2U);
    EXPECT_TRUE(only<Blame>(desk.sync.peer_left(2, desk.now)).empty());
    const auto late = desk.tick_after(5'000);
    EXPECT_TRUE(only<Blame>(late).empty());
    EXPECT_EQ(desk.sync.requests(), 0U) << "the slow peer pauses";
    const auto again = only<AskBlocks>(desk.tick_after(500));
    ASSERT_EQ(again.size(), 1U);
    const auto out = desk.sync.answered(1, answer_to(first[0].request), desk.now);
    EXPECT_EQ(only<Deliver>(out).size(), 1U) << "a late answer is still an answer";
}

TEST(BlockSync, empty_answers_lower_the_claim) {
    Desk desk;
    const auto first = desk.join(1, kClaims100);
    const auto out = desk.sync.answered(
        1, {.id = first[0].request.id, .from = Height{1}, .blocks = {}}, desk.now);
    EXPECT_TRUE(out.empty()) << "neither blamed nor asked again";
    EXPECT_TRUE(desk.tick_after(100'000).empty()) << "it has nothing";
    EXPECT_EQ(only<AskBlocks>(desk.sync.claimed(1, kClaims100, desk.now)).size(), 1U);
}

TEST(BlockSync, a_peer_that_breaks_its_claims_again_and_again_is_blamed) {
    Desk desk;
    auto asked = desk.join(1, kClaims100);
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(asked.size(), 1U) << i;
        const BlockResponse empty{.id = asked[0].request.id, .from = Height{1}, .blocks = {}};
        const auto out = desk.sync.answered(1, empty, desk.now);
        const std::vector<Blame> expected(
            i == 2 ? 1 : 0, {.peer = 1, .fault = Fault::kBrokenClaims});
        EXPECT_EQ(only<Blame>(out), expected);
        desk.now.value += 10'000;
        asked = only<AskBlocks>(desk.sync.claimed(1, kClaims100, desk.now));
    }
    EXPECT_TRUE(asked.empty());
}

/// ASA-2025-001: a claim that is huge first and lower later left the victim waiting for ever.
TEST(BlockSync, a_huge_claim_that_is_lowered_later_stalls_nothing) {
    Desk desk;
    const HeadClaim huge{.base = Height{1}, .head = Height{~std::uint64_t{0}}};
    const auto liar = desk.join(1, huge);
    ASSERT_EQ(liar.size(), 1U);
    auto honest = desk.join(2, {.base = Height{1}, .head = Height{40}});
    EXPECT_TRUE(only<Blame>(desk.sync.claimed(1, {.base = Height{1}, .head = Height{3}}, desk.now))
                    .empty());
    for (std::uint64_t steps = 0; desk.sync.head() < Height{40}; ++steps) {
        ASSERT_LT(steps, 200U);
        BlockSyncEffects out;
        if (honest.empty()) {
            const auto timer = desk.sync.next_timer();
            ASSERT_TRUE(timer.has_value());
            desk.now = *timer;
            out = desk.sync.tick(desk.now);
        } else {
            out = desk.sync.answered(2, answer_to(honest[0].request), desk.now);
        }
        honest.clear();
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (const auto* ask = std::get_if<AskBlocks>(&out[i]);
                ask != nullptr && ask->peer == 2) {
                honest.push_back(*ask);
            } else if (const auto* deliver = std::get_if<Deliver>(&out[i])) {
                const auto more = desk.sync.accepted(deliver->height, desk.now);
                out.insert(out.end(), more.begin(), more.end());
            }
        }
    }
}

/// ASA-2025-002: part i of a block came with the proof of part j.
TEST(BlockSync, a_certificate_of_another_height_is_blamed) {
    Desk desk;
    const auto asked = desk.join(1, kClaims100);
    BlockResponse response = answer_to(asked[0].request);
    std::swap(response.blocks[3].certificate, response.blocks[4].certificate);
    const auto out = desk.sync.answered(1, response, desk.now);
    EXPECT_EQ(
        only<Blame>(out), (std::vector<Blame>{{.peer = 1, .fault = Fault::kWrongCertificate}}));
    EXPECT_TRUE(only<Deliver>(out).empty());
    EXPECT_FALSE(desk.sync.active());
}

TEST(BlockSync, a_prepare_certificate_proves_nothing) {
    Desk desk;
    const auto asked = desk.join(1, kClaims100);
    BlockResponse response = answer_to(asked[0].request);
    response.blocks[0].certificate.statement.phase = pbft::Phase::kPrepare;
    EXPECT_EQ(
        only<Blame>(desk.sync.answered(1, response, desk.now)),
        (std::vector<Blame>{{.peer = 1, .fault = Fault::kWrongCertificate}}));
}

TEST(BlockSync, other_blocks_or_more_than_asked_are_blamed) {
    for (const bool more : {false, true}) {
        Desk desk;
        const auto asked = desk.join(1, {.base = Height{1}, .head = Height{20}});
        BlockResponse response = answer_to(asked[0].request);
        if (more) {
            response.blocks.push_back(block_at(21));
        } else {
            response.from = Height{2};
            response.blocks = blocks_from(2, 4);
        }
        EXPECT_EQ(
            only<Blame>(desk.sync.answered(1, response, desk.now)),
            (std::vector<Blame>{{.peer = 1, .fault = Fault::kWrongRange}}));
    }
}

TEST(BlockSync, a_valid_prefix_then_garbage_costs_only_its_sender) {
    Desk desk;
    const auto asked = desk.join(1, kClaims100);
    EXPECT_EQ(desk.join(2, kClaims100).size(), 1U);
    BlockResponse response = answer_to(asked[0].request);
    response.blocks[1].block = Bytes{0xbad & 0xff};
    ASSERT_EQ(only<Deliver>(desk.sync.answered(1, response, desk.now)).size(), 1U);
    const auto garbage = only<Deliver>(desk.sync.accepted(Height{1}, desk.now));
    ASSERT_EQ(garbage.size(), 1U);
    const auto out = desk.sync.rejected(garbage[0].height, desk.now);
    EXPECT_EQ(only<Blame>(out), (std::vector<Blame>{{.peer = 1, .fault = Fault::kInvalidBlock}}));
    EXPECT_EQ(desk.sync.buffered_bytes(), 0U) << "nothing that it sent is kept";
    EXPECT_EQ(desk.sync.head(), Height{1});
    EXPECT_TRUE(desk.sync.claimed(1, kClaims100, desk.now).empty()) << "it is not asked again";
}

TEST(BlockSync, nobody_is_blamed_for_a_block_of_a_peer_that_left) {
    Desk desk;
    const auto asked = desk.join(1, kClaims100);
    const auto out = desk.sync.answered(1, answer_to(asked[0].request), desk.now);
    ASSERT_EQ(only<Deliver>(out).size(), 1U);
    EXPECT_TRUE(desk.sync.peer_left(1, desk.now).empty());
    EXPECT_TRUE(desk.sync.peer_joined(1, desk.now).empty()) << "the name is used again";
    EXPECT_TRUE(desk.sync.rejected(Height{1}, desk.now).empty());
    EXPECT_EQ(desk.sync.buffered_bytes(), 0U);
}

TEST(BlockSync, answers_not_asked_for_and_duplicates_change_nothing) {
    Desk desk;
    const auto asked = desk.join(1, kClaims100);
    EXPECT_EQ(desk.join(2, kClaims100).size(), 1U);
    BlockResponse stray = answer_to(asked[0].request);
    EXPECT_TRUE(desk.sync.answered(2, stray, desk.now).empty()) << "of another peer";
    EXPECT_TRUE(desk.sync.answered(7, stray, desk.now).empty()) << "of a stranger";
    stray.id = 999;
    EXPECT_TRUE(desk.sync.answered(1, stray, desk.now).empty());
    EXPECT_EQ(desk.sync.buffered_bytes(), 0U);
    EXPECT_FALSE(desk.sync.answered(1, answer_to(asked[0].request), desk.now).empty());
    const std::size_t bytes = desk.sync.buffered_bytes();
    EXPECT_TRUE(desk.sync.answered(1, answer_to(asked[0].request), desk.now).empty()) << "twice";
    EXPECT_EQ(desk.sync.buffered_bytes(), bytes);
}

TEST(BlockSync, a_block_that_consensus_decided_meanwhile_is_not_waited_for) {
    Desk desk;
    const auto asked = desk.join(1, kClaims100);
    ASSERT_EQ(
        only<Deliver>(desk.sync.answered(1, answer_to(asked[0].request), desk.now)).size(), 1U);
    const auto out = only<Deliver>(desk.sync.accepted(Height{5}, desk.now));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].height, Height{6});
    EXPECT_TRUE(desk.sync.rejected(Height{1}, desk.now).empty()) << "an answer that came too late";
}

TEST(BlockSync, busy_peers_rest_and_keep_their_claim) {
    Desk desk;
    const auto asked = desk.join(1, kClaims100);
    EXPECT_TRUE(desk.sync.busy(1, {.id = asked[0].request.id}, desk.now).empty());
    EXPECT_EQ(desk.sync.next_timer(), TimeMs{desk.now.value + 500});
    EXPECT_EQ(only<AskBlocks>(desk.tick_after(500)).size(), 1U);
}

TEST(BlockSync, a_restored_peer_is_not_asked_for_history) {
    Desk desk;
    EXPECT_TRUE(desk.join(1, {.base = Height{600}, .head = Height{900}}).empty());
    EXPECT_FALSE(desk.sync.next_timer().has_value());
    const auto asked = only<AskBlocks>(desk.sync.accepted(Height{590}, desk.now));
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].request.from, Height{600}) << "its first block";
}

/// A peer answers every request with the largest blocks there are.
TEST(BlockSync, memory_stays_bounded_under_huge_blocks) {
    BlockSync::Options options;
    options.buffer_bytes_max = std::size_t{1} << 20;
    Desk desk(options);
    Random random(7);
    std::vector<AskBlocks> open;
    const auto note = [&](const BlockSyncEffects& effects) {
        for (const AskBlocks& ask : only<AskBlocks>(effects)) {
            open.push_back(ask);
        }
    };
    for (PeerId peer = 1; peer <= 20; ++peer) {
        note(desk.sync.peer_joined(peer, desk.now));
        note(desk.sync.claimed(peer, {.base = Height{1}, .head = Height{10'000}}, desk.now));
    }
    std::size_t most = 0;
    for (int round = 0; round < 400; ++round) {
        if (open.empty()) {
            note(desk.tick_after(1'000));
            continue;
        }
        const std::size_t at = static_cast<std::size_t>(random.below(open.size()));
        const AskBlocks ask = open[at];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        BlockResponse response = answer_to(ask.request);
        for (SyncedBlock& block : response.blocks) {
            block.block.resize(100'000);
        }
        note(desk.sync.answered(ask.peer, std::move(response), desk.now));
        most = std::max(most, desk.sync.buffered_bytes());
        EXPECT_LE(desk.sync.buffered_bytes(), options.buffer_bytes_max);
        EXPECT_LE(desk.sync.requests(), 2 * options.requests_max);
    }
    EXPECT_GT(most, options.buffer_bytes_max / 2) << "the bound was never in reach";
}

}  // namespace
}  // namespace polis::sync
