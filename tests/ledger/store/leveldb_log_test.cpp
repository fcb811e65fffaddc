// The reader of LevelDB's log format: a log cut anywhere is torn, a log changed anywhere is
// damaged. Method: a log written by LevelDB itself, cut at every byte and changed at every bit.
#include <ledger/store/leveldb_log.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/store/fault_env.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

/// The log after batches whose values have these sizes.
Bytes log_with(const std::vector<std::size_t>& value_bytes) {
    FaultFileSystem files(1);
    auto store = open_leveldb("db", {.file_system = &files});
    EXPECT_TRUE(store.has_value());
    for (const std::size_t bytes : value_bytes) {
        const Rows rows = {{"key", std::string(bytes, 'v')}};
        EXPECT_TRUE((*store)->write(batch_of(rows), Durability::kSynced).has_value());
    }
    store->reset();
    for (const std::string& name : files.files()) {
        if (name.ends_with(".log")) {
            return files.content(name);
        }
    }
    ADD_FAILURE() << "no log";
    return {};
}

LogScan scan(ByteView log) {
    return scan_log(log, [](ByteView) {});
}

TEST(LevelDbLog, reads_records_of_every_size) {
    // 32,717 leaves six bytes in the block, which stay empty; 32,716 leaves room for a header only.
    for (const std::size_t first :
         {32'700U, 32'715U, 32'716U, 32'717U, 32'718U, 32'730U, 100'000U}) {
        std::size_t bytes = 0;
        const LogScan result = scan_log(
            log_with({first, 1, 0, 5'000}), [&bytes](ByteView record) { bytes += record.size(); });
        EXPECT_EQ(result.end, LogEnd::kClean) << first << ": " << result.reason;
        EXPECT_EQ(result.record_count, 4U) << first;
        EXPECT_GT(bytes, first + 5'000U);
    }
}

TEST(LevelDbLog, an_empty_log_is_clean) { EXPECT_EQ(scan({}).end, LogEnd::kClean); }

TEST(LevelDbLog, a_log_cut_at_any_byte_is_torn_or_ends_between_records) {
    const Bytes log = log_with({200, 300, 33'000, 100});
    std::size_t records = 0;
    std::size_t clean = 0;
    for (std::size_t size = 0; size <= log.size(); ++size) {
        if (size > 700 && size < 32'600 && size % 97 != 0) {
            continue;
        }
        const LogScan result = scan(ByteView{log}.first(size));
        ASSERT_NE(result.end, LogEnd::kDamaged) << size << ": " << result.reason;
        ASSERT_GE(result.record_count, records);
        records = result.record_count;
        clean += result.end == LogEnd::kClean ? 1 : 0;
    }
    EXPECT_EQ(clean, 5U);  // before the first record and after each
}

TEST(LevelDbLog, every_bit_of_a_log_matters) {
    Bytes log = log_with({40, 60, 20});
    for (std::size_t bit = 0; bit < 8 * log.size(); ++bit) {
        log[bit / 8] = static_cast<std::uint8_t>(log[bit / 8] ^ (1U << (bit % 8)));
        const LogScan result = scan(log);
        EXPECT_EQ(result.end, LogEnd::kDamaged) << bit;
        EXPECT_LE(result.offset, bit / 8);
        EXPECT_FALSE(result.reason.empty());
        log[bit / 8] = static_cast<std::uint8_t>(log[bit / 8] ^ (1U << (bit % 8)));
    }
    EXPECT_EQ(scan(log).end, LogEnd::kClean);
}

TEST(LevelDbLog, zeros_are_a_torn_end_but_not_a_gap) {
    const Bytes log = log_with({40, 60});
    Bytes longer = log;
    longer.resize(log.size() + 40'000);
    const LogScan torn = scan(longer);
    EXPECT_EQ(torn.end, LogEnd::kTorn) << torn.reason;
    EXPECT_EQ(torn.record_count, 2U);
    EXPECT_EQ(torn.offset, log.size());
    longer.back() = 1;
    EXPECT_EQ(scan(longer).end, LogEnd::kDamaged);
}

}  // namespace
}  // namespace polis::ledger::testing
