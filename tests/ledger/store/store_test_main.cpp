// The tests of the stores, or one of their child processes (store_child.hpp).
#include <string_view>

#include <gtest/gtest.h>

#include <tests/ledger/store/store_child.hpp>

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == polis::ledger::testing::kChildFlag) {
        return polis::ledger::testing::run_child({argv + 2, argv + argc});
    }
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
