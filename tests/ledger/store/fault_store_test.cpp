// The fault-injecting twin of a store: it must fail as a store may fail, and in no other way.
// Method: one reference run; each fault at every call; what survives must be the state after a
// batch.
#include <ledger/store/fault_store.hpp>

#include <bit>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

class FaultStores : public ::testing::Test {
  protected:
    struct Outcome {
        std::size_t acknowledged = 0;
        std::size_t attempted = 0;
        std::optional<StoreErrc> error;
    };

    /// Every third batch is synced; a get and a scan stand between two writes.
    Outcome run(FaultStore& store) const {
        Outcome outcome;
        for (std::size_t i = 1; i <= reference.batch_count(); ++i) {
            outcome.attempted = i;
            const bool synced = i % 3 == 0;
            const auto written = store.write(
                reference.batch(i), synced ? Durability::kSynced : Durability::kBuffered);
            if (!written) {
                outcome.error = written.error().code;
                return outcome;
            }
            if (synced) {
                outcome.acknowledged = i;
            }
            const auto value = store.get(as_bytes("counter"));
            const auto scanned = store.scan({}, {}, [](ByteView, ByteView) { return true; });
            if (!value || !scanned) {
                outcome.error = value ? scanned.error().code : value.error().code;
                return outcome;
            }
        }
        return outcome;
    }

    void expect_survives(
        const FaultStore& store, const Outcome& outcome, std::uint64_t seed) const {
        const FaultStore synced(0, store.surviving_image(BatchLoss::kDropsUnsynced, seed));
        EXPECT_EQ(reference.find_state(synced), outcome.acknowledged);
        const FaultStore more(0, store.surviving_image(BatchLoss::kKeepsSomePrefix, seed));
        const auto state = reference.find_state(more);
        ASSERT_TRUE(state.has_value());
        EXPECT_GE(*state, outcome.acknowledged);
        EXPECT_LE(*state, outcome.attempted);
    }

    static void expect_halted(FaultStore& store) {
        EXPECT_EQ(store.get(as_bytes("counter")).error().code, StoreErrc::kHalted);
        const auto written = store.write(WriteBatch{}, Durability::kSynced);
        EXPECT_EQ(written.error().code, StoreErrc::kHalted);
    }

    [[nodiscard]] std::uint64_t calls() const {
        FaultStore store(0);
        EXPECT_FALSE(run(store).error.has_value());
        return store.calls();
    }

    const ReferenceRun reference{20, 40};
};

TEST_F(FaultStores, counts_every_call) { EXPECT_EQ(calls(), 60U); }

TEST_F(FaultStores, a_crash_at_any_call_keeps_every_synced_batch) {
    for (std::uint64_t call = 1; call <= calls(); ++call) {
        FaultStore store(call);
        store.inject({.call = call, .fault = StoreFault::kCrash});
        const Outcome outcome = run(store);
        EXPECT_EQ(outcome.error, StoreErrc::kHalted);
        EXPECT_TRUE(store.fired());
        expect_halted(store);
        expect_survives(store, outcome, call);
    }
}

TEST_F(FaultStores, an_error_strikes_its_call_and_a_failed_write_halts) {
    for (std::uint64_t call = 1; call <= calls(); ++call) {
        FaultStore store(call);
        store.inject({.call = call, .fault = StoreFault::kIo});
        const Outcome outcome = run(store);
        EXPECT_EQ(outcome.error, StoreErrc::kIo);
        if (call % 3 == 1) {
            expect_halted(store);
        } else {
            EXPECT_TRUE(store.get(as_bytes("counter")).has_value())
                << "a failed read may be tried again";
        }
        expect_survives(store, outcome, call);
    }
}

TEST_F(FaultStores, a_full_disk_and_a_failed_sync_strike_writes) {
    for (const StoreFault fault : {StoreFault::kNoSpace, StoreFault::kFailedSync}) {
        for (std::uint64_t call = 1; call + 2 < calls(); ++call) {
            FaultStore store(call);
            store.inject({.call = call, .fault = fault});
            const Outcome outcome = run(store);
            const bool space = fault == StoreFault::kNoSpace;
            if (store.fired()) {
                EXPECT_EQ(outcome.error, space ? StoreErrc::kNoSpace : StoreErrc::kIo);
                expect_halted(store);
            }
            EXPECT_TRUE(store.fired() || call > calls() - 9);
            expect_survives(store, outcome, call);
        }
    }
}

std::size_t bits_apart(ByteView left, ByteView right) {
    EXPECT_EQ(left.size(), right.size());
    std::size_t bits = 0;
    for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
        bits += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(left[i] ^ right[i])));
    }
    return bits;
}

TEST_F(FaultStores, a_flipped_read_changes_one_bit_of_one_answer) {
    FaultStore store(3);
    const Bytes value = bytes_of("a value of some length");
    WriteBatch batch;
    batch.put(bytes_of("key"), value);
    ASSERT_TRUE(store.write(batch, Durability::kSynced).has_value());
    store.inject({.call = 2, .fault = StoreFault::kFlipRead});
    EXPECT_FALSE(store.get(as_bytes("absent"))->has_value());  // nothing to flip: stays armed
    EXPECT_EQ(bits_apart(**store.get(as_bytes("key")), value), 1U);
    EXPECT_EQ(**store.get(as_bytes("key")), value);
    store.inject({.call = 1, .fault = StoreFault::kFlipRead});
    std::size_t bits = 0;
    ASSERT_TRUE(store
                    .scan(
                        {},
                        {},
                        [&](ByteView, ByteView found) {
                            bits += bits_apart(found, value);
                            return true;
                        })
                    .has_value());
    EXPECT_EQ(bits, 1U);
}

TEST_F(FaultStores, a_flipped_row_stays_so_on_the_medium) {
    for (const Durability durability : {Durability::kBuffered, Durability::kSynced}) {
        FaultStore store(4);
        const Bytes value = bytes_of("a value of some length");
        WriteBatch batch;
        batch.put(bytes_of("key"), value);
        ASSERT_TRUE(store.write(batch, durability).has_value());
        store.inject({.call = 1, .fault = StoreFault::kFlipStored});
        const Bytes found = **store.get(as_bytes("key"));
        EXPECT_EQ(bits_apart(found, value), 1U);
        ASSERT_TRUE(store.write(WriteBatch{}, Durability::kSynced).has_value());
        const FaultStore after(0, store.surviving_image(BatchLoss::kDropsUnsynced, 1));
        EXPECT_EQ(**after.get(as_bytes("key")), found);
    }
}

TEST_F(FaultStores, one_seed_gives_one_result) {
    for (const StoreFault fault : {StoreFault::kCrash, StoreFault::kFlipStored}) {
        MemoryImage images[2];
        for (MemoryImage& image : images) {
            FaultStore store(9);
            store.inject({.call = 31, .fault = fault});
            static_cast<void>(run(store));
            image = store.surviving_image(BatchLoss::kKeepsSomePrefix, 9);
        }
        EXPECT_EQ(images[0], images[1]);
    }
}

}  // namespace
}  // namespace polis::ledger::testing
