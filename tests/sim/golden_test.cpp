// One case gives one run in every build: other compilers, optimisation and sanitizers included. A
// difference means that something decides by chance, for example by the order in which a compiler
// evaluates the arguments of a call. After a change that is meant to change runs, POLIS_REWRITE=1
// writes the file anew.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <tools/sim/options.hpp>
#include <tools/sim/simulation.hpp>

namespace polis::sim {
namespace {

struct Golden {
    std::string digest;
    Case run;
};

/// Lines of a digest and the arguments of its run.
std::vector<Golden> read_golden() {
    std::vector<Golden> out;
    std::ifstream file(POLIS_SIM_GOLDEN_FILE);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string digest;
        words >> digest;
        std::string arguments;
        std::getline(words, arguments);
        const auto run = parse_case(arguments);
        EXPECT_TRUE(run.has_value()) << line;
        if (run) {
            out.push_back({digest, *run});
        }
    }
    return out;
}

TEST(Golden, a_case_gives_the_same_run_in_every_build) {
    std::vector<Golden> golden = read_golden();
    EXPECT_GE(golden.size(), 4U);
    for (Golden& line : golden) {
        const RunResult result = run_case(line.run);
        EXPECT_FALSE(result.violation.has_value());
        const std::string digest = to_hex(result.digest.view());
        EXPECT_EQ(digest, line.digest) << to_arguments(line.run);
        line.digest = digest;
    }
    if (std::getenv("POLIS_REWRITE") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        std::ofstream file(POLIS_SIM_GOLDEN_FILE);
        for (const Golden& line : golden) {
            file << line.digest << ' ' << to_arguments(line.run) << '\n';
        }
    }
}

}  // namespace
}  // namespace polis::sim
