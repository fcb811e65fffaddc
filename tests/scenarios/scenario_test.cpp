#include <tests/scenarios/scenario.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// Goal: the protocol does, message by message, what the golden files say. Method: every scenario
/// is run again and compared; POLIS_REWRITE=1 writes what happened, to be read before it is
/// committed.
namespace polis::pbft {

namespace {

const std::filesystem::path kFolder = "tests/scenarios/pbft";

std::vector<std::filesystem::path> scenarios() {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
        out.push_back(entry.path());
    }
    std::ranges::sort(out);
    return out;
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string name_of(const ::testing::TestParamInfo<std::filesystem::path>& info) {
    return info.param.stem().string();
}

}  // namespace

class Scenario : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenario, happens_as_written) {
    const std::string expected = read(GetParam());
    const std::string actual = testing::run_scenario(expected);
    EXPECT_EQ(actual.find("  error: "), std::string::npos) << actual;
    if (std::getenv("POLIS_REWRITE") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        std::ofstream(GetParam()) << actual;
    }
    EXPECT_EQ(actual, expected);
}

INSTANTIATE_TEST_SUITE_P(Golden, Scenario, ::testing::ValuesIn(scenarios()), name_of);

}  // namespace polis::pbft
