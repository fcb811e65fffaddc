// Crashes and errors at every call that LevelDB makes to change its files.
// Method: one reference run over a file system in memory. For every k the k-th changing call fails
// or is the last before a power loss; then the store is opened again and must hold exactly the
// state after some batch, and at least the last one that was acknowledged as synced.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/store/fault_env.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::size_t kLargeBuffer = std::size_t{4} << 20;
constexpr std::size_t kSmallBuffer = std::size_t{64} << 10;  // the least that LevelDB takes

StoreResult<std::unique_ptr<KeyValueStore>> open_on(
    FaultFileSystem& files, std::size_t write_buffer_bytes) {
    return open_leveldb(
        "db",
        {.cache_bytes = std::size_t{1} << 20,
         .write_buffer_bytes = write_buffer_bytes,
         .file_system = &files});
}

/// How a run ended.
struct Outcome {
    std::size_t acknowledged = 0;  ///< the last batch known to be on the medium
    std::size_t attempted = 0;     ///< the last batch given to the store
    std::optional<StoreErrc> error;
    std::string context;
};

/// Which batches are synced: all, or every third, so that synced writes must carry buffered ones.
enum class Syncing : std::uint8_t { kAll, kEveryThird };

class FaultSweep : public ::testing::Test {
  protected:
    FaultSweep(std::size_t value_bytes, std::size_t write_buffer_bytes)
        : reference(60, value_bytes), buffer_bytes(write_buffer_bytes) {}

    /// Opens, writes all batches, closes; checks that a store that failed stays halted.
    Outcome run(FaultFileSystem& files, Syncing syncing = Syncing::kAll) const {
        Outcome outcome;
        auto opened = open_on(files, buffer_bytes);
        if (!opened) {
            outcome.error = opened.error().code;
            outcome.context = opened.error().context;
            return outcome;
        }
        KeyValueStore& store = **opened;
        for (std::size_t i = 1; i <= reference.batch_count(); ++i) {
            const bool synced = syncing == Syncing::kAll || i % 3 == 0;
            outcome.attempted = i;
            const auto written = store.write(
                reference.batch(i), synced ? Durability::kSynced : Durability::kBuffered);
            if (!written) {
                outcome.error = written.error().code;
                outcome.context = written.error().context;
                expect_halted(store);
                return outcome;
            }
            if (synced) {
                outcome.acknowledged = i;
            }
        }
        return outcome;
    }

    void expect_halted(KeyValueStore& store) const {
        const auto written = store.write(reference.batch(1), Durability::kSynced);
        ASSERT_FALSE(written.has_value());
        EXPECT_EQ(written.error().code, StoreErrc::kHalted);
        const auto value = store.get(as_bytes("counter"));
        ASSERT_FALSE(value.has_value());
        EXPECT_EQ(value.error().code, StoreErrc::kHalted);
        const auto scanned = store.scan({}, {}, [](ByteView, ByteView) { return true; });
        ASSERT_FALSE(scanned.has_value());
        EXPECT_EQ(scanned.error().code, StoreErrc::kHalted);
    }

    /// Opens what is left, compares, writes one batch more and finds it again.
    void expect_recovers(FaultFileSystem& files, const Outcome& outcome) const {
        auto opened = open_on(files, buffer_bytes);
        ASSERT_TRUE(opened.has_value()) << opened.error().context;
        const std::optional<std::size_t> state = reference.find_state(**opened);
        ASSERT_TRUE(state.has_value());
        EXPECT_GE(*state, outcome.acknowledged);
        EXPECT_LE(*state, outcome.attempted);
        if (*state == reference.batch_count()) {
            return;
        }
        const auto written = (*opened)->write(reference.batch(*state + 1), Durability::kSynced);
        ASSERT_TRUE(written.has_value()) << written.error().context;
        opened->reset();
        opened = open_on(files, buffer_bytes);
        ASSERT_TRUE(opened.has_value()) << opened.error().context;
        EXPECT_EQ(reference.find_state(**opened), *state + 1);
    }

    void expect_survives_power_loss(
        const FaultFileSystem& files, const Outcome& outcome, std::uint64_t seed) const {
        for (const PowerLoss loss : {PowerLoss::kDropsUnsynced, PowerLoss::kTearsUnsynced}) {
            SCOPED_TRACE(loss == PowerLoss::kDropsUnsynced ? "drops" : "tears");
            expect_recovers(*files.after_power_loss(loss, seed), outcome);
        }
    }

    void crash_at(std::uint64_t call, Syncing syncing) const {
        SCOPED_TRACE("crash at call " + std::to_string(call));
        FaultFileSystem files(call);
        files.inject({.call = call, .fault = FileFault::kCrash});
        const Outcome outcome = run(files, syncing);
        files.crash();  // with background work, fewer calls may be made than in the counted run
        expect_survives_power_loss(files, outcome, call);
    }

    void fail_at(std::uint64_t call, FileFault fault) const {
        SCOPED_TRACE("fault at call " + std::to_string(call));
        FaultFileSystem files(call);
        files.inject({.call = call, .fault = fault});
        const Outcome outcome = run(files);
        if (outcome.error) {
            const bool space = fault == FileFault::kNoSpace || fault == FileFault::kShortWrite;
            EXPECT_EQ(*outcome.error, space ? StoreErrc::kNoSpace : StoreErrc::kIo)
                << outcome.context;
            EXPECT_NE(outcome.context.find("db"), std::string::npos);
        } else {
            // LevelDB may ignore that it cannot remove a file or close one; nothing is lost then.
            EXPECT_EQ(outcome.acknowledged, reference.batch_count());
        }
        expect_recovers(*files.after_process_end(), outcome);
        expect_survives_power_loss(files, outcome, call);
    }

    std::uint64_t calls_of_a_clean_run() const {
        FaultFileSystem files(0);
        const Outcome outcome = run(files);
        EXPECT_FALSE(outcome.error.has_value()) << outcome.context;
        return files.calls();
    }

    const ReferenceRun reference;
    const std::size_t buffer_bytes;
};

/// Everything stays in one log: each run makes the same calls.
class LogSweep : public FaultSweep {
  protected:
    LogSweep() : FaultSweep(300, kLargeBuffer) {}
};

/// Logs change, tables are written and merged in the background.
class CompactionSweep : public FaultSweep {
  protected:
    CompactionSweep() : FaultSweep(9'000, kSmallBuffer) {}
};

TEST_F(LogSweep, a_crash_at_any_call_loses_no_synced_batch) {
    const std::uint64_t calls = calls_of_a_clean_run();
    RecordProperty("calls", static_cast<int>(calls));
    for (std::uint64_t call = 1; call <= calls; ++call) {
        crash_at(call, Syncing::kAll);
    }
}

TEST_F(LogSweep, a_crash_keeps_buffered_batches_in_order) {
    for (std::uint64_t call = 1; call <= calls_of_a_clean_run(); ++call) {
        crash_at(call, Syncing::kEveryThird);
    }
}

TEST_F(LogSweep, an_input_output_error_at_any_call_stops_the_store_cleanly) {
    for (std::uint64_t call = 1; call <= calls_of_a_clean_run(); ++call) {
        fail_at(call, FileFault::kIo);
    }
}

TEST_F(LogSweep, a_full_disk_at_any_call_stops_the_store_cleanly) {
    for (std::uint64_t call = 1; call <= calls_of_a_clean_run(); ++call) {
        fail_at(call, FileFault::kNoSpace);
    }
}

TEST_F(LogSweep, a_short_write_at_any_call_stops_the_store_cleanly) {
    for (std::uint64_t call = 1; call <= calls_of_a_clean_run(); ++call) {
        fail_at(call, FileFault::kShortWrite);
    }
}

TEST_F(LogSweep, a_failed_sync_at_any_call_stops_the_store_cleanly) {
    for (std::uint64_t call = 1; call <= calls_of_a_clean_run(); ++call) {
        fail_at(call, FileFault::kFailedSync);
    }
}

/// The second crash hits the recovery from the first one.
TEST_F(LogSweep, a_crash_during_recovery_loses_nothing) {
    Random random(7);
    const std::uint64_t calls = calls_of_a_clean_run();
    for (int round = 0; round < 300; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        FaultFileSystem files(random.next());
        files.inject({.call = random.between(1, calls), .fault = FileFault::kCrash});
        const Outcome outcome = run(files);
        const auto after = files.after_power_loss(PowerLoss::kTearsUnsynced, random.next());
        after->inject({.call = random.between(1, 30), .fault = FileFault::kCrash});
        static_cast<void>(open_on(*after, buffer_bytes));
        expect_survives_power_loss(*after, outcome, random.next());
    }
}

TEST_F(LogSweep, the_same_seed_gives_the_same_files) {
    for (const std::uint64_t call : {5U, 40U, 111U}) {
        std::vector<std::vector<Bytes>> contents;
        for (int i = 0; i < 2; ++i) {
            FaultFileSystem files(call);
            files.inject({.call = call, .fault = FileFault::kCrash});
            static_cast<void>(run(files, Syncing::kEveryThird));
            const auto after = files.after_power_loss(PowerLoss::kTearsUnsynced, call);
            std::vector<Bytes>& found = contents.emplace_back();
            for (const std::string& name : after->files()) {
                found.push_back(bytes_of(name));
                found.push_back(after->content(name));
            }
        }
        EXPECT_EQ(contents[0], contents[1]);
    }
}

TEST_F(CompactionSweep, a_crash_at_any_call_loses_no_synced_batch) {
    const std::uint64_t calls = calls_of_a_clean_run();
    RecordProperty("calls", static_cast<int>(calls));
    for (std::uint64_t call = 1; call <= calls + 10; ++call) {
        crash_at(call, call % 2 == 0 ? Syncing::kAll : Syncing::kEveryThird);
    }
}

TEST_F(CompactionSweep, an_error_at_any_call_stops_the_store_cleanly) {
    constexpr FileFault kFaults[] = {
        FileFault::kIo, FileFault::kNoSpace, FileFault::kShortWrite, FileFault::kFailedSync};
    for (std::uint64_t call = 1; call <= calls_of_a_clean_run() + 10; ++call) {
        fail_at(call, kFaults[call % std::size(kFaults)]);
    }
}

}  // namespace
}  // namespace polis::ledger::testing
