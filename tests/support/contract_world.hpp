#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <tests/support/contract_args.hpp>

/// Contracts under test: the same test runs them natively, where debuggers and sanitizers see them,
/// and as wasm in the ledger's own module.
///
///     TEST_P(Token, moves_units) {
///         const Address token = world().deploy(alice, "token", args("Gold"s, u128{100}));
///         world().call(alice, token, "transfer", args(bob, u128{3}));
///         EXPECT_EQ(world().query<u128>(token, "balance_of", args(bob)), u128{3});
///     }
namespace polis::tests {

struct ContractEvent {
    Address contract;
    std::string name;
    Bytes data;

    bool operator==(const ContractEvent&) const = default;
};

/// How a call or a deployment ended. What failed has changed nothing.
struct Ended {
    enum class How : std::uint8_t { kDone, kReverted, kTrapped, kOutOfGas, kRefused };

    How how = How::kRefused;
    Bytes output{};
    std::string message{};  ///< why it failed, in the contract's words if it reverted
    std::vector<ContractEvent> events{};
    std::uint64_t gas = 0;  ///< 0 if nothing is counted
    Address contract{};     ///< that was called or deployed

    [[nodiscard]] bool is_done() const { return how == How::kDone; }
};

/// The block that the next calls are in.
struct BlockFacts {
    Height height{10};
    TimeMs time{1'000};
    Hash beacon;
};

struct CallOptions {
    Amount value;
    std::uint64_t gas = 50'000'000;
};

/// People, coins, contracts and one block at a time.
class ContractWorld {
  public:
    virtual ~ContractWorld() = default;

    BlockFacts block;

    virtual void fund(const Address& account, Amount amount) = 0;
    [[nodiscard]] virtual Amount balance(const Address& account) = 0;
    virtual Ended try_deploy(
        const Address& from, std::string_view name, const Bytes& input, CallOptions options) = 0;
    virtual Ended try_call(
        const Address& from,
        const Address& contract,
        std::string_view method,
        const Bytes& input,
        CallOptions options) = 0;
    [[nodiscard]] virtual std::optional<Bytes> storage(const Address& contract, ByteView key) = 0;

    // What most tests say; a failure that they do not expect fails them.

    Address deploy(
        const Address& from, std::string_view name, const Bytes& input, CallOptions options = {});
    Ended call(
        const Address& from,
        const Address& contract,
        std::string_view method,
        const Bytes& input = {},
        CallOptions options = {});
    /// @return the message of the call, which has to revert
    std::string reverts(
        const Address& from,
        const Address& contract,
        std::string_view method,
        const Bytes& input = {},
        CallOptions options = {});

    /// Calls and decodes what is returned.
    template <class T>
    T query(const Address& contract, std::string_view method, const Bytes& input = {}) {
        return decoded<T>(call(Address{}, contract, method, input).output);
    }

    template <class T>
    static T decoded(const Bytes& bytes) {
        const auto value = codec::decode<T>(bytes);
        EXPECT_TRUE(value.has_value()) << "the output is no encoding of the type";
        return value.value_or(T{});
    }
};

enum class ContractBackend : std::uint8_t { kNative, kVm };

[[nodiscard]] std::unique_ptr<ContractWorld> make_native_world();

/// The ledger's module, with contracts from build/<preset>/contracts.
[[nodiscard]] std::unique_ptr<ContractWorld> make_vm_world();

/// Whether the build had a compiler for wasm32.
[[nodiscard]] bool have_wasm_contracts();

/// The bytes of NAME.wasm; throws if it cannot be read, which fails the test.
[[nodiscard]] Bytes wasm_contract(std::string_view name);

/// A test that runs on every backend: `class Token : public ContractTest {};`
/// POLIS_CONTRACT_TEST(Token);
class ContractTest : public testing::TestWithParam<ContractBackend> {
  public:
    void SetUp() override;

    [[nodiscard]] ContractWorld& world() { return *world_; }

  private:
    std::unique_ptr<ContractWorld> world_;
};

std::string backend_name(const testing::TestParamInfo<ContractBackend>& info);

}  // namespace polis::tests

#define POLIS_CONTRACT_TEST(Test)                                                            \
    INSTANTIATE_TEST_SUITE_P(                                                                \
        Backends,                                                                            \
        Test,                                                                                \
        testing::Values(                                                                     \
            ::polis::tests::ContractBackend::kNative, ::polis::tests::ContractBackend::kVm), \
        ::polis::tests::backend_name)
