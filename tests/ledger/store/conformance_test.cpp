// What every KeyValueStore must do, run against each of them.
// Method: one parameterised suite; a parameter names a store and knows how to open it.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/store/fault_env.hpp>
#include <ledger/store/fault_store.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

/// A place where a store lives: opening it again finds what was written, unless it is memory only.
class Place {
  public:
    virtual ~Place() = default;
    virtual std::unique_ptr<KeyValueStore> open() = 0;

    [[nodiscard]] virtual bool keeps_data() const { return true; }
};

std::unique_ptr<KeyValueStore> must_open(StoreResult<std::unique_ptr<KeyValueStore>> opened) {
    if (!opened) {
        ADD_FAILURE() << opened.error().context;
        return std::make_unique<MemoryStore>();
    }
    return std::move(*opened);
}

class DiskPlace final : public Place {
  public:
    explicit DiskPlace(std::size_t write_buffer_bytes) : write_buffer_bytes_(write_buffer_bytes) {}

    std::unique_ptr<KeyValueStore> open() override {
        return must_open(
            open_leveldb(dir_.path() / "db", {.write_buffer_bytes = write_buffer_bytes_}));
    }

  private:
    TempDir dir_;
    std::size_t write_buffer_bytes_;
};

class FaultFilePlace final : public Place {
  public:
    std::unique_ptr<KeyValueStore> open() override {
        return must_open(open_leveldb("db", {.file_system = &files_}));
    }

  private:
    FaultFileSystem files_{1};
};

class FaultStorePlace final : public Place {
  public:
    std::unique_ptr<KeyValueStore> open() override { return std::make_unique<FaultStore>(1); }

    [[nodiscard]] bool keeps_data() const override { return false; }
};

class MemoryPlace final : public Place {
  public:
    std::unique_ptr<KeyValueStore> open() override { return std::make_unique<MemoryStore>(); }

    [[nodiscard]] bool keeps_data() const override { return false; }
};

struct Kind {
    std::string name;
    std::function<std::unique_ptr<Place>()> make;
};

class Conformance : public ::testing::TestWithParam<Kind> {
  protected:
    void SetUp() override {
        place = GetParam().make();
        store = place->open();
    }

    void write(const WriteBatch& batch) {
        const auto written = store->write(batch, Durability::kSynced);
        ASSERT_TRUE(written.has_value()) << written.error().context;
    }

    void reopen() {
        store.reset();
        store = place->open();
    }

    std::unique_ptr<Place> place;
    std::unique_ptr<KeyValueStore> store;
};

TEST_P(Conformance, a_new_store_is_empty) {
    EXPECT_EQ(value_of(*store, "a"), "(none)");
    EXPECT_TRUE(all_rows(*store).empty());
}

TEST_P(Conformance, returns_what_was_written) {
    const Rows rows = {{"a", "1"}, {"b", ""}, {"c", std::string(100'000, 'x')}, {"", "empty key"}};
    write(batch_of(rows));
    for (const auto& [key, value] : rows) {
        EXPECT_EQ(value_of(*store, key), value);
    }
    EXPECT_EQ(value_of(*store, "aa"), "(none)");
    EXPECT_EQ(all_rows(*store), rows);
    EXPECT_GT(store->size_bytes(), 0U);
}

TEST_P(Conformance, operations_of_a_batch_apply_in_order) {
    write(batch_of({{"gone", "1"}, {"back", "1"}}));
    WriteBatch batch;
    batch.put(bytes_of("twice"), bytes_of("first"));
    batch.put(bytes_of("twice"), bytes_of("second"));
    batch.remove(bytes_of("gone"));
    batch.remove(bytes_of("back"));
    batch.put(bytes_of("back"), bytes_of("2"));
    batch.remove(bytes_of("never"));
    write(batch);
    EXPECT_EQ(all_rows(*store), (Rows{{"back", "2"}, {"twice", "second"}}));
}

TEST_P(Conformance, an_empty_batch_changes_nothing) {
    write(batch_of({{"a", "1"}}));
    write(WriteBatch{});
    EXPECT_EQ(all_rows(*store), (Rows{{"a", "1"}}));
}

TEST_P(Conformance, scans_in_unsigned_byte_order) {
    const std::vector<std::string> keys = {
        std::string("\x00", 1),
        std::string("\x00\x00", 2),
        "\x01",
        "\x7f",
        "\x80",
        "\xff",
        "\xff\xff"};
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
        write(batch_of({{*key, "v"}}));
    }
    std::vector<std::string> seen;
    ASSERT_TRUE(store
                    ->scan(
                        {},
                        {},
                        [&seen](ByteView key, ByteView) {
                            seen.emplace_back(as_text(key));
                            return true;
                        })
                    .has_value());
    EXPECT_EQ(seen, keys);
}

TEST_P(Conformance, scans_half_open_ranges) {
    write(batch_of({{"a", "1"}, {"b", "2"}, {"ba", "3"}, {"c", "4"}, {"d", "5"}}));
    EXPECT_EQ(rows_between(*store, "b", "c"), (Rows{{"b", "2"}, {"ba", "3"}}));
    EXPECT_EQ(rows_between(*store, "bb", ""), (Rows{{"c", "4"}, {"d", "5"}}));
    EXPECT_EQ(rows_between(*store, "", "b"), (Rows{{"a", "1"}}));
    EXPECT_TRUE(rows_between(*store, "c", "c").empty());
    EXPECT_TRUE(rows_between(*store, "d", "b").empty());
    EXPECT_TRUE(rows_between(*store, "e", "").empty());
}

TEST_P(Conformance, a_visitor_may_stop_early) {
    write(batch_of({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
    int visited = 0;
    ASSERT_TRUE(
        store->scan({}, {}, [&visited](ByteView, ByteView) { return ++visited < 2; }).has_value());
    EXPECT_EQ(visited, 2);
}

TEST_P(Conformance, a_scan_sees_one_moment) {
    write(batch_of({{"a", "1"}, {"b", "1"}, {"c", "1"}}));
    Rows seen;
    ASSERT_TRUE(store
                    ->scan(
                        {},
                        {},
                        [&](ByteView key, ByteView value) {
                            if (seen.empty()) {
                                WriteBatch change = batch_of({{"b", "2"}, {"d", "2"}});
                                change.remove(bytes_of("c"));
                                write(change);
                            }
                            seen.emplace(as_text(key), as_text(value));
                            return true;
                        })
                    .has_value());
    EXPECT_EQ(seen, (Rows{{"a", "1"}, {"b", "1"}, {"c", "1"}}));
    EXPECT_EQ(all_rows(*store), (Rows{{"a", "1"}, {"b", "2"}, {"d", "2"}}));
}

/// Each batch sets both ends to one number; a reader never sees two numbers in one scan.
TEST_P(Conformance, readers_see_whole_batches_while_a_writer_works) {
    write(batch_of({{"first", "0"}, {"last", "0"}}));
    std::atomic<bool> done{false};
    std::atomic<int> torn{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            while (!done) {
                const Rows rows = all_rows(*store);
                torn += rows.at("first") == rows.at("last") ? 0 : 1;
            }
        });
    }
    for (int i = 1; i <= 300; ++i) {
        const std::string number = std::to_string(i);
        const auto written =
            store->write(batch_of({{"first", number}, {"last", number}}), Durability::kBuffered);
        EXPECT_TRUE(written.has_value());
    }
    done = true;
    for (std::thread& reader : readers) {
        reader.join();
    }
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(value_of(*store, "last"), "300");
}

TEST_P(Conformance, keeps_everything_over_a_reopen) {
    if (!place->keeps_data()) {
        GTEST_SKIP() << "memory only";
    }
    Rows expected;
    for (int round = 0; round < 3; ++round) {
        const std::string number = std::to_string(round);
        const Rows rows = {{"round", number}, {"key" + number, std::string(3000, 'v')}};
        const auto written = store->write(batch_of(rows), Durability::kBuffered);
        ASSERT_TRUE(written.has_value());
        for (const auto& [key, value] : rows) {
            expected[key] = value;
        }
        reopen();
        EXPECT_EQ(all_rows(*store), expected);
    }
}

/// Random puts, deletes, reads and scans against std::map; large enough to reach tables.
TEST_P(Conformance, agrees_with_a_map_over_random_operations) {
    Random random(20'240'601);
    Rows model;
    for (int step = 0; step < 400; ++step) {
        WriteBatch batch;
        for (std::uint64_t i = random.below(8); i > 0; --i) {
            const std::string key = "k" + std::to_string(random.below(300));
            if (random.chance(1, 4)) {
                batch.remove(bytes_of(key));
                model.erase(key);
            } else {
                std::string value(random.below(900), static_cast<char>('a' + random.below(26)));
                batch.put(bytes_of(key), bytes_of(value));
                model[key] = std::move(value);
            }
        }
        ASSERT_TRUE(store->write(batch, Durability::kBuffered).has_value());
        const std::string key = "k" + std::to_string(random.below(300));
        const auto row = model.find(key);
        EXPECT_EQ(value_of(*store, key), row == model.end() ? "(none)" : row->second);
        if (place->keeps_data() && step % 150 == 149) {
            reopen();
        }
    }
    EXPECT_EQ(all_rows(*store), model);
    EXPECT_EQ(
        rows_between(*store, "k1", "k2"), (Rows{model.lower_bound("k1"), model.lower_bound("k2")}));
}

std::vector<Kind> kinds() {
    constexpr std::size_t kMiB = std::size_t{1} << 20;
    return {
        {"leveldb", [] { return std::make_unique<DiskPlace>(16 * kMiB); }},
        {"leveldb_with_small_tables", [] { return std::make_unique<DiskPlace>(kMiB / 16); }},
        {"leveldb_over_fault_files", [] { return std::make_unique<FaultFilePlace>(); }},
        {"fault_store", [] { return std::make_unique<FaultStorePlace>(); }},
        {"memory", [] { return std::make_unique<MemoryPlace>(); }},
    };
}

INSTANTIATE_TEST_SUITE_P(Stores, Conformance, ::testing::ValuesIn(kinds()), [](const auto& kind) {
    return kind.param.name;
});

}  // namespace
}  // namespace polis::ledger::testing
