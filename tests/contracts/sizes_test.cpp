#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <core/crypto/hash.hpp>
#include <tests/support/contract_world.hpp>

/// Goal: the examples stay small and cheap: the table of docs/spec/sdk.md, printed, and bounds that
/// a careless change of the headers breaks.
namespace polis::tests {

namespace {

using std::uint64_t;
using namespace std::string_literals;

class Sizes : public testing::Test {
  public:
    void SetUp() override {
        if (!have_wasm_contracts()) {
            GTEST_SKIP() << "no contracts in wasm: apt-get install clang-19 lld-19, build again";
        }
        world = make_vm_world();
        world->fund(alice, Amount{10'000});
    }

    void expect_row(const std::string& what, const Ended& ended, uint64_t gas_max) {
        ASSERT_TRUE(ended.is_done()) << what << ": " << ended.message;
        std::printf("| %s | %llu |\n", what.c_str(), static_cast<unsigned long long>(ended.gas));
        EXPECT_LE(ended.gas, gas_max) << what;
    }

    void expect_bytes(const std::string& name, std::size_t bytes_max) {
        const std::size_t bytes = wasm_contract(name).size();
        std::printf("| %s.wasm | %zu bytes |\n", name.c_str(), bytes);
        EXPECT_LE(bytes, bytes_max);
    }

    const Address alice = person("alice");
    const Address bob = person("bob");
    std::unique_ptr<ContractWorld> world;
};

TEST_F(Sizes, of_code_stay_small) {
    expect_bytes("counter", 8'000);
    expect_bytes("escrow", 10'000);
    expect_bytes("grader", 10'000);
    expect_bytes("lottery", 16'000);
    expect_bytes("token", 14'000);
}

TEST_F(Sizes, of_gas_stay_small) {
    constexpr uint64_t kCall = 100'000;
    const auto call =
        [this](const Ended& at, const std::string& method, const Bytes& input, uint64_t value = 0) {
            return world->call(alice, at.contract, method, input, {.value = Amount{value}});
        };
    const Ended counter = world->try_deploy(alice, "counter", args(uint64_t{9}), {});
    expect_row("counter.init", counter, kCall);
    expect_row("counter.increase", call(counter, "increase", args(uint64_t{3})), kCall);
    const Ended token = world->try_deploy(alice, "token", args("Gold"s, u128{1'000}), {});
    expect_row("token.init", token, kCall);
    expect_row("token.transfer", call(token, "transfer", args(bob, u128{3})), kCall);
    expect_row("token.balance_of", call(token, "balance_of", args(bob)), kCall);
    const Ended escrow =
        world->try_deploy(alice, "escrow", args(bob, uint64_t{5}, uint64_t{5}), {});
    expect_row("escrow.init", escrow, kCall);
    expect_row("escrow.fund", call(escrow, "fund", {}, 5), kCall);
    expect_row("escrow.release", call(escrow, "release", {}), kCall);
    const Ended lottery = world->try_deploy(
        alice, "lottery", args(uint64_t{10}, uint64_t{100}, uint64_t{1}, uint64_t{1}), {});
    expect_row("lottery.init", lottery, kCall);
    const Hash secret;
    const Hash commitment = crypto::sha3_256(args(secret, alice));
    expect_row("lottery.join", call(lottery, "join", args(commitment), 110), kCall);
    world->block.height = Height{world->block.height.value + 2};
    expect_row("lottery.reveal", call(lottery, "reveal", args(secret)), kCall);
    world->block.height = Height{world->block.height.value + 1};
    expect_row("lottery.draw", call(lottery, "draw", {}), kCall);
}

}  // namespace

}  // namespace polis::tests
