// A blob from a crowd of peers that lie, are slow, trickle or vanish: with one honest source it
// always arrives, is what was asked for, and only liars are blamed.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/blob.hpp>
#include <core/random.hpp>
#include <p2p/blobs.hpp>
#include <tests/p2p/blobs/blob_world.hpp>

namespace polis::p2p {
namespace {

using testing::Assembled;
using testing::MemoryBlobs;
using testing::random_bytes;

enum class Manner : std::uint8_t {
    kHonest,
    kLiesAboutChunks,
    kLiesAboutShape,
    kSilent,    ///< says that it has the blob, and nothing more
    kTrickles,  ///< one chunk in 30 seconds
    kVanishes,  ///< leaves after its first chunk
    kLosesHalf,
    kForgets,  ///< says that it has the blob, later that it has not
};

class Scene {
  public:
    Scene(std::uint64_t seed, std::size_t chunks, bool resume) : random_(seed, "scene") {
        const std::size_t bytes =
            chunks * kBlobChunkBytes - static_cast<std::size_t>(random_.below(kBlobChunkBytes));
        content_ = random_bytes(seed, bytes);
        root_ = blobs_.add(content_);
        resume_ = resume;
    }

    void run(const std::vector<Manner>& manners) {
        manners_ = manners;
        ASSERT_TRUE(fetch_.want(root_, now_));
        for (std::size_t i = 0; i < manners.size(); ++i) {
            serves_.emplace_back(BlobServe::Limits{});
            perform(fetch_.peer_up(static_cast<ConnectionId>(i), now_));
        }
        for (int step = 0; step < 20'000 && !result_.complete; ++step) {
            const auto timer = fetch_.next_timer();
            TimeMs next = timer.value_or(TimeMs{now_.value + 1'000});
            if (!events_.empty()) {
                next = std::min(next, events_.top().at);
            }
            now_ = std::max(now_, next);
            while (!events_.empty() && events_.top().at <= now_) {
                const auto action = events_.top().action;
                events_.pop();
                action();
            }
            perform(fetch_.tick(now_));
        }
    }

    Assembled result_;
    Bytes content_;
    std::set<ConnectionId> blamed_;
    TimeMs now_{1'000};

  private:
    struct Event {
        TimeMs at;
        std::uint64_t sequence = 0;
        std::function<void()> action;

        bool operator>(const Event& right) const {
            return std::pair(at, sequence) > std::pair(right.at, right.sequence);
        }
    };

    void later(std::uint64_t ms, std::function<void()> action) {
        events_.push({TimeMs{now_.value + ms}, sequence_++, std::move(action)});
    }

    void perform(BlobEffects effects) {
        for (BlobEffect& effect : effects) {
            if (auto* send = std::get_if<SendBlob>(&effect)) {
                const ConnectionId peer = send->connection;
                const BlobMessage message = *decode_blob_message(send->bytes);
                later(random_.between(1, 20), [this, peer, message] { arrive(peer, message); });
            } else if (const auto* found = std::get_if<BlobFound>(&effect)) {
                result_.shape = found->shape;
                std::vector<bool> here(found->shape.chunk_count());
                for (std::uint32_t i = 0; resume_ && i < here.size(); i += 2) {
                    here[i] = true;
                    result_.chunks[i] = blobs_.chunk(root_, i).bytes;
                }
                perform(fetch_.have(root_, here, now_));
            } else if (auto* store = std::get_if<StoreBlobChunk>(&effect)) {
                EXPECT_TRUE(result_.chunks.emplace(store->index, std::move(store->bytes)).second);
            } else if (std::get_if<BlobComplete>(&effect) != nullptr) {
                result_.complete = true;
            } else if (const auto* blame = std::get_if<BlobBlame>(&effect)) {
                blamed_.insert(blame->connection);
            }
        }
    }

    /// A peer gets a message and answers in its manner.
    void arrive(ConnectionId peer, const BlobMessage& message) {
        if (gone_.contains(peer)) {
            return;
        }
        BlobEffects answers;
        if (const auto* query = std::get_if<BlobQuery>(&message)) {
            answers = serves_[peer].on_query(peer, *query, blobs_, now_);
        } else if (const auto* request = std::get_if<BlobChunkRequest>(&message)) {
            answers = serves_[peer].on_request(peer, *request, blobs_, now_);
        }
        std::uint64_t delay = random_.between(1, 20);
        for (const BlobEffect& effect : answers) {
            BlobMessage answer = *decode_blob_message(std::get<SendBlob>(effect).bytes);
            if (distort(peer, answer, delay)) {
                later(delay, [this, peer, answer] { deliver(peer, answer); });
            }
        }
    }

    /// @return false if the answer is never sent
    bool distort(ConnectionId peer, BlobMessage& answer, std::uint64_t& delay) {
        auto* chunk = std::get_if<BlobChunk>(&answer);
        auto* have = std::get_if<BlobHave>(&answer);
        switch (manners_[peer]) {
            case Manner::kHonest:
                return true;
            case Manner::kLiesAboutShape:
                if (have != nullptr) {
                    have->shape->bytes += random_.between(1, kBlobChunkBytes);
                }
                return true;
            case Manner::kLiesAboutChunks:
                if (chunk != nullptr) {
                    random_.pick(chunk->bytes) ^= 0x40;
                }
                return true;
            case Manner::kSilent:
                return chunk == nullptr;
            case Manner::kTrickles:
                delay += chunk != nullptr ? 30'000 : 0;
                return true;
            case Manner::kVanishes:
                if (chunk != nullptr) {
                    gone_.insert(peer);
                    later(0, [this, peer] { perform(fetch_.peer_down(peer, now_)); });
                }
                return chunk == nullptr;
            case Manner::kLosesHalf:
                return chunk == nullptr || random_.chance(1, 2);
            case Manner::kForgets:
                if (chunk != nullptr) {
                    chunk->bytes.clear();
                    chunk->siblings.clear();
                }
                return true;
        }
        return true;
    }

    void deliver(ConnectionId peer, const BlobMessage& answer) {
        if (const auto* have = std::get_if<BlobHave>(&answer)) {
            perform(fetch_.on_have(peer, *have, now_));
        } else if (const auto* chunk = std::get_if<BlobChunk>(&answer)) {
            perform(fetch_.on_chunk(peer, *chunk, now_));
        } else if (const auto* busy = std::get_if<BlobBusy>(&answer)) {
            perform(fetch_.on_busy(peer, *busy, now_));
        }
    }

    Random random_;
    MemoryBlobs blobs_;
    Hash root_;
    bool resume_ = false;
    std::vector<Manner> manners_;
    std::vector<BlobServe> serves_;
    std::set<ConnectionId> gone_;
    BlobFetch fetch_{BlobFetch::Limits{}};
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::uint64_t sequence_ = 0;
};

TEST(BlobFetchWorld, arrives_with_one_honest_source_and_blames_only_liars) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        Random random(seed, "crowd");
        std::vector<Manner> manners{Manner::kHonest};
        const std::uint64_t others = random.between(0, 12);
        for (std::uint64_t i = 0; i < others; ++i) {
            manners.push_back(static_cast<Manner>(random.below(8)));
        }
        random.shuffle(manners);
        const std::size_t chunks = static_cast<std::size_t>(random.between(1, 24));
        Scene scene(seed, chunks, random.chance(1, 2));
        scene.run(manners);
        ASSERT_TRUE(scene.result_.complete) << "seed " << seed;
        EXPECT_EQ(scene.result_.bytes(), scene.content_) << "seed " << seed;
        for (const ConnectionId peer : scene.blamed_) {
            const Manner manner = manners[peer];
            EXPECT_TRUE(manner == Manner::kLiesAboutChunks || manner == Manner::kLiesAboutShape)
                << "seed " << seed;
        }
        EXPECT_LT(scene.now_.value, 120'000U) << "seed " << seed;
    }
}

TEST(BlobFetchWorld, several_sources_share_the_work) {
    Scene alone(1, 40, false);
    alone.run({Manner::kHonest});
    Scene many(1, 40, false);
    many.run(std::vector<Manner>(6, Manner::kHonest));
    ASSERT_TRUE(alone.result_.complete && many.result_.complete);
    EXPECT_LT(many.now_.value - 1'000, (alone.now_.value - 1'000) * 2 / 3);
}

TEST(BlobFetchWorld, a_source_that_loses_half_of_its_answers_is_enough) {
    Scene scene(2, 6, false);
    scene.run({Manner::kLosesHalf});
    EXPECT_TRUE(scene.result_.complete);
    EXPECT_TRUE(scene.blamed_.empty());
}

}  // namespace
}  // namespace polis::p2p
