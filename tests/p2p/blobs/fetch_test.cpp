// The machine that fetches blobs, message by message: what it asks, keeps, blames and forgets.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/blob.hpp>
#include <p2p/blobs.hpp>
#include <tests/p2p/blobs/blob_world.hpp>

namespace polis::p2p {
namespace {

using testing::MemoryBlobs;
using testing::random_bytes;

constexpr TimeMs kStart{1'000};

TimeMs after(std::uint64_t ms) { return TimeMs{kStart.value + ms}; }

template <class Effect>
std::vector<Effect> all_of(const BlobEffects& effects) {
    std::vector<Effect> out;
    for (const BlobEffect& effect : effects) {
        if (const auto* found = std::get_if<Effect>(&effect)) {
            out.push_back(*found);
        }
    }
    return out;
}

/// The chunks that the effects ask `peer` for.
std::vector<std::uint32_t> asked(const BlobEffects& effects, ConnectionId peer) {
    std::vector<std::uint32_t> out;
    for (const SendBlob& send : all_of<SendBlob>(effects)) {
        const auto message = decode_blob_message(send.bytes);
        if (message && send.connection == peer) {
            if (const auto* request = std::get_if<BlobChunkRequest>(&*message)) {
                out.insert(out.end(), request->indexes.begin(), request->indexes.end());
            }
        }
    }
    return out;
}

struct Fixture {
    MemoryBlobs blobs;
    Bytes content;
    Hash root;
    BlobFetch fetch{BlobFetch::Limits{}};

    explicit Fixture(std::size_t chunks = 3) : content(random_bytes(1, chunks * kBlobChunkBytes)) {
        root = blobs.add(content);
        EXPECT_TRUE(fetch.want(root, kStart));
        (void)fetch.tick(kStart);
    }

    BlobHave has() { return {.root = root, .shape = blobs.shape(root)}; }

    BlobChunk chunk(std::uint32_t index) {
        BlobChunk out = blobs.chunk(root, index);
        out.root = root;
        out.index = index;
        return out;
    }

    /// A peer that has the blob, and for the first one the driver's answer that nothing is here.
    BlobEffects join(ConnectionId peer, TimeMs now = kStart) {
        (void)fetch.peer_up(peer, now);
        BlobEffects out = fetch.on_have(peer, has(), now);
        if (!all_of<BlobFound>(out).empty()) {
            out = fetch.have(root, std::vector<bool>(blobs.shape(root)->chunk_count()), now);
        }
        return out;
    }
};

TEST(BlobFetch, asks_newcomers_whether_they_have_it) {
    Fixture f;
    const auto sent = all_of<SendBlob>(f.fetch.peer_up(1, kStart));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(*decode_blob_message(sent.front().bytes), BlobMessage{BlobQuery{f.root}});
}

TEST(BlobFetch, a_shape_that_does_not_lead_to_the_root_is_blamed) {
    for (const bool forge_size : {true, false}) {
        Fixture f;
        (void)f.fetch.peer_up(1, kStart);
        BlobHave lie = f.has();
        lie.shape->bytes += forge_size ? 1 : 0;
        lie.shape->tree.data[3] ^= forge_size ? 0 : 1;
        const auto blames = all_of<BlobBlame>(f.fetch.on_have(1, lie, kStart));
        ASSERT_EQ(blames.size(), 1U);
        EXPECT_EQ(blames.front().fault, BlobFault::kBadShape);
        EXPECT_TRUE(f.fetch.on_have(1, f.has(), kStart).empty()) << "asked nothing more";
    }
}

TEST(BlobFetch, a_chunk_is_kept_only_with_its_proof) {
    for (int lie = 0; lie < 4; ++lie) {
        Fixture f;
        ASSERT_EQ(asked(f.join(1), 1), std::vector<std::uint32_t>{0});
        BlobChunk answer = f.chunk(0);
        switch (lie) {
            case 0:
                answer.bytes[100] ^= 1;
                break;
            case 1:
                answer.bytes.pop_back();
                break;
            case 2:
                answer.siblings.pop_back();
                break;
            default:
                answer.bytes = f.chunk(1).bytes;  // a right chunk at another place
                answer.siblings = f.chunk(1).siblings;
        }
        const auto effects = f.fetch.on_chunk(1, answer, kStart);
        EXPECT_TRUE(all_of<StoreBlobChunk>(effects).empty()) << lie;
        const auto blames = all_of<BlobBlame>(effects);
        ASSERT_EQ(blames.size(), 1U) << lie;
        EXPECT_EQ(blames.front().fault, BlobFault::kBadChunk);
        EXPECT_EQ(asked(f.join(2), 2), std::vector<std::uint32_t>{0}) << "asked elsewhere";
    }
}

TEST(BlobFetch, hands_out_every_chunk_once_and_says_when_it_is_complete) {
    Fixture f;
    (void)f.join(1);
    std::size_t stored = 0;
    bool complete = false;
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_FALSE(complete);
        EXPECT_EQ(f.fetch.progress(f.root)->chunks_done, i);
        const auto effects = f.fetch.on_chunk(1, f.chunk(i), kStart);
        stored += all_of<StoreBlobChunk>(effects).size();
        complete = !all_of<BlobComplete>(effects).empty();
    }
    EXPECT_EQ(stored, 3U);
    EXPECT_TRUE(complete);
    EXPECT_FALSE(f.fetch.progress(f.root));
}

TEST(BlobFetch, chunks_on_disk_are_not_fetched_again) {
    Fixture f;
    (void)f.fetch.peer_up(1, kStart);
    (void)f.fetch.on_have(1, f.has(), kStart);
    EXPECT_EQ(
        asked(f.fetch.have(f.root, {true, false, true}, kStart), 1), std::vector<std::uint32_t>{1});
    EXPECT_EQ(all_of<BlobComplete>(f.fetch.on_chunk(1, f.chunk(1), kStart)).size(), 1U);
}

TEST(BlobFetch, a_blob_of_no_bytes_is_complete_once_found) {
    Fixture f(0);
    (void)f.fetch.peer_up(1, kStart);
    const auto found = all_of<BlobFound>(f.fetch.on_have(1, f.has(), kStart));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().shape.bytes, 0U);
    EXPECT_EQ(all_of<BlobComplete>(f.fetch.have(f.root, {}, kStart)).size(), 1U);
}

TEST(BlobFetch, a_chunk_that_times_out_is_asked_elsewhere_and_blames_nobody) {
    Fixture f;
    const BlobFetch::Limits limits;
    ASSERT_EQ(asked(f.join(1), 1), std::vector<std::uint32_t>{0});
    ASSERT_EQ(asked(f.join(2), 2), std::vector<std::uint32_t>{1});
    (void)f.fetch.on_chunk(2, f.chunk(1), kStart);  // window 2 now: asks 2
    const auto late = f.fetch.tick(after(limits.chunk_ms));
    EXPECT_TRUE(all_of<BlobBlame>(late).empty());
    // A late answer is still used.
    const auto answer = f.fetch.on_chunk(1, f.chunk(0), after(limits.chunk_ms + 1));
    EXPECT_EQ(all_of<StoreBlobChunk>(answer).size(), 1U);
    EXPECT_TRUE(all_of<BlobBlame>(answer).empty());
}

TEST(BlobFetch, one_source_that_loses_an_answer_is_asked_again) {
    Fixture f(1);
    const BlobFetch::Limits limits;
    ASSERT_EQ(asked(f.join(1), 1).size(), 1U);
    (void)f.fetch.tick(after(limits.chunk_ms));
    EXPECT_EQ(asked(f.fetch.tick(after(limits.chunk_ms + limits.rest_ms)), 1).size(), 1U);
    // Now both answers come.
    const auto now = after(limits.chunk_ms + limits.rest_ms + 1);
    EXPECT_EQ(all_of<BlobComplete>(f.fetch.on_chunk(1, f.chunk(0), now)).size(), 1U);
    EXPECT_TRUE(f.fetch.on_chunk(1, f.chunk(0), now).empty());
}

TEST(BlobFetch, an_answer_that_nobody_asked_for_is_blamed) {
    Fixture f;
    (void)f.join(1);
    const auto blames = all_of<BlobBlame>(f.fetch.on_chunk(1, f.chunk(2), kStart));
    ASSERT_EQ(blames.size(), 1U);
    EXPECT_EQ(blames.front().fault, BlobFault::kUnasked);
}

TEST(BlobFetch, answers_to_a_forgotten_blob_are_ignored) {
    Fixture f;
    (void)f.join(1);
    f.fetch.forget(f.root);
    EXPECT_TRUE(f.fetch.on_chunk(1, f.chunk(0), kStart).empty());
    EXPECT_EQ(f.fetch.in_flight(), 0U);
}

TEST(BlobFetch, a_busy_peer_rests_and_others_are_asked) {
    Fixture f;
    ASSERT_EQ(asked(f.join(1), 1), std::vector<std::uint32_t>{0});
    const auto effects = f.fetch.on_busy(1, BlobBusy{f.root}, kStart);
    EXPECT_TRUE(all_of<BlobBlame>(effects).empty());
    EXPECT_TRUE(asked(effects, 1).empty());
    EXPECT_EQ(asked(f.join(2), 2), std::vector<std::uint32_t>{0});
}

TEST(BlobFetch, requests_in_flight_are_bounded) {
    Fixture f(200);
    const BlobFetch::Limits limits;
    for (ConnectionId peer = 1; peer <= 20; ++peer) {
        (void)f.join(peer);
    }
    for (int round = 0; round < 20; ++round) {
        for (ConnectionId peer = 1; peer <= 20; ++peer) {
            const auto next = f.fetch.progress(f.root)->chunks_done;
            (void)f.fetch.on_chunk(peer, f.chunk(next), kStart);
            EXPECT_LE(f.fetch.in_flight(), limits.in_flight_max);
        }
    }
}

TEST(BlobFetch, what_is_wanted_is_bounded_and_fetched_in_order) {
    BlobFetch fetch({.blobs_max = 2, .wanted_max = 3});
    MemoryBlobs blobs;
    std::vector<Hash> roots;
    for (std::uint64_t i = 0; i < 4; ++i) {
        roots.push_back(blobs.add(random_bytes(i, 10)));
        EXPECT_EQ(fetch.want(roots.back(), kStart), i < 3);
    }
    EXPECT_TRUE(fetch.want(roots.front(), kStart)) << "wanted already";
    EXPECT_EQ(all_of<SendBlob>(fetch.peer_up(1, kStart)).size(), 2U);
    fetch.forget(roots[0]);
    EXPECT_EQ(all_of<SendBlob>(fetch.tick(kStart)).size(), 2U);
    EXPECT_EQ(fetch.wanted(), (std::vector<Hash>{roots[1], roots[2]}));
}

}  // namespace
}  // namespace polis::p2p
