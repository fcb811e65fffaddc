// A chain on a failing medium: whatever fails, and whenever, what was acknowledged is still there
// and nothing half-done is.
// Method: one reference run; for every k its k-th call to the medium fails or is the last before a
// power loss, in the twin of the store and in a file system under LevelDB. The chain must halt,
// open again at a height it acknowledged or later with that height's head, and go on to the same
// end.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/chain.hpp>
#include <ledger/store/fault_env.hpp>
#include <ledger/store/fault_store.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

using OpenedStore = StoreResult<std::unique_ptr<KeyValueStore>>;

/// How a run ended.
struct Outcome {
    std::optional<Height> acknowledged;
    std::optional<StoreError> error;
};

/// No cache: applying a block reads the records that it needs.
const Chain::Options kOptions = chain_options(0, Durability::kSynced);

class ChainFaults : public ::testing::Test {
  protected:
    ChainFaults(std::size_t blocks, std::size_t txns_max)
        : reference(world_genesis(6, 2), Workload(21, 6, txns_max), blocks) {}

    StoreResult<std::unique_ptr<Chain>> open_or_create(OpenedStore store, bool fresh) const {
        POLIS_TRY(auto opened, std::move(store));
        return fresh ? Chain::create(std::move(opened), reference.genesis, kOptions)
                     : Chain::open(std::move(opened), kOptions);
    }

    /// Applies the rest of the reference; checks that a chain that failed stays halted.
    void go_on(Chain& chain, Outcome& outcome) const {
        while (chain.head().height.value < reference.blocks.size()) {
            const CheckedBlock& block = reference.blocks[chain.head().height.value];
            const auto applied = chain.apply(block);
            if (!applied) {
                outcome.error = applied.error();
                expect_halted(chain, block);
                return;
            }
            outcome.acknowledged = chain.head().height;
        }
        EXPECT_EQ(chain.head(), reference.heads.back());
    }

    void expect_halted(Chain& chain, const CheckedBlock& block) const {
        EXPECT_EQ(chain.head(), reference.heads[block.header.height.value - 1]);
        const auto again = chain.apply(block);
        ASSERT_FALSE(again.has_value());
        EXPECT_EQ(again.error().code, StoreErrc::kHalted);
        const auto read = chain.state().get(account_key(actor(0).address));
        ASSERT_FALSE(read.has_value());
        EXPECT_EQ(read.error().code, StoreErrc::kHalted);
        EXPECT_FALSE(chain.prove(account_key(actor(0).address)).has_value());
    }

    /// The records of the genesis are there, the rows that make them a chain are not: a person has
    /// to delete them, for they could also be what is left of a chain.
    static void expect_unfinished(const StoreResult<std::unique_ptr<Chain>>& created) {
        ASSERT_FALSE(created.has_value());
        EXPECT_EQ(created.error().code, StoreErrc::kCorrupt);
        EXPECT_NE(created.error().context.find("delete the directory"), std::string::npos);
    }

    /// Opens what is left, compares, and goes on to the end of the reference.
    template <class OpenStore>
    void expect_recovers(const OpenStore& open_store, const Outcome& before) const {
        auto chain = open_or_create(open_store(), /*fresh=*/false);
        if (!chain && chain.error().code == StoreErrc::kNotFound && !before.acknowledged) {
            chain = open_or_create(open_store(), /*fresh=*/true);
        }
        if (!chain && !before.acknowledged && chain.error().code == StoreErrc::kCorrupt) {
            expect_unfinished(open_or_create(open_store(), /*fresh=*/true));
            return;
        }
        ASSERT_TRUE(chain.has_value())
            << to_string(chain.error().code) << ": " << chain.error().context;
        const Height height = (*chain)->head().height;
        EXPECT_GE(height, before.acknowledged.value_or(Height{}));
        EXPECT_LE(height.value, before.acknowledged.value_or(Height{}).value + 1);
        ASSERT_EQ((*chain)->head(), reference.heads.at(height.value));
        Outcome outcome;
        go_on(**chain, outcome);
        EXPECT_FALSE(outcome.error.has_value());
        EXPECT_EQ(audit((*chain)->store()), "");
    }

    ReferenceChain reference;
};

class ChainOnFaultStore : public ChainFaults {
  protected:
    ChainOnFaultStore() : ChainFaults(12, 4) {}

    struct Run {
        Outcome outcome;
        std::uint64_t calls = 0;
        bool fired = false;
        MemoryImage drops;
        MemoryImage keeps;
    };

    Run run(std::optional<StoreFaultPlan> plan) const {
        auto store = std::make_unique<FaultStore>(plan ? plan->call : 0);
        FaultStore& faults = *store;
        if (plan) {
            faults.inject(*plan);
        }
        Run out;
        const auto chain = open_or_create(std::move(store), /*fresh=*/true);
        if (chain) {
            out.outcome.acknowledged = Height{};
            go_on(**chain, out.outcome);
            out.calls = faults.calls();
            out.fired = faults.fired();
            out.drops = faults.surviving_image(BatchLoss::kDropsUnsynced, out.calls);
            out.keeps = faults.surviving_image(BatchLoss::kKeepsSomePrefix, out.calls);
        } else {
            out.outcome.error = chain.error();
            out.fired = true;
        }
        return out;
    }

    void expect_recovers_from(const MemoryImage& image, const Outcome& outcome) const {
        expect_recovers(
            [&image]() -> OpenedStore { return std::make_unique<MemoryStore>(image); }, outcome);
    }
};

class EveryStoreFault : public ChainOnFaultStore,
                        public ::testing::WithParamInterface<StoreFault> {};

TEST_P(EveryStoreFault, at_every_call_loses_nothing_acknowledged) {
    const std::uint64_t calls = run(std::nullopt).calls;
    ASSERT_GT(calls, 40U);
    for (std::uint64_t call = 1; call <= calls && !HasFailure(); ++call) {
        SCOPED_TRACE("call " + std::to_string(call));
        const Run result = run(StoreFaultPlan{.call = call, .fault = GetParam()});
        EXPECT_EQ(result.outcome.error.has_value(), result.fired);
        expect_recovers_from(result.drops, result.outcome);
        expect_recovers_from(result.keeps, result.outcome);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Faults,
    EveryStoreFault,
    ::testing::Values(
        StoreFault::kCrash, StoreFault::kIo, StoreFault::kNoSpace, StoreFault::kFailedSync));

/// A bit that flips in a value on its way up, or on the medium, never becomes another chain.
TEST_F(ChainOnFaultStore, flipped_bits_at_every_call_are_noticed_or_harmless) {
    const std::uint64_t calls = run(std::nullopt).calls;
    std::size_t corrupt = 0;
    for (std::uint64_t call = 1; call <= calls && !HasFailure(); ++call) {
        for (const StoreFault fault : {StoreFault::kFlipRead, StoreFault::kFlipStored}) {
            const Run result = run(StoreFaultPlan{.call = call, .fault = fault});
            if (result.outcome.error) {
                EXPECT_EQ(result.outcome.error->code, StoreErrc::kCorrupt);
                ++corrupt;
                continue;
            }
            const auto again =
                open_or_create(std::make_unique<MemoryStore>(result.drops), /*fresh=*/false);
            if (again) {
                EXPECT_EQ((*again)->head(), reference.heads.back());
            } else {
                EXPECT_EQ(again.error().code, StoreErrc::kCorrupt) << again.error().context;
                ++corrupt;
            }
        }
    }
    EXPECT_GT(corrupt, calls / 2);
}

/// LevelDB with the smallest buffer, so that logs turn into tables while blocks are applied.
class ChainOnFaultFiles : public ChainFaults {
  protected:
    ChainOnFaultFiles() : ChainFaults(24, 16) {}

    static OpenedStore open_on(FaultFileSystem& files) {
        return open_leveldb(
            "db",
            {.cache_bytes = std::size_t{1} << 20,
             .write_buffer_bytes = std::size_t{64} << 10,
             .file_system = &files});
    }

    Outcome run(FaultFileSystem& files) const {
        Outcome outcome;
        const auto chain = open_or_create(open_on(files), /*fresh=*/true);
        if (chain) {
            outcome.acknowledged = Height{};
            go_on(**chain, outcome);
        } else {
            outcome.error = chain.error();
        }
        return outcome;
    }

    void expect_recovers_on(FaultFileSystem& files, const Outcome& outcome) const {
        expect_recovers([&files] { return open_on(files); }, outcome);
    }
};

class EveryFileFault : public ChainOnFaultFiles, public ::testing::WithParamInterface<FileFault> {};

TEST_P(EveryFileFault, at_every_call_loses_nothing_acknowledged) {
    FaultFileSystem counting(0);
    ASSERT_FALSE(run(counting).error.has_value());
    ASSERT_GT(counting.calls(), 80U);
    for (std::uint64_t call = 1; call <= counting.calls() && !HasFailure(); ++call) {
        SCOPED_TRACE("call " + std::to_string(call));
        FaultFileSystem files(call);
        files.inject({.call = call, .fault = GetParam()});
        const Outcome outcome = run(files);
        if (GetParam() == FileFault::kCrash) {
            files.crash();  // background work may have made fewer calls than in the counted run
        } else {
            expect_recovers_on(*files.after_process_end(), outcome);
        }
        for (const PowerLoss loss : {PowerLoss::kDropsUnsynced, PowerLoss::kTearsUnsynced}) {
            expect_recovers_on(*files.after_power_loss(loss, call), outcome);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Faults,
    EveryFileFault,
    ::testing::Values(
        FileFault::kCrash,
        FileFault::kIo,
        FileFault::kNoSpace,
        FileFault::kShortWrite,
        FileFault::kFailedSync));

}  // namespace
}  // namespace polis::ledger::testing
