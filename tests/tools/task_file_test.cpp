// task.toml as people write it, with and without mistakes.
#include <tools/learning/task_file.hpp>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace polis::tools::learning {
namespace {

using ::testing::HasSubstr;

const std::string kTask = R"(name = "digits"
[data]
source = "digits:600"
test_percent = 20
[model]
kind = "mlp"
hidden = [32, 16]
[target]
at_least_percent = "97.5"
[round]
window_seconds = 6
verify = "score"
[pay]
reward = "100"
bond = "10.5"
)";

std::string replaced(const std::string& from, const std::string& to) {
    std::string out = kTask;
    return out.replace(out.find(from), from.size(), to);
}

std::string error_of(const std::string& text) {
    const auto parsed = parse_task_file(text, "t.toml");
    return parsed ? "none" : parsed.error().message;
}

TEST(TaskFile, is_read_with_defaults) {
    const auto task = parse_task_file(kTask, "t.toml");
    ASSERT_TRUE(task.has_value()) << task.error().message;
    EXPECT_EQ(task->source, "digits:600");
    EXPECT_EQ(task->test_ppm, 200'000U);
    EXPECT_EQ(task->validation_ppm, 100'000U);
    EXPECT_EQ(task->hidden, (std::vector<std::uint32_t>{32, 16}));
    EXPECT_EQ(task->target_ppm, 975'000U);
    EXPECT_EQ(task->window_ms, 6'000U);
    EXPECT_EQ(task->bond, Amount{10'500'000'000});
    EXPECT_EQ(task->trainer_bond, task->bond) << "unless it says otherwise";
}

TEST(TaskFile, names_what_is_wrong_and_where) {
    EXPECT_THAT(error_of(replaced("bond", "bnod")), HasSubstr("did you mean bond"));
    EXPECT_THAT(
        error_of(replaced("window_seconds = 6", "window_seconds = 0")), HasSubstr("t.toml:11"));
    EXPECT_THAT(error_of(replaced("\"97.5\"", "101")), HasSubstr("above 100 %"));
    EXPECT_THAT(error_of(replaced("[32, 16]", "[0]")), HasSubstr("layer of 0"));
    EXPECT_THAT(error_of(replaced("[32, 16]", "\"32\"")), HasSubstr("list of numbers"));
    EXPECT_THAT(error_of(replaced("\"score\"", "\"replay\"")), HasSubstr("choose \"score\""));
    EXPECT_THAT(
        error_of(replaced("\"mlp\"", "\"transformer\"")), HasSubstr("choose one of logistic"));
    EXPECT_THAT(error_of(replaced("\"mlp\"", "\"lenet\"")), HasSubstr("2 layers for kind"));
    EXPECT_THAT(error_of(replaced("\"digits\"", "\"\"")), HasSubstr("has 0 bytes"));
    EXPECT_THAT(error_of(replaced("[data]", "[data")), HasSubstr("t.toml:2"));
    EXPECT_THAT(error_of(replaced("name = \"digits\"\n", "")), HasSubstr("name"));
}

}  // namespace
}  // namespace polis::tools::learning
