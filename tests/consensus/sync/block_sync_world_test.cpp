// Block sync among many peers: honest, slow, vanishing, silent, trickling and lying ones, from a
// seed, over simulated time. One prompt honest peer is enough to reach the head; no honest peer is
// ever blamed; blocks arrive in order; memory stays bounded.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/sync/block_sync.hpp>
#include <core/random.hpp>
#include <tests/consensus/sync/blocks.hpp>

namespace polis::sync {
namespace {

enum class Kind : std::uint8_t {
    kHonest,
    kSlow,       // honest, near the time-out or beyond it
    kVanishing,  // honest, leaves and comes back
    kShort,      // honest, has only a part of the chain
    kBusy,       // honest, refuses most of the time
    kSilent,
    kTrickle,  // one block just before the time-out
    kBoaster,  // claims everything, answers with nothing, lowers its claim, claims again
    kSwapper,  // part i with the proof of j
    kForger,   // a valid prefix, then garbage
    kShifter,  // another range
    kSpammer,  // answers that nobody asked for, and each answer twice
};

constexpr std::uint64_t kKinds = 12;

bool is_honest(Kind kind) { return kind <= Kind::kBusy || kind == Kind::kSilent; }

class World {
  public:
    explicit World(std::uint64_t seed) : random_(seed), length_(random_.between(50, 700)) {
        sync_.emplace(Height{0}, options());
        const std::uint64_t liars = random_.between(1, 12);
        kinds_.push_back(Kind::kHonest);
        for (std::uint64_t i = 0; i < liars; ++i) {
            kinds_.push_back(static_cast<Kind>(random_.below(kKinds)));
        }
        random_.shuffle(kinds_);
        for (PeerId peer = 0; peer < kinds_.size(); ++peer) {
            at(random_.below(3'000), [this, peer] { join(peer); });
        }
        at(random_.between(1'000, 20'000), [this] { kill(); });
        at(random_.between(1'000, 20'000), [this] { decide_alone(); });
    }

    /// @return false if it does not get to the end of the chain in ten simulated minutes
    bool run() {
        while (head_ < length_ && now_ < 600'000) {
            if (events_.empty() && !timer_) {
                return false;
            }
            if (timer_ && (events_.empty() || *timer_ <= events_.begin()->first)) {
                now_ = std::max(now_, *timer_);
                perform(sync_->tick(TimeMs{now_}));
                continue;
            }
            auto event = events_.extract(events_.begin());
            now_ = event.key();
            event.mapped()();
        }
        return head_ == length_;
    }

    [[nodiscard]] std::uint64_t now() const { return now_; }

  private:
    static BlockSync::Options options() {
        BlockSync::Options out;
        out.buffer_bytes_max = std::size_t{2} * 1024 * 1024;
        return out;
    }

    void at(std::uint64_t delay, std::function<void()> what) {
        events_.emplace(now_ + delay, std::move(what));
    }

    HeadClaim claim_of(PeerId peer) {
        switch (kinds_[peer]) {
            case Kind::kShort:
                return {.base = Height{length_ / 4 + 1}, .head = Height{length_ / 2 + 1}};
            case Kind::kBoaster:
                return {.base = Height{0}, .head = Height{random_.next()}};
            case Kind::kSwapper:
            case Kind::kForger:
            case Kind::kShifter:
            case Kind::kTrickle:
            case Kind::kSilent:
            case Kind::kSpammer:
            case Kind::kHonest:
            case Kind::kSlow:
            case Kind::kVanishing:
            case Kind::kBusy:
                return {.base = Height{1}, .head = Height{length_}};
        }
        return {};
    }

    void join(PeerId peer) {
        perform(sync_->peer_joined(peer, TimeMs{now_}));
        perform(sync_->claimed(peer, claim_of(peer), TimeMs{now_}));
        if (kinds_[peer] == Kind::kVanishing) {
            at(random_.between(10, 4'000), [this, peer] {
                perform(sync_->peer_left(peer, TimeMs{now_}));
                at(random_.between(10, 4'000), [this, peer] { join(peer); });
            });
        }
    }

    /// A new process on the same chain. Answers to the old one still arrive.
    void kill() {
        sync_.emplace(Height{head_}, options());
        delivered_.reset();
        for (PeerId peer = 0; peer < kinds_.size(); ++peer) {
            perform(sync_->peer_joined(peer, TimeMs{now_}));
            perform(sync_->claimed(peer, claim_of(peer), TimeMs{now_}));
        }
    }

    /// Consensus finalizes the next block while sync may be at it too.
    void decide_alone() {
        if (head_ < length_) {
            ++head_;
            delivered_.reset();
            perform(sync_->accepted(Height{head_}, TimeMs{now_}));
        }
        at(random_.between(100, 5'000), [this] { decide_alone(); });
    }

    void perform(const BlockSyncEffects& effects) {
        for (const BlockSyncEffect& effect : effects) {
            std::visit([this](const auto& item) { perform_one(item); }, effect);
        }
        EXPECT_LE(sync_->buffered_bytes(), options().buffer_bytes_max);
        timer_.reset();
        if (const auto timer = sync_->next_timer()) {
            EXPECT_GT(timer->value, now_);
            timer_ = timer->value;
        }
    }

    void perform_one(const Blame& blame) {
        EXPECT_FALSE(is_honest(kinds_[blame.peer]))
            << "peer " << blame.peer << ": " << to_string(blame.fault);
    }

    void perform_one(const Deliver& deliver) {
        EXPECT_EQ(deliver.height.value, head_ + 1);
        EXPECT_FALSE(delivered_.has_value());
        delivered_ = deliver.height.value;
        const bool valid = is_valid(deliver.block, deliver.height);
        at(random_.below(5), [this, valid, height = deliver.height] {
            if (delivered_ != height.value) {
                return;  // consensus or a kill was faster
            }
            delivered_.reset();
            if (valid) {
                head_ = height.value;
                perform(sync_->accepted(height, TimeMs{now_}));
            } else {
                perform(sync_->rejected(height, TimeMs{now_}));
            }
        });
    }

    void perform_one(const AskBlocks& ask) {
        const PeerId peer = ask.peer;
        switch (kinds_[peer]) {
            case Kind::kSilent:
                return;
            case Kind::kBusy:
                if (random_.chance(2, 3)) {
                    at(50, [this, peer, id = ask.request.id] {
                        perform(sync_->busy(peer, {.id = id}, TimeMs{now_}));
                    });
                    return;
                }
                break;
            case Kind::kSlow:
                send(peer, random_.between(2'000, 8'000), honest_answer(peer, ask.request));
                return;
            case Kind::kTrickle:
                send(peer, 4'900, lying_answer(peer, ask.request));
                return;
            case Kind::kHonest:
            case Kind::kVanishing:
            case Kind::kShort:
                break;
            case Kind::kBoaster:
            case Kind::kSwapper:
            case Kind::kForger:
            case Kind::kShifter:
            case Kind::kSpammer:
                lie(peer, ask.request);
                return;
        }
        send(peer, random_.between(5, 150), honest_answer(peer, ask.request));
    }

    void send(PeerId peer, std::uint64_t delay, BlockResponse response) {
        at(delay, [this, peer, response = std::move(response)] {
            perform(sync_->answered(peer, response, TimeMs{now_}));
        });
    }

    BlockResponse honest_answer(PeerId peer, const BlockRequest& request) {
        const HeadClaim here = claim_of(peer);
        EXPECT_GE(request.from, here.base);
        EXPECT_LE(request.from.value + request.count - 1, here.head.value);
        const std::uint64_t count = random_.chance(1, 4) ? random_.between(1, request.count)
                                                         : request.count;  // a full answer
        return {
            .id = request.id,
            .from = request.from,
            .blocks = blocks_from(request.from.value, count)};
    }

    BlockResponse lying_answer(PeerId peer, const BlockRequest& request) {
        BlockResponse out = answer_to(request);
        switch (kinds_[peer]) {
            case Kind::kBoaster:
                out.blocks.clear();
                break;
            case Kind::kTrickle:
                out.blocks.resize(1);
                break;
            case Kind::kSwapper:
                std::swap(out.blocks.front().block, out.blocks.back().block);
                break;
            case Kind::kForger:
                for (std::size_t i = random_.below(out.blocks.size()); i < out.blocks.size(); ++i) {
                    out.blocks[i].block.assign(random_.between(1, 60'000), 0xee);
                }
                break;
            case Kind::kShifter:
                out.from.value += random_.between(1, 3);
                break;
            case Kind::kHonest:
            case Kind::kSlow:
            case Kind::kVanishing:
            case Kind::kShort:
            case Kind::kBusy:
            case Kind::kSilent:
            case Kind::kSpammer:
                break;
        }
        return out;
    }

    void lie(PeerId peer, const BlockRequest& request) {
        const BlockResponse response = lying_answer(peer, request);
        send(peer, random_.between(5, 150), response);
        if (kinds_[peer] == Kind::kBoaster) {
            const HeadClaim lower{.base = Height{1}, .head = Height{random_.below(length_)}};
            at(100, [this, peer, lower] { perform(sync_->claimed(peer, lower, TimeMs{now_})); });
            at(400, [this, peer, claim = claim_of(peer)] {
                perform(sync_->claimed(peer, claim, TimeMs{now_}));
            });
        }
        if (kinds_[peer] == Kind::kSpammer) {
            send(peer, 200, response);
            BlockResponse stray = response;
            stray.id = random_.below(1'000);
            stray.from.value += 1;
            stray.blocks = blocks_from(stray.from.value, 32);
            send(peer, 10, std::move(stray));
        }
    }

    Random random_;
    std::uint64_t length_;
    std::vector<Kind> kinds_;
    std::optional<BlockSync> sync_;
    std::uint64_t now_ = 0;
    std::uint64_t head_ = 0;
    std::optional<std::uint64_t> delivered_;
    std::optional<std::uint64_t> timer_;
    std::multimap<std::uint64_t, std::function<void()>> events_;
};

TEST(BlockSyncWorld, reaches_the_head_with_one_prompt_honest_peer) {
    std::uint64_t slowest = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        World world(seed);
        ASSERT_TRUE(world.run()) << "seed " << seed;
        slowest = std::max(slowest, world.now());
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
    RecordProperty("slowest_ms", std::to_string(slowest));
    EXPECT_LT(slowest, 120'000U) << "liars held the chain up";
}

/// Throws inputs without any sense at a machine. Peer 0 only ever answers what it was asked.
class Fuzzer {
  public:
    explicit Fuzzer(std::uint64_t seed)
        : random_(seed, "fuzz"), sync_(Height{random_.below(50)}, {}), now_(random_.next()) {}

    void step() {
        now_ = random_.chance(1, 50) ? random_.next() : now_ + random_.below(2'000);
        for (const BlockSyncEffect& effect : input()) {
            if (const auto* ask = std::get_if<AskBlocks>(&effect)) {
                EXPECT_GE(ask->request.count, 1U);
                EXPECT_LE(ask->request.count, kAnswerBlocksMax);
                asked_.push_back(*ask);
            } else if (const auto* deliver = std::get_if<Deliver>(&effect)) {
                EXPECT_EQ(deliver->height.value, sync_.head().value + 1);
                EXPECT_FALSE(delivered_.has_value());
                delivered_ = deliver->height;
            } else {
                EXPECT_NE(std::get<Blame>(effect).peer, 0U);
            }
        }
        const auto timer = sync_.next_timer();
        EXPECT_TRUE(!timer || timer->value > now_);
    }

  private:
    BlockSyncEffects input() {
        const TimeMs now{now_};
        const auto peer = static_cast<PeerId>(random_.below(4));
        const Height height{random_.chance(1, 10) ? random_.next() >> 1 : random_.below(80)};
        switch (random_.below(10)) {
            case 0:
                return sync_.peer_joined(peer, now);
            case 1:
                return sync_.peer_left(peer, now);
            case 2:
            case 3:
                return sync_.claimed(
                    peer, {.base = Height{random_.below(20)}, .head = height}, now);
            case 4:
                return sync_.tick(now);
            case 5:
                return sync_.busy(peer, {.id = random_.below(30)}, now);
            case 6:
                return answer_delivered(now);
            case 7:
                return sync_.behind(height, now);
            default:
                return asked_.empty() ? sync_.answered(peer, {}, now) : answer(peer, now);
        }
    }

    BlockSyncEffects answer_delivered(TimeMs now) {
        if (!delivered_) {
            return sync_.tick(now);
        }
        return sync_.accepted(*std::exchange(delivered_, std::nullopt), now);
    }

    BlockSyncEffects answer(PeerId peer, TimeMs now) {
        const AskBlocks& ask = random_.pick(asked_);
        BlockResponse response = answer_to(ask.request);
        if (ask.peer != 0 && random_.chance(1, 2)) {
            response.blocks.resize(random_.below(40));
            response.from.value += random_.below(2);
        }
        const PeerId sender = random_.chance(1, 9) ? peer : ask.peer;
        return sync_.answered(sender, std::move(response), now);
    }

    Random random_;
    BlockSync sync_;
    std::uint64_t now_;
    std::vector<AskBlocks> asked_;
    std::optional<Height> delivered_;
};

TEST(BlockSyncFuzz, random_inputs_do_no_harm) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Fuzzer fuzzer(seed);
        for (int i = 0; i < 300; ++i) {
            fuzzer.step();
        }
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace polis::sync
