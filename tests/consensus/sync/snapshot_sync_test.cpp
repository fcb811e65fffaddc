// Snapshot sync: rule by rule, then among honest, lying, silent, vanishing and trickling peers from
// a seed. Committees and signatures are real.
#include <consensus/sync/snapshot_sync.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tests/consensus/sync/snapshot_world.hpp>

namespace polis::sync {
namespace {

/// What a peer has and how it lies; all answers are worked out from the shared chain.
struct Server {
    std::vector<TestSnapshot> snapshots;
    bool silent = false;
    bool no_links = false;
    bool no_chunks = false;
    bool bad_links = false;
    bool bad_anchor = false;
    bool bad_manifest = false;
    bool bad_chunks = false;

    [[nodiscard]] const TestSnapshot* find(const Hash& manifest) const {
        const auto found = std::ranges::find(
            snapshots, manifest, [](const TestSnapshot& item) { return item.offer.manifest; });
        return found == snapshots.end() ? nullptr : &*found;
    }

    SnapshotResponse operator()(const OffersRequest& /*request*/) const {
        SnapshotOffers out;
        for (const TestSnapshot& snapshot : snapshots) {
            out.offers.push_back(snapshot.offer);
        }
        return out;
    }

    SnapshotResponse operator()(const ManifestRequest& request) const {
        const TestSnapshot* snapshot = find(request.manifest);
        ManifestResponse out{
            .manifest = request.manifest,
            .bytes = snapshot != nullptr ? snapshot->manifest : Bytes{}};
        if (bad_manifest) {
            out.bytes.push_back(1);
        }
        return out;
    }

    SnapshotResponse operator()(const LinksRequest& request) const {
        LinksResponse out{.from = request.from, .links = {}};
        for (std::uint64_t i = 0; !no_links && i < std::min(request.count, 3U); ++i) {
            const std::uint64_t term = request.from.value + i;
            if (term * kTermBlocks + 1 > kChainLength) {
                break;
            }
            out.links.push_back(TestChain::shared().link(term));
        }
        if (bad_links && !out.links.empty()) {
            out.links.back().members.pop_back();
        }
        return out;
    }

    SnapshotResponse operator()(const AnchorRequest& request) const {
        AnchorResponse out{.height = request.height, .anchor = {}};
        if (request.height.value < kChainLength) {
            out.anchor = TestChain::shared().anchor(request.height.value);
            if (bad_anchor) {
                out.anchor->next_certificate =
                    TestChain::shared().certificate(request.height.value);
            }
        }
        return out;
    }

    SnapshotResponse operator()(const ChunkRequest& request) const {
        const TestSnapshot* snapshot = find(request.manifest);
        ChunkResponse out{.manifest = request.manifest, .index = request.index, .bytes = {}};
        if (snapshot != nullptr && !no_chunks) {
            out.bytes = snapshot->chunks.at(request.index);
            if (bad_chunks) {
                out.bytes.push_back(1);
            }
        }
        return out;
    }
};

/// A node that starts from nothing, with peers, over simulated time.
class World {
  public:
    explicit World(
        std::vector<Server> servers, std::uint64_t seed = 1, std::optional<Hash> unfinished = {})
        : servers_(std::move(servers)), random_(seed, "snapshot world") {
        restart(unfinished);
    }

    void restart(std::optional<Hash> unfinished) {
        events_.clear();
        machine_ = std::make_unique<SnapshotSync>(
            TestChain::shared().trust(), checker_, reader_, unfinished, SnapshotSync::Options{});
        for (PeerId peer = 0; peer < servers_.size(); ++peer) {
            perform(machine_->peer_joined(peer, now()));
        }
    }

    /// @return true once a snapshot is ready whose records are true
    bool run(std::size_t chunks_max = ~std::size_t{0}) {
        const std::uint64_t end = now_ + 1'200'000;
        while (!restored && now_ < end && kept_total < chunks_max) {
            const auto timer = machine_->next_timer();
            if (timer && (events_.empty() || timer->value <= events_.begin()->first)) {
                now_ = timer->value;
                perform(machine_->tick(now()));
            } else if (!events_.empty()) {
                auto event = events_.extract(events_.begin());
                now_ = event.key();
                event.mapped()();
            } else {
                return false;
            }
        }
        return restored.has_value();
    }

    void at(std::uint64_t delay, std::function<void()> what) {
        events_.emplace(now_ + delay, std::move(what));
    }

    void leave(PeerId peer) { perform(machine_->peer_left(peer, now())); }

    void join(PeerId peer) { perform(machine_->peer_joined(peer, now())); }

    [[nodiscard]] TimeMs now() const { return TimeMs{now_}; }

    SnapshotSync& machine() { return *machine_; }

    std::optional<SnapshotReady> restored;
    std::map<PeerId, Fault> blamed;
    std::map<Hash, std::map<std::uint32_t, Bytes>> disk;
    std::set<std::uint64_t> links;  ///< terms
    std::size_t kept_total = 0;
    std::vector<SnapshotOffer> chosen;
    std::uint64_t delay_max = 80;
    std::size_t memory_max = std::size_t{64} * 1024;
    std::map<PeerId, std::uint64_t> delay_of;  ///< instead of a random one

  private:
    void perform(const SnapshotEffects& effects) {
        for (const SnapshotEffect& effect : effects) {
            std::visit([this](const auto& item) { perform_one(item); }, effect);
        }
        const auto timer = machine_->next_timer();
        EXPECT_TRUE(!timer || timer->value > now_);
        EXPECT_LE(machine_->memory_bytes(), memory_max);
    }

    void perform_one(const Blame& blame) {
        EXPECT_TRUE(blamed.emplace(blame.peer, blame.fault).second) << "blamed twice";
    }

    void perform_one(const AskSnapshot& ask) {
        const Server& server = servers_[ask.peer];
        if (server.silent && !std::holds_alternative<OffersRequest>(ask.request)) {
            return;
        }
        SnapshotResponse response = std::visit(server, ask.request);
        const auto slow = delay_of.find(ask.peer);
        at(slow != delay_of.end() ? slow->second : random_.between(1, delay_max),
           [this, peer = ask.peer, response = std::move(response)] {
               perform(machine_->answered(peer, response, now()));
           });
    }

    void perform_one(const SnapshotChosen& effect) {
        chosen.push_back(effect.offer);
        at(1, [this, manifest = effect.offer.manifest] {
            std::vector<std::uint32_t> here{4'000'000'000};  // nonsense does no harm
            for (const auto& [index, bytes] : disk[manifest]) {
                here.push_back(index);
            }
            perform(machine_->chunks_here(manifest, here, now()));
        });
    }

    void perform_one(const KeepLink& keep) {
        EXPECT_EQ(keep.link, TestChain::shared().link(keep.term.value));
        links.insert(keep.term.value);
    }

    void perform_one(const KeepChunk& keep) {
        EXPECT_TRUE(disk[keep.manifest].emplace(keep.index, keep.bytes).second) << "kept twice";
        ++kept_total;
    }

    void perform_one(const SnapshotReady& ready) {
        // The driver restores: true records end in salt 0.
        const std::uint64_t height = ready.offer.height.value;
        EXPECT_EQ(ready.offer.block, TestChain::shared().hash(height));
        EXPECT_EQ(ready.offer.state_root, TestChain::state_root(height));
        EXPECT_EQ(ready.anchor, TestChain::shared().anchor(height));
        for (std::uint64_t term = 0; term < height / kTermBlocks; ++term) {
            EXPECT_TRUE(links.contains(term)) << "no proof of the committee after term " << term;
        }
        const auto manifest = reader_.manifest_facts(ready.manifest);
        ASSERT_TRUE(manifest.has_value());
        const auto& chunks = disk[ready.offer.manifest];
        EXPECT_EQ(chunks.size(), manifest->chunks.size());
        const bool is_true =
            std::ranges::all_of(chunks, [](const auto& entry) { return entry.second.back() == 0; });
        if (is_true) {
            restored = ready;
        } else {
            at(1, [this, name = ready.offer.manifest] {
                perform(machine_->snapshot_false(name, now()));
            });
        }
    }

    std::vector<Server> servers_;
    Random random_;
    consensus::PlainChecker checker_;
    TestReader reader_;
    std::unique_ptr<SnapshotSync> machine_;
    std::uint64_t now_ = 0;
    std::multimap<std::uint64_t, std::function<void()>> events_;
};

TestSnapshot snapshot(std::uint64_t height, std::size_t chunks = 20, std::uint8_t salt = 0) {
    return TestChain::shared().snapshot(height, chunks, salt);
}

Server honest(std::uint64_t height = 60) {
    Server out;
    out.snapshots = {snapshot(height)};
    return out;
}

TEST(SnapshotSync, proves_the_committees_from_genesis_and_fetches_from_all) {
    for (const std::uint64_t height : {1U, 7U, 8U, 9U, 15U, 16U, 17U, 60U, 63U, 64U, 99U}) {
        World world({honest(height), honest(height)});
        ASSERT_TRUE(world.run()) << height;
        EXPECT_TRUE(world.blamed.empty());
        const SnapshotReady& ready = *world.restored;
        EXPECT_EQ(ready.committee, TestChain::shared().members((height - 1) / kTermBlocks));
        EXPECT_EQ(ready.next_committee, TestChain::shared().members(height / kTermBlocks));
        EXPECT_EQ(world.machine().chunks_missing(), 0U);
        EXPECT_TRUE(world.machine().ready());
    }
}

TEST(SnapshotSync, a_killed_node_fetches_only_what_is_missing) {
    World world({honest(), honest()});
    EXPECT_FALSE(world.run(/*chunks_max=*/9));
    const std::size_t before = world.kept_total;
    ASSERT_GE(before, 9U);
    ASSERT_LT(before, 20U);
    world.restart(snapshot(60).offer.manifest);
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.kept_total, 20U) << "none twice";
}

TEST(SnapshotSync, an_unfinished_snapshot_is_preferred) {
    World world({honest(60), honest(80), honest(80)}, 1, snapshot(60).offer.manifest);
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.restored->offer.height, Height{60});
}

TEST(SnapshotSync, a_committee_that_does_not_follow_from_genesis_is_refused) {
    Server liar = honest();
    liar.bad_links = true;
    World world({liar, honest()});
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.blamed, (std::map<PeerId, Fault>{{0, Fault::kBadLink}}));
}

TEST(SnapshotSync, a_header_signed_by_the_wrong_committee_is_refused) {
    consensus::PlainChecker checker;
    TestReader reader;
    TestChain& chain = TestChain::shared();
    SnapshotSync machine(chain.trust(), checker, reader, std::nullopt, {});
    const TestSnapshot offered = snapshot(4);
    EXPECT_EQ(machine.peer_joined(1, TimeMs{0}).size(), 1U);
    EXPECT_TRUE(machine.answered(1, SnapshotOffers{.offers = {offered.offer}}, TimeMs{1}).empty());
    const auto asked = machine.tick(TimeMs{2'000});
    ASSERT_EQ(asked.size(), 1U);
    Anchor anchor = chain.anchor(4);
    anchor.next_certificate = chain.certificate(5, /*term=*/3);
    const auto out =
        machine.answered(1, AnchorResponse{.height = Height{4}, .anchor = anchor}, TimeMs{2'001});
    EXPECT_EQ(out, (SnapshotEffects{Blame{.peer = 1, .fault = Fault::kBadAnchor}}));
}

TEST(SnapshotSync, an_anchor_that_does_not_verify_is_refused) {
    Server liar = honest();
    liar.bad_anchor = true;
    World world({liar, honest()});
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.blamed, (std::map<PeerId, Fault>{{0, Fault::kBadAnchor}}));
}

TEST(SnapshotSync, a_state_root_that_no_finalized_header_names_is_never_fetched) {
    Server liar = honest(70);
    liar.snapshots[0].offer.state_root = Hash{};
    World world({liar, liar, honest(60)});
    ASSERT_TRUE(world.run());
    EXPECT_EQ(
        world.blamed,
        (std::map<PeerId, Fault>{{0, Fault::kFalseSnapshot}, {1, Fault::kFalseSnapshot}}));
    EXPECT_EQ(world.chosen, (std::vector<SnapshotOffer>{snapshot(60).offer}));
}

TEST(SnapshotSync, a_lie_about_an_honest_manifest_does_not_spoil_it) {
    Server liar = honest(60);
    liar.snapshots[0].offer.state_root = Hash{};
    World world({liar, liar, honest(60)});
    ASSERT_TRUE(world.run());
    EXPECT_FALSE(world.blamed.contains(2));
}

TEST(SnapshotSync, a_manifest_of_another_state_is_found_out_and_replaced) {
    Server liar;
    liar.snapshots = {snapshot(60, 20, /*salt=*/7)};
    World world({liar, liar, honest(60)});
    ASSERT_TRUE(world.run());
    EXPECT_EQ(
        world.blamed,
        (std::map<PeerId, Fault>{{0, Fault::kFalseSnapshot}, {1, Fault::kFalseSnapshot}}));
}

TEST(SnapshotSync, manifests_and_chunks_are_checked_by_their_hash) {
    Server manifest = honest();
    manifest.bad_manifest = true;
    Server chunks = honest();
    chunks.bad_chunks = true;
    World world({manifest, chunks, honest()});
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.blamed.at(1), Fault::kBadChunk);
    EXPECT_FALSE(world.blamed.contains(2));
    World other({manifest, honest()});
    ASSERT_TRUE(other.run());
    EXPECT_EQ(other.blamed, (std::map<PeerId, Fault>{{0, Fault::kBadManifest}}));
}

TEST(SnapshotSync, an_offer_that_nobody_serves_is_given_up_without_blame) {
    Server gone = honest(80);
    gone.no_chunks = true;
    Server mute = honest(80);
    mute.silent = true;
    World world({gone, mute, mute, honest(60)});
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.restored->offer.height, Height{60});
    EXPECT_TRUE(world.blamed.empty());
}

TEST(SnapshotSync, a_trickle_loses_to_another_offer) {
    Server slow;
    slow.snapshots = {snapshot(80, 5'000)};
    World world({slow, slow, honest(60)});
    world.delay_of = {{0, 4'900}, {1, 4'900}};
    world.memory_max = std::size_t{512} * 1024;  // 5,000 hashes, twice
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.restored->offer.height, Height{60});
    EXPECT_TRUE(world.blamed.empty());
}

TEST(SnapshotSync, a_height_that_does_not_exist_stalls_nothing) {
    Server liar = honest(60);
    liar.snapshots[0].offer.height = Height{~std::uint64_t{0} / 4};
    World world({liar, liar, liar, honest(60)});
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.restored->offer.height, Height{60});
    EXPECT_FALSE(world.blamed.contains(3));
}

TEST(SnapshotSync, answers_not_asked_for_change_nothing) {
    consensus::PlainChecker checker;
    TestReader reader;
    SnapshotSync machine(TestChain::shared().trust(), checker, reader, std::nullopt, {});
    const TestSnapshot offered = snapshot(60);
    EXPECT_TRUE(machine.answered(1, SnapshotOffers{.offers = {offered.offer}}, TimeMs{0}).empty());
    EXPECT_EQ(machine.peer_joined(1, TimeMs{0}).size(), 1U);
    EXPECT_TRUE(machine.answered(1, ChunkResponse{}, TimeMs{0}).empty());
    EXPECT_TRUE(machine.answered(1, LinksResponse{}, TimeMs{0}).empty());
    EXPECT_TRUE(machine.snapshot_false(offered.offer.manifest, TimeMs{0}).empty());
    EXPECT_TRUE(machine.chunks_here(offered.offer.manifest, {1}, TimeMs{0}).empty());
}

/// A server of a random kind. @param is_honest says so, for the one that must never be blamed
Server random_server(Random& random, bool& is_honest) {
    Server out = honest(random.chance(1, 2) ? 60 : 80);
    is_honest = false;
    switch (random.below(11)) {
        case 0:
            out.silent = true;
            is_honest = true;
            break;
        case 1:
            out.no_links = true;
            is_honest = true;
            break;
        case 2:
            out.no_chunks = true;
            is_honest = true;
            break;
        case 3:
            out.bad_links = true;
            break;
        case 4:
            out.bad_anchor = true;
            break;
        case 5:
            out.bad_manifest = true;
            break;
        case 6:
            out.bad_chunks = true;
            break;
        case 7:
            out.snapshots = {snapshot(random.between(1, 98), 20, 9)};
            break;
        case 8:
            out.snapshots[0].offer.height.value += random.next() >> 2;
            break;
        case 9:
            out.snapshots[0].offer.block = Hash{};
            break;
        default:
            is_honest = true;
    }
    return out;
}

TEST(SnapshotSyncWorld, is_ready_with_one_honest_peer) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        std::vector<Server> servers{honest(random.chance(1, 2) ? 60 : 80)};
        std::vector<bool> may_be_blamed{false};
        for (std::uint64_t i = random.below(10); i > 0; --i) {
            bool is_honest = false;
            servers.push_back(random_server(random, is_honest));
            may_be_blamed.push_back(!is_honest);
        }
        const auto count = static_cast<PeerId>(servers.size());
        World world(std::move(servers), seed);
        for (PeerId peer = 1; peer < count; ++peer) {
            if (random.chance(1, 4)) {
                world.delay_of[peer] = random.between(500, 6'000);
            }
            if (random.chance(1, 4)) {  // vanishes and comes back
                const std::uint64_t when = random.below(6'000);
                world.at(when, [&world, peer] { world.leave(peer); });
                world.at(when + random.between(1, 3'000), [&world, peer] {
                    world.blamed.erase(peer);
                    world.join(peer);
                });
            }
        }
        ASSERT_TRUE(world.run()) << "seed " << seed;
        for (const auto& [peer, fault] : world.blamed) {
            EXPECT_TRUE(may_be_blamed[peer]) << "peer " << peer << ": " << to_string(fault);
        }
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

/// Inputs without any sense. Peer 0 answers what it was asked, as an honest server would.
class Fuzzer {
  public:
    explicit Fuzzer(std::uint64_t seed)
        : random_(seed, "fuzz"),
          machine_(TestChain::shared().trust(), checker_, reader_, std::nullopt, {}) {}

    void step() {
        now_.value += random_.below(3'000);
        for (const SnapshotEffect& effect : input()) {
            if (const auto* ask = std::get_if<AskSnapshot>(&effect)) {
                asked_.push_back(*ask);
            } else if (const auto* chosen = std::get_if<SnapshotChosen>(&effect)) {
                manifest_ = chosen->offer.manifest;
            } else if (const auto* blame = std::get_if<Blame>(&effect)) {
                EXPECT_NE(blame->peer, 0U) << to_string(blame->fault);
            } else if (const auto* ready = std::get_if<SnapshotReady>(&effect)) {
                EXPECT_EQ(
                    ready->offer.state_root, TestChain::state_root(ready->offer.height.value));
            }
        }
        const auto timer = machine_.next_timer();
        EXPECT_TRUE(!timer || *timer > now_);
    }

  private:
    SnapshotEffects input() {
        const auto peer = static_cast<PeerId>(random_.below(4));
        switch (random_.below(9)) {
            case 0:
                return machine_.peer_joined(peer, now_);
            case 1:
                return machine_.peer_left(peer, now_);
            case 2:
                return machine_.tick(now_);
            case 3:
                return machine_.chunks_here(
                    manifest_, {static_cast<std::uint32_t>(random_.below(30))}, now_);
            default:
                return asked_.empty() ? machine_.tick(now_) : answer(peer);
        }
    }

    SnapshotEffects answer(PeerId peer) {
        const AskSnapshot& ask = random_.pick(asked_);
        bool is_honest = false;
        const Server server = ask.peer == 0 ? honest(60) : random_server(random_, is_honest);
        const PeerId sender = peer != 0 && random_.chance(1, 9) ? peer : ask.peer;
        return machine_.answered(sender, std::visit(server, ask.request), now_);
    }

    Random random_;
    consensus::PlainChecker checker_;
    TestReader reader_;
    SnapshotSync machine_;
    TimeMs now_;
    Hash manifest_;
    std::vector<AskSnapshot> asked_;
};

TEST(SnapshotSyncFuzz, random_inputs_do_no_harm) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Fuzzer fuzzer(seed);
        for (int i = 0; i < 200; ++i) {
            fuzzer.step();
        }
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace polis::sync
