// Blobs in files: whole and partial ones, damage, quota, pins, interrupted writes, full disks.
#include <ledger/store/blob_store.hpp>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <core/blob.hpp>
#include <core/hex.hpp>
#include <core/merkle.hpp>
#include <core/random.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger {
namespace {

namespace fs = std::filesystem;
using testing::TempDir;

Bytes random_bytes(std::uint64_t seed, std::size_t count) {
    Bytes out(count);
    Random random(seed, "blob_store_test");
    random.fill(out);
    return out;
}

struct Whole {
    Bytes bytes;
    BlobShape shape;
    Hash root;
    std::vector<Hash> leaves;

    [[nodiscard]] ByteView chunk(std::uint32_t index) const {
        return ByteView{bytes}.subspan(index * kBlobChunkBytes, shape.chunk_bytes(index));
    }
};

Whole make_blob(std::uint64_t seed, std::size_t count) {
    Whole out;
    out.bytes = random_bytes(seed, count);
    BlobHasher hasher;
    hasher.update(out.bytes);
    out.shape = hasher.finish();
    out.root = root_of(out.shape);
    out.leaves = hasher.leaves();
    return out;
}

class BlobStoreTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::string folder() const { return (dir_.path() / "blobs").string(); }

    [[nodiscard]] std::unique_ptr<BlobStore> open(std::uint64_t quota = std::uint64_t{1} << 30) {
        auto store = BlobStore::open({.folder = folder(), .quota_bytes = quota});
        EXPECT_TRUE(store) << store.error().context;
        return store ? *std::move(store) : nullptr;
    }

    [[nodiscard]] fs::path file(const Hash& root, const std::string& ending) const {
        return fs::path(folder()) / (to_hex(root.view()) + ending);
    }

    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder()), {}));
    }

    TempDir dir_;
};

void flip(const fs::path& path, std::uint64_t offset) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 1));
}

TEST_F(BlobStoreTest, gives_back_what_was_put_also_after_a_restart) {
    const std::vector<Whole> blobs{
        make_blob(1, 0),
        make_blob(2, 1),
        make_blob(3, kBlobChunkBytes),
        make_blob(4, 3 * kBlobChunkBytes + 99)};
    auto store = open();
    for (int round = 0; round < 2; ++round) {
        for (const Whole& blob : blobs) {
            EXPECT_EQ(store->put(blob.bytes), blob.root);
            EXPECT_EQ(store->shape(blob.root), blob.shape);
            EXPECT_EQ(store->read(blob.root, 0, blob.bytes.size() + 10), blob.bytes);
        }
        EXPECT_EQ(store->roots().size(), blobs.size());
        EXPECT_TRUE(store->damaged().empty());
        store.reset();
        store = open();
    }
    EXPECT_EQ(files(), 2 * blobs.size());
    EXPECT_EQ(store->shape(Hash{{7}}).error().code, StoreErrc::kNotFound);
}

TEST_F(BlobStoreTest, reads_any_range) {
    const Whole blob = make_blob(1, 2 * kBlobChunkBytes + 1'000);
    auto store = open();
    ASSERT_TRUE(store->put(blob.bytes));
    Random random(1);
    for (int i = 0; i < 50; ++i) {
        const std::uint64_t from = random.between(0, blob.bytes.size() + 5);
        const auto count = static_cast<std::size_t>(random.between(0, kBlobChunkBytes * 2));
        const std::size_t begin = std::min<std::size_t>(from, blob.bytes.size());
        const std::size_t length = std::min(count, blob.bytes.size() - begin);
        EXPECT_EQ(
            store->read(blob.root, from, count),
            to_bytes(ByteView{blob.bytes}.subspan(begin, length)));
    }
    EXPECT_EQ(store->read(blob.root, UINT64_MAX, SIZE_MAX), Bytes{});
}

TEST_F(BlobStoreTest, gives_chunks_with_proofs) {
    const Whole blob = make_blob(1, 4 * kBlobChunkBytes + 1);
    auto store = open();
    ASSERT_TRUE(store->put(blob.bytes));
    for (std::uint32_t i = 0; i < 5; ++i) {
        const auto piece = store->chunk(blob.root, i);
        ASSERT_TRUE(piece);
        EXPECT_TRUE(verify_chunk(blob.shape, i, piece->bytes, piece->siblings));
    }
    EXPECT_EQ(store->chunk(blob.root, 5).error().code, StoreErrc::kNotFound);
}

TEST_F(BlobStoreTest, a_flipped_byte_of_the_content_is_noticed_and_named) {
    const Whole blob = make_blob(1, kBlobChunkBytes + 300);
    auto store = open();
    ASSERT_TRUE(store->put(blob.bytes));
    Random random(2);
    for (int i = 0; i < 60; ++i) {
        const std::uint64_t at = i == 0 ? 0 : random.below(blob.bytes.size());
        flip(file(blob.root, ".data"), at);
        const auto read = store->read(blob.root, at, 1);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, StoreErrc::kCorrupt);
        EXPECT_NE(read.error().context.find(to_hex(blob.root.view())), std::string::npos);
        const std::string chunk = "chunk " + std::to_string(at / kBlobChunkBytes);
        EXPECT_NE(read.error().context.find(chunk), std::string::npos);
        EXPECT_FALSE(store->chunk(blob.root, static_cast<std::uint32_t>(at / kBlobChunkBytes)));
        flip(file(blob.root, ".data"), at);
    }
    EXPECT_EQ(store->read(blob.root, 0, SIZE_MAX), blob.bytes);
}

TEST_F(BlobStoreTest, every_flipped_byte_of_the_description_is_noticed_and_named) {
    const Whole blob = make_blob(1, kBlobChunkBytes + 300);
    ASSERT_TRUE(open()->put(blob.bytes));
    const fs::path meta = file(blob.root, ".meta");
    for (std::uint64_t at = 0; at < fs::file_size(meta); ++at) {
        flip(meta, at);
        const auto store = open();
        const auto read = store->read(blob.root, 0, 1);
        ASSERT_FALSE(read) << at;
        EXPECT_EQ(read.error().code, StoreErrc::kCorrupt) << at;
        EXPECT_EQ(store->damaged().size(), 1U);
        flip(meta, at);
    }
    // Storing it again mends it.
    flip(meta, 5);
    const auto store = open();
    ASSERT_TRUE(store->put(blob.bytes));
    EXPECT_EQ(open()->read(blob.root, 0, SIZE_MAX), blob.bytes);
}

TEST_F(BlobStoreTest, truncated_and_lost_files_are_noticed) {
    const Whole blob = make_blob(1, kBlobChunkBytes + 300);
    ASSERT_TRUE(open()->put(blob.bytes));
    auto store = open();
    fs::resize_file(file(blob.root, ".data"), kBlobChunkBytes + 299);
    EXPECT_EQ(store->read(blob.root, kBlobChunkBytes, 1).error().code, StoreErrc::kCorrupt);
    EXPECT_EQ(open()->shape(blob.root).error().code, StoreErrc::kCorrupt);
    fs::remove(file(blob.root, ".data"));
    EXPECT_EQ(store->read(blob.root, 0, 1).error().code, StoreErrc::kCorrupt);
    EXPECT_EQ(open()->shape(blob.root).error().code, StoreErrc::kCorrupt);
}

TEST_F(BlobStoreTest, a_fetched_blob_is_whole_with_its_last_chunk) {
    const Whole blob = make_blob(1, 3 * kBlobChunkBytes + 5);
    auto store = open();
    ASSERT_TRUE(store->begin(blob.root, blob.shape));
    EXPECT_EQ(store->used_bytes(), blob.shape.bytes);
    for (const std::uint32_t index : {2U, 0U, 0U, 3U}) {
        EXPECT_EQ(store->write_chunk(blob.root, index, blob.chunk(index)), false);
    }
    EXPECT_EQ(store->partial(blob.root)->have, (std::vector<bool>{true, false, true, true}));
    EXPECT_EQ(store->shape(blob.root).error().code, StoreErrc::kNotFound);
    EXPECT_EQ(store->write_chunk(blob.root, 1, blob.chunk(1)), true);
    EXPECT_FALSE(store->partial(blob.root));
    EXPECT_EQ(store->read(blob.root, 0, SIZE_MAX), blob.bytes);
    EXPECT_EQ(open()->read(blob.root, 0, SIZE_MAX), blob.bytes);
    EXPECT_EQ(files(), 2U);
    const Whole nothing = make_blob(2, 0);
    ASSERT_TRUE(store->begin(nothing.root, nothing.shape));
    EXPECT_EQ(store->shape(nothing.root), nothing.shape);
}

TEST_F(BlobStoreTest, a_partial_blob_goes_on_after_a_restart) {
    const Whole blob = make_blob(1, 40 * kBlobChunkBytes);
    auto store = open();
    ASSERT_TRUE(store->begin(blob.root, blob.shape));
    for (std::uint32_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(store->write_chunk(blob.root, i, blob.chunk(i)));
    }
    store.reset();  // as a kill: nothing is written at the end
    flip(file(blob.root, ".part"), 3 * kBlobChunkBytes + 9);
    store = open();
    const auto partial = store->partial(blob.root);
    ASSERT_TRUE(partial);
    std::size_t here = 0;
    for (std::uint32_t i = 0; i < 40; ++i) {
        here += partial->have[i] ? 1U : 0U;
        EXPECT_TRUE(i < 20 || !partial->have[i]);
    }
    EXPECT_EQ(here, 15U) << "16 chunks were saved, and one was damaged";
    EXPECT_FALSE(partial->have[3]);
    for (std::uint32_t i = 0; i < 40; ++i) {
        if (!partial->have[i]) {
            ASSERT_TRUE(store->write_chunk(blob.root, i, blob.chunk(i)));
        }
    }
    EXPECT_EQ(store->read(blob.root, 0, SIZE_MAX), blob.bytes);
}

TEST_F(BlobStoreTest, damaged_progress_is_dropped_and_the_fetch_begins_anew) {
    const Whole blob = make_blob(1, 2 * kBlobChunkBytes);
    ASSERT_TRUE(open()->begin(blob.root, blob.shape));
    const fs::path have = file(blob.root, ".have");
    const auto size = fs::file_size(have);
    for (std::uint64_t at = 0; at < size; ++at) {
        flip(have, at);
        EXPECT_FALSE(open()->partial(blob.root)) << at;
        EXPECT_EQ(files(), 0U);
        ASSERT_TRUE(open()->begin(blob.root, blob.shape));
    }
    EXPECT_TRUE(open()->partial(blob.root));
}

TEST_F(BlobStoreTest, an_interrupted_write_leaves_nothing_or_everything) {
    const Whole blob = make_blob(1, kBlobChunkBytes + 5);
    ASSERT_TRUE(open()->put(blob.bytes));
    // Killed before the description was written: the bytes go.
    fs::rename(file(blob.root, ".meta"), file(blob.root, ".meta.tmp"));
    EXPECT_EQ(open()->shape(blob.root).error().code, StoreErrc::kNotFound);
    EXPECT_EQ(files(), 0U);
    // Killed after the last chunk, before the file got its name.
    ASSERT_TRUE(open()->put(blob.bytes));
    fs::rename(file(blob.root, ".data"), file(blob.root, ".part"));
    EXPECT_EQ(open()->read(blob.root, 0, SIZE_MAX), blob.bytes);
    EXPECT_EQ(files(), 2U);
}

TEST_F(BlobStoreTest, chunks_of_another_blob_do_not_become_this_one) {
    const Whole blob = make_blob(1, 2 * kBlobChunkBytes);
    const Whole other = make_blob(2, 2 * kBlobChunkBytes);
    auto store = open();
    ASSERT_TRUE(store->begin(blob.root, blob.shape));
    ASSERT_TRUE(store->write_chunk(blob.root, 0, blob.chunk(0)));
    EXPECT_EQ(store->write_chunk(blob.root, 1, other.chunk(1)).error().code, StoreErrc::kCorrupt);
    EXPECT_FALSE(store->partial(blob.root));
    EXPECT_EQ(files(), 0U);
}

TEST_F(BlobStoreTest, the_oldest_unpinned_blobs_make_room) {
    constexpr std::size_t kSize = 1'000;
    auto store = open(3 * kSize);
    std::vector<Hash> roots;
    for (std::uint64_t i = 0; i < 3; ++i) {
        roots.push_back(*store->put(random_bytes(i, kSize)));
    }
    ASSERT_TRUE(store->pin(roots[0]));
    ASSERT_TRUE(store->pin(roots[0]));
    store->unpin(roots[0]);
    ASSERT_TRUE(store->put(random_bytes(3, kSize)));
    EXPECT_TRUE(store->shape(roots[0])) << "still pinned once";
    EXPECT_EQ(store->shape(roots[1]).error().code, StoreErrc::kNotFound);
    EXPECT_TRUE(store->shape(roots[2]));
    EXPECT_EQ(store->used_bytes(), 3 * kSize);
    EXPECT_EQ(store->collect(kSize), 2U);
    EXPECT_EQ(store->roots(), std::vector<Hash>{roots[0]});
    store->unpin(roots[0]);
    EXPECT_EQ(store->collect(0), 1U);
    EXPECT_EQ(files(), 0U);
    EXPECT_EQ(store->pin(roots[0]).error().code, StoreErrc::kNotFound);
}

TEST_F(BlobStoreTest, what_has_no_room_is_refused_by_name) {
    auto store = open(1'000);
    EXPECT_EQ(store->put(random_bytes(1, 1'001)).error().code, StoreErrc::kNoSpace);
    const Hash pinned = *store->put(random_bytes(2, 600));
    ASSERT_TRUE(store->pin(pinned));
    const auto refused = store->put(random_bytes(3, 500));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, StoreErrc::kNoSpace);
    EXPECT_NE(refused.error().context.find("quota"), std::string::npos);
    const Whole blob = make_blob(4, 500);
    EXPECT_EQ(store->begin(blob.root, blob.shape).error().code, StoreErrc::kNoSpace);
    EXPECT_EQ(store->used_bytes(), 600U);
}

TEST_F(BlobStoreTest, abandoned_and_removed_blobs_leave_no_files) {
    const Whole blob = make_blob(1, 2 * kBlobChunkBytes);
    auto store = open();
    ASSERT_TRUE(store->begin(blob.root, blob.shape));
    ASSERT_TRUE(store->abandon(blob.root));
    EXPECT_EQ(files(), 0U);
    ASSERT_TRUE(store->put(blob.bytes));
    ASSERT_TRUE(store->abandon(blob.root)) << "only a fetch can be abandoned";
    EXPECT_TRUE(store->shape(blob.root));
    ASSERT_TRUE(store->remove(blob.root));
    EXPECT_EQ(files(), 0U);
}

TEST_F(BlobStoreTest, a_file_in_place_of_the_folder_is_named) {
    std::ofstream(folder()) << "x";
    const auto store = BlobStore::open({.folder = folder()});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, StoreErrc::kIo);
    EXPECT_NE(store.error().context.find(folder()), std::string::npos);
}

TEST_F(BlobStoreTest, a_folder_without_permission_is_named) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "the superuser may write everywhere";
    }
    auto store = open();
    fs::permissions(folder(), fs::perms::owner_read | fs::perms::owner_exec);
    const auto refused = store->put(random_bytes(1, 10));
    fs::permissions(folder(), fs::perms::owner_all);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, StoreErrc::kIo);
    EXPECT_NE(refused.error().context.find("write access"), std::string::npos);
}

/// A limit on the size of files stands for a full disk.
TEST_F(BlobStoreTest, a_full_disk_is_named_and_leaves_the_store_usable) {
    auto store = open();
    ::rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const ::rlimit small{.rlim_cur = 100'000, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto refused = store->put(random_bytes(1, 200'000));
    const Whole blob = make_blob(2, 200'000);
    const auto begun = store->begin(blob.root, blob.shape);
    const auto chunk = store->write_chunk(blob.root, 0, blob.chunk(0));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)std::signal(SIGXFSZ, old_handler);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, StoreErrc::kNoSpace);
    EXPECT_NE(refused.error().context.find("free some space"), std::string::npos);
    EXPECT_TRUE(begun);
    EXPECT_EQ(chunk.error().code, StoreErrc::kNoSpace);
    EXPECT_EQ(store->write_chunk(blob.root, 0, blob.chunk(0)), true);
    EXPECT_EQ(store->put(random_bytes(1, 200'000)), blob_root(random_bytes(1, 200'000)));
}

TEST_F(BlobStoreTest, threads_read_while_others_write) {
    const Whole blob = make_blob(1, 2 * kBlobChunkBytes);
    auto store = open();
    ASSERT_TRUE(store->put(blob.bytes));
    ASSERT_TRUE(store->pin(blob.root));
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            for (std::uint64_t j = 0; j < 20; ++j) {
                wrong += store->read(blob.root, 0, SIZE_MAX) == blob.bytes ? 0 : 1;
                wrong += store->put(random_bytes(10 * i + j, 5'000)) ? 0 : 1;
                wrong += store->collect(blob.bytes.size() + 50'000) ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
}

// ---- in portions --------------------------------------------------------------------------------

TEST_F(BlobStoreTest, portions_of_any_size_become_the_same_blob) {
    const auto store = open();
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBlobChunkBytes, 700'001UL}) {
        const Whole blob = make_blob(size, size);
        const auto writer = store->writer();
        Random random(size, "portions");
        for (ByteView rest = blob.bytes; !rest.empty();) {
            const std::size_t count = std::min<std::size_t>(rest.size(), random.below(90'000) + 1);
            ASSERT_TRUE(writer->add(rest.first(count)).has_value());
            rest = rest.subspan(count);
        }
        EXPECT_EQ(writer->finish().value(), blob.root);
        EXPECT_EQ(store->read(blob.root, 0, size).value(), blob.bytes);
    }
    const auto again = open();
    EXPECT_EQ(again->roots().size(), 4U);
    EXPECT_TRUE(again->damaged().empty());
}

TEST_F(BlobStoreTest, an_upload_that_ends_in_the_middle_leaves_nothing) {
    const Whole blob = make_blob(1, 300'000);
    const auto store = open();
    {
        const auto writer = store->writer();
        ASSERT_TRUE(writer->add(blob.bytes).has_value());
        EXPECT_EQ(store->used_bytes(), blob.bytes.size()) << "it counts while it comes";
    }
    EXPECT_EQ(store->used_bytes(), 0U);
    EXPECT_TRUE(fs::is_empty(folder()));
    const auto first = store->writer();
    const auto second = store->writer();
    ASSERT_TRUE(first->add(blob.bytes).has_value());
    ASSERT_TRUE(second->add(blob.bytes).has_value());
    EXPECT_EQ(first->finish().value(), blob.root);
    EXPECT_EQ(second->finish().value(), blob.root) << "storing what is there is free";
}

TEST_F(BlobStoreTest, an_upload_beyond_the_quota_is_refused_as_it_comes) {
    const Whole blob = make_blob(1, 300'000);
    const auto store = open(/*quota=*/400'000);
    const auto first = store->writer();
    const auto second = store->writer();
    ASSERT_TRUE(first->add(blob.bytes).has_value());
    EXPECT_EQ(second->add(blob.bytes).error().code, StoreErrc::kNoSpace);
    EXPECT_EQ(first->finish().value(), blob.root);
}

}  // namespace
}  // namespace polis::ledger
