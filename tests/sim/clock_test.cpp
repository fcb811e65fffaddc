// Clocks that are wrong: never backwards, and a timer fires at the first moment that is late
// enough, found by trying each one.
#include <cstdint>

#include <gtest/gtest.h>

#include <tools/sim/node_clock.hpp>

namespace polis::sim {
namespace {

constexpr TimeMs kStart{1'000'000};

TEST(NodeClock, shows_skew_and_drift) {
    const NodeClock clock(kStart, -250, 1'000);
    EXPECT_EQ(clock.shown(kStart), TimeMs{999'750});
    EXPECT_EQ(clock.shown(TimeMs{kStart.value + 10'000}), TimeMs{999'750 + 10'010});
    const NodeClock slow(kStart, 40, -1'000);
    EXPECT_EQ(slow.shown(TimeMs{kStart.value + 10'000}), TimeMs{kStart.value + 40 + 9'990});
}

TEST(NodeClock, never_goes_back) {
    for (const std::int64_t drift : {-1'000, -333, 0, 7, 1'000}) {
        const NodeClock clock(kStart, 17, drift);
        TimeMs last = clock.shown(kStart);
        for (std::uint64_t i = 1; i < 5'000; ++i) {
            const TimeMs shown = clock.shown(TimeMs{kStart.value + i});
            EXPECT_GE(shown, last);
            last = shown;
        }
    }
}

TEST(NodeClock, finds_the_first_moment_that_shows_a_time) {
    for (const std::int64_t drift : {-1'000, -1, 0, 1, 999, 1'000}) {
        for (const std::int64_t skew : {-500, 0, 321}) {
            const NodeClock clock(kStart, skew, drift);
            const TimeMs now{kStart.value + 1'234};
            for (std::uint64_t wanted = 998'000; wanted < 1'010'000; wanted += 37) {
                const TimeMs at = clock.when(TimeMs{wanted}, now);
                EXPECT_GE(at, now);
                EXPECT_GE(clock.shown(at), TimeMs{wanted});
                if (at > now) {
                    EXPECT_LT(clock.shown(TimeMs{at.value - 1}), TimeMs{wanted});
                }
            }
        }
    }
}

}  // namespace
}  // namespace polis::sim
