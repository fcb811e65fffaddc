// 200 processes killed while they apply blocks on a real disk.
// Method: a child opens the chain, reports its head over a pipe, and reports again after each
// block; it is killed after a random number of reports and a random stretch of work. The next child
// must start at the last acknowledged height or later, with the head of the reference chain there.
// The parent forks, so it must start no threads: it never opens LevelDB itself.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/random.hpp>
#include <ledger/chain.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::size_t kKills = 200;
constexpr std::size_t kBlocks = 600;
constexpr std::size_t kReportsMax = 12;  ///< of one child before it is killed
constexpr std::uint64_t kSpinMax = 20'000;

/// What a child says of its chain; smaller than a pipe's atomic write.
struct Report {
    std::uint64_t height = 0;
    Hash block;
    Hash state_root;
};

enum ChildExit : int { kDone = 0, kCannotOpen = 3, kCannotApply = 4, kNobodyReads = 5 };

bool report(int pipe, const Head& head) {
    const Report out{head.height.value, head.block, head.state_root};
    return ::write(pipe, &out, sizeof out) == static_cast<::ssize_t>(sizeof out);
}

StoreResult<std::unique_ptr<Chain>> open_or_create(
    const std::filesystem::path& dir, const GenesisState& genesis) {
    const LevelDbOptions options{.write_buffer_bytes = std::size_t{64} << 10};
    POLIS_TRY(auto store, open_leveldb(dir, options));
    auto opened = Chain::open(std::move(store), {});
    if (opened || opened.error().code != StoreErrc::kNotFound) {
        return opened;
    }
    POLIS_TRY(auto empty, open_leveldb(dir, options));
    return Chain::create(std::move(empty), genesis, {});
}

/// The life of a child.
int apply_blocks(const std::filesystem::path& dir, const ReferenceChain& reference, int pipe) {
    const auto chain = open_or_create(dir, reference.genesis);
    if (!chain) {
        return kCannotOpen;
    }
    if (!report(pipe, (*chain)->head())) {
        return kNobodyReads;
    }
    while ((*chain)->head().height.value < reference.blocks.size()) {
        if (!(*chain)->apply(reference.blocks[(*chain)->head().height.value])) {
            return kCannotApply;
        }
        if (!report(pipe, (*chain)->head())) {
            return kNobodyReads;
        }
    }
    return kDone;
}

class KilledChain : public ::testing::Test {
  protected:
    /// One child's life. @return its exit status, or minus the signal that ended it
    int live(const std::filesystem::path& dir, std::optional<std::size_t> kill_after) {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe(ends), 0);
        const ::pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            ::_exit(apply_blocks(dir, reference, ends[1]));
        }
        EXPECT_GT(child, 0);
        ::close(ends[1]);
        bool first = true;
        for (std::size_t i = 0; !kill_after || i < *kill_after; ++i) {
            if (!take_report(ends[0], std::exchange(first, false))) {
                break;
            }
        }
        if (kill_after) {
            spin();
            ::kill(child, SIGKILL);
        }
        while (take_report(ends[0], std::exchange(first, false))) {
        }
        ::close(ends[0]);
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }

    /// Checks one report against the reference. @return false at the end of the pipe
    bool take_report(int pipe, bool first) {
        Report now;
        if (::read(pipe, &now, sizeof now) != static_cast<::ssize_t>(sizeof now)) {
            return false;
        }
        EXPECT_GE(now.height, acknowledged);
        EXPECT_LE(now.height, acknowledged + 1);  // at most the block that was under way
        EXPECT_TRUE(first || now.height == acknowledged + 1);
        EXPECT_EQ(now.block, reference.heads.at(now.height).block);
        EXPECT_EQ(now.state_root, reference.heads.at(now.height).state_root);
        acknowledged = now.height;
        return true;
    }

    /// A stretch of work of random length, so that kills fall everywhere between two reports.
    void spin() {
        Hash hash;
        for (std::uint64_t i = random.below(kSpinMax); i > 0; --i) {
            hash = crypto::blake2b_256(crypto::kDomainHeader, hash.view());
        }
    }

    ReferenceChain reference{world_genesis(6, 2), Workload(33, 6, 4), kBlocks};
    Random random{2'024};
    std::uint64_t acknowledged = 0;
};

TEST_F(KilledChain, keeps_what_it_acknowledged_over_200_kills) {
    std::size_t kills = 0;
    while (kills < kKills && !HasFailure()) {
        const TempDir dir;
        acknowledged = 0;
        while (kills < kKills && acknowledged < kBlocks && !HasFailure()) {
            const int status = live(dir.path() / "db", random.below(kReportsMax));
            ASSERT_TRUE(status == -SIGKILL || status == kDone) << status;
            kills += status == -SIGKILL ? 1 : 0;
        }
        ASSERT_EQ(live(dir.path() / "db", std::nullopt), kDone);
        EXPECT_EQ(acknowledged, kBlocks);
    }
}

}  // namespace
}  // namespace polis::ledger::testing
