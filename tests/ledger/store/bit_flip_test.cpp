// One inverted bit, or a lost part, in any file of a store: noticed and named, or harmless.
// Method: a real LevelDB store with several tables, a log and a MANIFEST of many records lies in a
// file system in memory. Each case changes a copy, opens it and reads every key. What comes back
// must be exactly right or an error. The same flips over LevelDB without our checks show that the
// method finds something.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/options.h>

#include <core/random.hpp>
#include <ledger/store/fault_env.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::size_t kSmallBuffer = std::size_t{64} << 10;
constexpr std::size_t kLargeBuffer = std::size_t{4} << 20;

LevelDbOptions options_on(FaultFileSystem& files) {
    return {
        .cache_bytes = std::size_t{1} << 20,
        .write_buffer_bytes = kLargeBuffer,
        .file_system = &files};
}

enum class Verdict : std::uint8_t {
    kRight,     ///< every row is there and as it was
    kReported,  ///< an error, before any wrong row
    kLost,      ///< an earlier state, without an error
    kWrong,     ///< rows that never were, without an error
};

struct Tally {
    std::map<std::string, std::array<std::size_t, 4>> by_file;

    void add(const std::string& kind, Verdict verdict) {
        ++by_file[kind][static_cast<std::size_t>(verdict)];
    }

    [[nodiscard]] std::size_t count(Verdict verdict) const {
        std::size_t sum = 0;
        for (const auto& [kind, counts] : by_file) {
            sum += counts[static_cast<std::size_t>(verdict)];
        }
        return sum;
    }

    void print(const char* title) const {
        std::printf(
            "%s\n  %-9s %7s %9s %6s %6s\n", title, "file", "right", "reported", "lost", "wrong");
        for (const auto& [kind, counts] : by_file) {
            std::printf(
                "  %-9s %7zu %9zu %6zu %6zu\n",
                kind.c_str(),
                counts[0],
                counts[1],
                counts[2],
                counts[3]);
        }
    }
};

std::string kind_of(const std::string& name) {
    for (const std::string kind : {"MANIFEST", "CURRENT", ".log", ".ldb"}) {
        if (name.contains(kind)) {
            return kind;
        }
    }
    return "other";
}

class BitFlips : public ::testing::Test {
  protected:
    /// Three openings: each recovery writes a table, the small buffer of the third adds one and an
    /// edit to the MANIFEST. Fewer than four tables, so that no background merge is left behind.
    void SetUp() override {
        std::size_t i = 1;
        for (const std::size_t last : {45U, 65U, 105U}) {
            LevelDbOptions options = options_on(origin);
            options.write_buffer_bytes = last < 105 ? kLargeBuffer : kSmallBuffer;
            auto opened = open_leveldb("db", options);
            ASSERT_TRUE(opened.has_value()) << opened.error().context;
            for (; i <= last; ++i) {
                ASSERT_TRUE((*opened)->write(reference.batch(i), Durability::kSynced).has_value());
            }
            while (logs_in(origin) > 1) {
                std::this_thread::yield();  // until the background thread has written the table
            }
        }
        for (const std::string& name : origin.files()) {
            if (kind_of(name) != "other") {
                files.push_back(name);
            }
        }
        ASSERT_EQ(files_of(".ldb").size(), 3U);
        ASSERT_EQ(files_of(".log").size(), 1U);
    }

    static std::ptrdiff_t logs_in(const FaultFileSystem& place) {
        const std::vector<std::string> names = place.files();
        return std::ranges::count_if(
            names, [](const std::string& name) { return name.ends_with(".log"); });
    }

    [[nodiscard]] std::vector<std::string> files_of(const std::string& kind) const {
        std::vector<std::string> found;
        std::ranges::copy_if(files, std::back_inserter(found), [&kind](const std::string& name) {
            return kind_of(name) == kind;
        });
        return found;
    }

    [[nodiscard]] std::size_t size_of(const std::string& name) const {
        return origin.content(name).size();
    }

    /// Reads every key and then everything in order. After the first error nothing may be served.
    Verdict read_all(const KeyValueStore& store) const {
        const Rows& expected = reference.state_after(reference.batch_count());
        bool missing = false;
        for (const auto& [key, value] : expected) {
            const auto found = store.get(as_bytes(key));
            if (!found) {
                expect_named(found.error());
                EXPECT_EQ(store.get(as_bytes("counter")).error().code, StoreErrc::kHalted);
                return Verdict::kReported;
            }
            missing |= *found != bytes_of(value);
        }
        Rows rows;
        const auto scanned = store.scan({}, {}, [&rows](ByteView key, ByteView value) {
            rows.emplace(as_text(key), as_text(value));
            return true;
        });
        if (!scanned) {
            return Verdict::kReported;
        }
        if (!missing && rows == expected) {
            return Verdict::kRight;
        }
        return reference.find_state(rows) ? Verdict::kLost : Verdict::kWrong;
    }

    static void expect_named(const StoreError& error) {
        EXPECT_EQ(error.code, StoreErrc::kCorrupt) << error.context;
        const bool named = kind_of(error.context) != "other";
        EXPECT_TRUE(named) << "no file in: " << error.context;
    }

    [[nodiscard]] Verdict verdict_on(FaultFileSystem& damaged) const {
        const auto opened = open_leveldb("db", options_on(damaged));
        if (!opened) {
            expect_named(opened.error());
            return Verdict::kReported;
        }
        return read_all(**opened);
    }

    [[nodiscard]] Verdict flip(const std::string& name, std::uint64_t bit) const {
        const auto damaged = origin.after_process_end();
        damaged->flip_bit(name, bit);
        const Verdict verdict = verdict_on(*damaged);
        EXPECT_NE(verdict, Verdict::kWrong) << name << " bit " << bit;
        EXPECT_NE(verdict, Verdict::kLost) << name << " bit " << bit;
        return verdict;
    }

    const ReferenceRun reference{105, 2'500};
    FaultFileSystem origin{1};
    std::vector<std::string> files;
};

TEST_F(BitFlips, two_thousand_flips_are_right_or_reported) {
    Random random(2'000);
    Tally tally;
    for (int round = 0; round < 2'000; ++round) {
        const std::string& name = random.pick(files);
        tally.add(kind_of(name), flip(name, random.below(8 * size_of(name))));
    }
    tally.print("2,000 seeded flips");
    EXPECT_GT(tally.count(Verdict::kReported), 1'500U);
}

TEST_F(BitFlips, every_bit_of_current_and_manifest_is_right_or_reported) {
    Tally tally;
    for (const std::string kind : {"CURRENT", "MANIFEST"}) {
        for (const std::string& name : files_of(kind)) {
            for (std::uint64_t bit = 0; bit < 8 * size_of(name); ++bit) {
                tally.add(kind, flip(name, bit));
            }
        }
    }
    tally.print("every bit of CURRENT and MANIFEST");
}

TEST_F(BitFlips, every_bit_of_a_table_footer_is_right_or_reported) {
    Tally tally;
    const std::string name = files_of(".ldb").front();
    const std::uint64_t size = size_of(name);
    for (std::uint64_t bit = 8 * (size - 48); bit < 8 * size; ++bit) {
        tally.add(".ldb", flip(name, bit));
    }
    tally.print("every bit of a table footer");
}

/// The positions of the lengths in a log whose records fit their blocks.
std::vector<std::uint64_t> length_bits(const Bytes& log) {
    std::vector<std::uint64_t> bits;
    for (std::size_t at = 0; at + 7 <= log.size();) {
        if (32'768 - at % 32'768 < 7) {
            at += 32'768 - at % 32'768;
            continue;
        }
        for (std::uint64_t bit = 0; bit < 16; ++bit) {
            bits.push_back(8 * (at + 4) + bit);
        }
        at += 7U + log[at + 4] + 256U * log[at + 5];
    }
    return bits;
}

TEST_F(BitFlips, every_length_in_the_log_is_right_or_reported) {
    Tally tally;
    const std::string name = files_of(".log").front();
    for (const std::uint64_t bit : length_bits(origin.content(name))) {
        tally.add(".log", flip(name, bit));
    }
    tally.print("every bit of every length in the log");
    EXPECT_EQ(tally.count(Verdict::kRight), 0U);
}

/// What LevelDB does by itself, with every check that it has: the reason for leveldb_check.cpp.
TEST_F(BitFlips, plain_leveldb_takes_a_changed_length_for_the_end_of_the_log) {
    Tally tally;
    for (const std::string kind : {".log", "MANIFEST"}) {
        const std::string name = files_of(kind).front();
        for (const std::uint64_t bit : length_bits(origin.content(name))) {
            const auto damaged = origin.after_process_end();
            damaged->flip_bit(name, bit);
            leveldb::Options options;
            options.env = damaged->env();
            options.paranoid_checks = true;
            leveldb::DB* opened = nullptr;
            const leveldb::Status status = leveldb::DB::Open(options, "db", &opened);
            const std::unique_ptr<leveldb::DB> db(opened);
            if (!status.ok()) {
                tally.add(kind, Verdict::kReported);
                continue;
            }
            leveldb::ReadOptions reading;
            reading.verify_checksums = true;
            Rows rows;
            const std::unique_ptr<leveldb::Iterator> row(db->NewIterator(reading));
            for (row->SeekToFirst(); row->Valid(); row->Next()) {
                rows.emplace(row->key().ToString(), row->value().ToString());
            }
            const auto state = reference.find_state(rows);
            if (!row->status().ok()) {
                tally.add(kind, Verdict::kReported);
            } else if (state == reference.batch_count()) {
                tally.add(kind, Verdict::kRight);
            } else {
                tally.add(kind, state ? Verdict::kLost : Verdict::kWrong);
            }
        }
    }
    tally.print("plain LevelDB, every bit of every length");
    EXPECT_GT(tally.count(Verdict::kLost) + tally.count(Verdict::kWrong), 0U);
}

/// A sector of 512 bytes that comes back as zeros, as noise, or as another sector of the file.
/// Noise over the header of a record in the last block of a log cannot be told from a torn write:
/// such a log loses its tail, rarely, and never yields a wrong row.
TEST_F(BitFlips, a_damaged_sector_is_right_or_reported) {
    constexpr std::size_t kSector = 512;
    Random random(512);
    Tally tally;
    for (const std::string& name : files) {
        const Bytes content = origin.content(name);
        for (int round = 0; round < 600 && content.size() > kSector; ++round) {
            const std::size_t sectors = content.size() / kSector;
            Bytes sector(kSector);
            if (round % 3 == 1) {
                random.fill(sector);
            } else if (round % 3 == 2) {
                const auto other = static_cast<std::ptrdiff_t>(kSector * random.below(sectors));
                std::copy_n(content.begin() + other, kSector, sector.begin());
            }
            const auto damaged = origin.after_process_end();
            damaged->overwrite(name, kSector * random.below(sectors), sector);
            const Verdict verdict = verdict_on(*damaged);
            tally.add(kind_of(name) + "/" + std::to_string(round % 3), verdict);
            EXPECT_NE(verdict, Verdict::kWrong) << name;
            EXPECT_TRUE(verdict != Verdict::kLost || name.ends_with(".log")) << name;
        }
    }
    tally.print("damaged sectors: zeros, noise, another sector");
    EXPECT_LE(tally.count(Verdict::kLost), 6U);  // of 600 in the log
}

TEST_F(BitFlips, a_missing_file_is_reported) {
    for (const std::string& name : files) {
        const auto damaged = origin.after_process_end();
        damaged->lose(name);
        EXPECT_EQ(verdict_on(*damaged), Verdict::kReported) << name;
    }
}

/// A file cut short at any of 400 places. A cut in the log is what a power loss leaves of unsynced
/// data: accepted, at the cost of whole batches, which the layer above must notice if it needs
/// them.
TEST_F(BitFlips, a_shortened_file_is_reported_or_ends_with_a_whole_batch) {
    Random random(400);
    Tally tally;
    for (const std::string& name : files) {
        for (int round = 0; round < 400; ++round) {
            const auto damaged = origin.after_process_end();
            damaged->truncate(name, static_cast<std::size_t>(random.below(size_of(name))));
            const Verdict verdict = verdict_on(*damaged);
            tally.add(kind_of(name), verdict);
            EXPECT_NE(verdict, Verdict::kWrong) << name;
            if (kind_of(name) != ".log" && kind_of(name) != "MANIFEST") {
                EXPECT_NE(verdict, Verdict::kLost) << name;
            }
        }
    }
    tally.print("400 cuts of each file");
}

}  // namespace
}  // namespace polis::ledger::testing
