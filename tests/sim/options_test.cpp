// What a line of options means, and that what is written is read back.
#include <tools/sim/options.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace polis::sim {
namespace {

TEST(Options, are_read_back_as_they_were_written) {
    for (unsigned bits = 0; bits < 32; ++bits) {
        Case run{.seed = 12'345 + bits, .options = {.nodes_min = 4, .nodes_max = 4 + bits % 3}};
        run.options.faults = {
            (bits & 1U) != 0,
            (bits & 2U) != 0,
            (bits & 4U) != 0,
            (bits & 8U) != 0,
            (bits & 16U) != 0};
        run.options.above_f = bits % 2;
        run.options.pole = bits % 3 == 1;
        const auto read = parse_case(to_arguments(run));
        ASSERT_TRUE(read) << read.error();
        EXPECT_EQ(*read, run) << to_arguments(run);
    }
}

TEST(Options, without_a_flag_mean_all_faults) {
    const auto run = parse_case("--seed 7 # a comment");
    ASSERT_TRUE(run) << run.error();
    EXPECT_EQ(run->options.faults, Faults::all());
}

constexpr std::string_view kSizes =
    "a run has 1 to 64 nodes; choose a number of them with --nodes A..B";

TEST(Options, say_what_is_wrong_with_a_line) {
    const auto error_of = [](std::string_view line) {
        const auto run = parse_case(line);
        return run ? std::string("none") : run.error();
    };
    EXPECT_EQ(error_of("--nodes 4"), "a run needs --seed N");
    EXPECT_EQ(error_of("--seed x"), "'x' is no number; write --seed N");
    EXPECT_EQ(error_of("--seed -1"), "'-1' is no number; write --seed N");
    EXPECT_EQ(
        error_of("--seed 99999999999999999999999"),
        "'99999999999999999999999' is no number; write --seed N");
    EXPECT_EQ(error_of("--seed"), "'--seed' needs a value or is unknown");
    EXPECT_EQ(error_of("--seed 1 --sed 2"), "'--sed' is no option of a run");
    EXPECT_EQ(error_of("--seed 1 --nodes 0"), kSizes);
    EXPECT_EQ(error_of("--seed 1 --nodes 4..65"), kSizes);
    EXPECT_EQ(
        error_of("--seed 1 --nodes 9..4"),
        "the range 9..4 is empty; write the smaller number first");
    EXPECT_EQ(
        error_of("--seed 1 --nodes a..b"),
        "'a..b' is no range of nodes; write one like 4..10, or 7");
    EXPECT_EQ(error_of("--seed 1 --no-faults --crash"), "--no-faults contradicts the other flags");
    EXPECT_EQ(
        error_of("--seed 1 --nodes 4 --above-f 2"),
        "3 of 4 members would lie, which is a quorum; lower --above-f or raise --nodes");
}

}  // namespace
}  // namespace polis::sim
