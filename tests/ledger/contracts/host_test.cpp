// Host functions that a puppet does not reach: limits of their arguments, hashes, signatures and
// the long division.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/crypto/hash.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/contract_host.hpp>
#include <tests/ledger/contracts/contract_fixture.hpp>
#include <tests/vm/wasm_builder.hpp>

namespace polis::ledger::testing {
namespace {

using vm::HostFunction;
using vm::tests::Code;
using vm::tests::ModuleBuilder;
namespace op = vm::tests::op;

std::uint32_t host(HostFunction function) { return static_cast<std::uint32_t>(function); }

class HostTest : public ContractsTest {
  protected:
    /// The receipt of a call of a contract whose method "run" is this code; its memory begins with
    /// `data`.
    Receipt run_code(const Code& code, ByteView data = {}) {
        ModuleBuilder module;
        for (const vm::HostSignature& signature : vm::host_functions()) {
            module.import_function(
                vm::kHostModule,
                signature.name,
                module.type(signature.type.params, signature.type.result));
        }
        module.memory({.min = 2, .max = 2});
        module.export_as("run", module.function(module.type({}), code));
        module.data(0, data);
        const Address address = contracts::contract_address(actor(1).address, Nonce{nonce(1)});
        const Receipt made = run_one(txn(1, Deploy{module.build(), {}, {}, Gas{kGas}}));
        EXPECT_EQ(made.status, TxnStatus::kSuccess) << words(made);
        return call(address, {});
    }

    static Code give_back(Code code, std::int32_t at, std::int32_t size) {
        return code.i32(at).i32(size).call(host(HostFunction::kReturn));
    }
};

TEST_F(HostTest, arguments_over_a_limit_end_the_run_by_name) {
    const auto said = [this](const Code& code) {
        const Receipt receipt = run_code(code);
        EXPECT_EQ(receipt.status, TxnStatus::kTrapped);
        return words(receipt);
    };
    EXPECT_EQ(
        said(Code().i32(0).i32(257).i32(0).i32(0).call(host(HostFunction::kStorageSet))),
        "storage: a key of 257 bytes, at most 256");
    EXPECT_EQ(
        said(Code().i32(0).i32(1).i32(0).i32(16'385).call(host(HostFunction::kStorageSet))),
        "storage_set: a value of 16385 bytes, at most 16384");
    EXPECT_EQ(
        said(Code().i32(0).i32(16'385).call(host(HostFunction::kReturn))),
        "return: a value of 16385 bytes, at most 16384");
    EXPECT_EQ(
        said(Code().i32(0).i32(-1).call(host(HostFunction::kRevert))),
        "revert: a message of 4294967295 bytes, at most 16384");
    EXPECT_EQ(
        said(Code().i32(0).i32(33).i32(0).i32(0).call(host(HostFunction::kEmit))),
        "emit: a name of 33 bytes, at most 32");
    EXPECT_EQ(
        said(Code().i32(0).i32(1).i32(0).i32(4'001).call(host(HostFunction::kEmit))),
        "emit: data of 4001 bytes, at most 4000");
    Code call = Code().i32(0).i32(0).i32(0).i32(0).i32(32'769).i64(0).i64(0);
    EXPECT_EQ(
        said(call.call(host(HostFunction::kCall)).op(op::kDrop)),
        "call: an input of 32769 bytes, at most 32768");
    Code name = Code().i32(0).i32(0).i32(65).i32(0).i32(0).i64(0).i64(0);
    EXPECT_EQ(
        said(name.call(host(HostFunction::kCall)).op(op::kDrop)),
        "call: a method's name of 65 bytes, at most 64");
    EXPECT_EQ(
        said(Code().i32(0).i32(0).i32(0).i32(0).i64(0).i32(0).call(
            host(HostFunction::kRequestEvaluation))),
        "request_evaluation: this chain does not evaluate yet");
}

TEST_F(HostTest, a_name_that_is_no_text_ends_the_run) {
    const Receipt receipt =
        run_code(Code().i32(0).i32(1).i32(0).i32(0).call(host(HostFunction::kEmit)), Bytes{0xff});
    EXPECT_EQ(receipt.status, TxnStatus::kTrapped);
    EXPECT_EQ(words(receipt), "emit: the name is not UTF-8");
}

TEST_F(HostTest, values_at_their_limits_are_taken) {
    const Receipt receipt = run_code(give_back(
        Code().i32(0).i32(256).i32(0).i32(16'384).call(host(HostFunction::kStorageSet)),
        0,
        16'384));
    EXPECT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
    EXPECT_EQ(receipt.output, Bytes(16'384, 0));
}

TEST_F(HostTest, what_does_not_fit_is_not_written_and_its_length_is_told) {
    // Room for 2 of 3 bytes: memory stays, the result is 3.
    const Code code = Code()
                          .i32(0)
                          .i32(1)
                          .i32(0)
                          .i32(3)
                          .call(host(HostFunction::kStorageSet))
                          .i32(104)
                          .i32(0)
                          .i32(1)
                          .i32(100)
                          .i32(2)
                          .call(host(HostFunction::kStorageGet))
                          .memory(op::kI32Store);
    const Receipt receipt = run_code(give_back(code, 100, 5), bytes_of("abc"));
    EXPECT_EQ(receipt.output, (Bytes{0, 0, 0, 0, 3}));
}

TEST_F(HostTest, hashes_are_those_of_everybody) {
    const Bytes data = bytes_of("abc");
    Code code;
    code.i32(0).i32(3).i32(100).call(host(HostFunction::kSha3));
    code.i32(0).i32(3).i32(132).call(host(HostFunction::kBlake2b));
    const Receipt receipt = run_code(give_back(code, 100, 64), data);
    Bytes expected = to_bytes(crypto::sha3_256(data).view());
    // RFC 7693 has BLAKE2b-512; this is `b2sum -l 256` of "abc".
    const auto blake = from_hex("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    append(expected, *blake);
    EXPECT_EQ(receipt.output, expected);
}

TEST_F(HostTest, signatures_are_verified_by_the_chains_rule) {
    Bytes data = to_bytes(actor(1).key.public_key().view());
    append(data, actor(1).key.sign(as_bytes("words")).view());
    append(data, as_bytes("words"));
    Code code;
    code.i32(200).i32(0).i32(32).i32(96).i32(5).call(host(HostFunction::kEd25519Verify));
    code.memory(op::kI32Store8);
    code.i32(201).i32(0).i32(32).i32(96).i32(4).call(host(HostFunction::kEd25519Verify));
    code.memory(op::kI32Store8);
    EXPECT_EQ(run_code(give_back(code, 200, 2), data).output, (Bytes{1, 0}));
}

TEST_F(HostTest, multiplies_and_divides_in_memory) {
    Bytes data(48, 0);
    data[0] = 100;
    data[16] = 7;
    data[32] = 3;
    Code code;
    code.i32(100).i32(0).i32(16).i32(32).i32(64).call(host(HostFunction::kMulDiv));
    code.memory(op::kI32Store8);
    code.i32(101).i32(0).i32(16).i32(200).i32(64).call(host(HostFunction::kMulDiv));
    code.memory(op::kI32Store8);
    Bytes expected(38, 0);
    expected[0] = 233;
    expected[36] = 1;
    EXPECT_EQ(run_code(give_back(code, 64, 38), data).output, expected) << "by zero: 0, untouched";
}

/// By the definition: q * c <= a * b < (q + 1) * c, with products of four halves.
TEST(MulDiv, agrees_with_the_definition) {
    using contracts::mul_div_128;
    const u128 top = ~u128{0};
    EXPECT_EQ(mul_div_128(top, top, top), top);
    EXPECT_EQ(mul_div_128(top, 2, top), u128{2});
    EXPECT_EQ(mul_div_128(top, 2, top - 1), u128{2});
    EXPECT_EQ(mul_div_128(top, top, top - 1), std::nullopt);
    EXPECT_EQ(mul_div_128(0, top, 1), u128{0});
    EXPECT_EQ(mul_div_128(1, 1, 0), std::nullopt);
    EXPECT_EQ(mul_div_128(0, 0, 0), std::nullopt);
    Random random(11, "mul_div");
    for (int i = 0; i < 20'000; ++i) {
        const auto number = [&random] {
            const u128 wide = (u128{random.next()} << 64) | random.next();
            return wide >> random.below(128);
        };
        const u128 c = number() | 1;
        const u128 q = number();
        // a * b = q * c + r with r < c, built backwards where the product fits 128 bits.
        const u128 small_c = (c >> 64 != 0 ? c >> 64 : c) | 1;
        const u128 small_q = q >> 64 != 0 ? q >> 64 : q;
        const u128 rest = number() % small_c;
        const u128 product = small_q * small_c;
        if (product > ~u128{0} - rest) {
            continue;
        }
        EXPECT_EQ(mul_div_128(product + rest, 1, small_c), small_q);
        EXPECT_EQ(mul_div_128(q, c, c), q);
        EXPECT_EQ(mul_div_128(c, q, c), q);
    }
}

}  // namespace
}  // namespace polis::ledger::testing
