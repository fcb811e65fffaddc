// Transactions: each refusal of check() by name, one encoding for one transaction, what a signature
// covers, and the pinned cost of every payload.
#include <ledger/transaction.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>
#include <ledger/gas.hpp>
#include <ledger/limits.hpp>

namespace polis::ledger {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr TxnRules kRules{
    .chain_id = ChainId{7}, .block_gas_max = Gas{1'000'000}, .gas_price_min = GasPrice{2}};

crypto::SigningKey test_key() {
    const Bytes seed(crypto::Seed::kSize, 0x11);
    return crypto::SigningKey(crypto::Seed(seed));
}

Address address_with(std::uint8_t byte) {
    Address out;
    out.data.fill(byte);
    return out;
}

RegisterValidator registration() {
    RegisterValidator out;
    out.consensus_key.data.fill(3);
    out.vrf_key.data.fill(4);
    out.commission_bps = kBasisPoints;
    out.possession.data.fill(5);
    return out;
}

/// Two proposals of one view; nobody signed them.
pbft::Equivocation equivocation() {
    pbft::Equivocation out;
    out.first.chain = ChainId{7};
    out.second = out.first;
    out.second.digest.data[0] = 1;
    return out;
}

/// One of each kind, and of each shape.
std::vector<Payload> payloads() {
    return {
        Transfer{.to = address_with(1), .amount = Amount{5}},
        registration(),
        Delegate{.validator = address_with(2), .amount = Amount{6}},
        Unbond{.validator = address_with(2), .amount = Amount{7}},
        Unbond{.validator = address_with(2), .amount = std::nullopt},
        Withdraw{.validator = address_with(2), .era = 8},
        Unjail{},
        ReportEvidence{{.offender = {}, .proof = equivocation()}},
        Deploy{.code = {1, 2, 3}, .input = {4}, .value = Amount{11}, .gas = Gas{500}},
        Call{
            .contract = address_with(3),
            .method = "run",
            .input = {5, 6},
            .value = Amount{12},
            .gas = Gas{600}}};
}

TxnBody body_with(Payload payload) {
    TxnBody out;
    out.chain_id = ChainId{7};
    out.nonce = Nonce{9};
    out.gas_limit = Gas{10'000};
    out.gas_price = GasPrice{3};
    out.valid_until = Height{1'000};
    out.payload = std::move(payload);
    return out;
}

TxnBody transfer_body() { return body_with(payloads().front()); }

/// The verdict on a body that `change` has spoiled; both ways to ask must agree.
std::string verdict(const std::function<void(TxnBody&)>& change, TxnRules rules = kRules) {
    TxnBody body = transfer_body();
    change(body);
    const Transaction txn = sign(test_key(), std::move(body));
    const auto decoded = check(txn, rules);
    const auto encoded = check(codec::encode(txn), rules);
    EXPECT_EQ(decoded.has_value(), encoded.has_value());
    if (!decoded && !encoded) {
        EXPECT_EQ(decoded.error(), encoded.error());
    }
    return decoded ? "ok" : std::string(to_string(decoded.error()));
}

std::string text(TxnError error) { return std::string(to_string(error)); }

TEST(TxnCheck, good) {
    EXPECT_EQ(verdict([](TxnBody&) {}), "ok");
    EXPECT_EQ(verdict([](TxnBody& body) { body.gas_limit = kRules.block_gas_max; }), "ok");
    EXPECT_EQ(verdict([](TxnBody& body) { body.gas_price = kRules.gas_price_min; }), "ok");
    EXPECT_EQ(verdict([](TxnBody& body) { body.payload = registration(); }), "ok");
}

TEST(TxnCheck, version) {
    EXPECT_EQ(verdict([](TxnBody& body) { body.version = 0; }), text(TxnError::kBadVersion));
    EXPECT_EQ(verdict([](TxnBody& body) { body.version = 2; }), text(TxnError::kBadVersion));
}

TEST(TxnCheck, chain) {
    EXPECT_EQ(
        verdict([](TxnBody& body) { body.chain_id = ChainId{8}; }), text(TxnError::kWrongChain));
}

TEST(TxnCheck, gas) {
    EXPECT_EQ(verdict([](TxnBody& body) { body.gas_limit = Gas{0}; }), text(TxnError::kZeroGas));
    const Transaction txn = sign(test_key(), transfer_body());
    const Gas least = check(txn, kRules)->intrinsic_gas;
    EXPECT_EQ(verdict([&](TxnBody& body) { body.gas_limit = least; }), "ok");
    EXPECT_EQ(
        verdict([&](TxnBody& body) { body.gas_limit = Gas{least.value - 1}; }),
        text(TxnError::kGasTooLow));
    EXPECT_EQ(
        verdict([](TxnBody& body) { body.gas_limit = Gas{1'000'001}; }),
        text(TxnError::kGasTooHigh));
}

TEST(TxnCheck, price) {
    EXPECT_EQ(
        verdict([](TxnBody& body) { body.gas_price = GasPrice{1}; }), text(TxnError::kPriceTooLow));
}

TEST(TxnCheck, fee_overflow) {
    const std::string overflow = text(TxnError::kFeeOverflow);
    EXPECT_EQ(verdict([](TxnBody& body) { body.gas_price = GasPrice{kMax}; }), overflow);
    EXPECT_EQ(
        verdict([](TxnBody& body) {
            body.payload = Transfer{.to = {}, .amount = Amount{kMax - 29'999}};
        }),
        overflow);
    EXPECT_EQ(
        verdict([](TxnBody& body) {
            body.payload = Transfer{.to = {}, .amount = Amount{kMax - 30'000}};
        }),
        "ok");
    EXPECT_EQ(
        verdict([](TxnBody& body) {
            body.payload = Delegate{.validator = {}, .amount = Amount{kMax}};
        }),
        overflow);
    EXPECT_EQ(
        verdict(
            [](TxnBody& body) { body.payload = Unbond{.validator = {}, .amount = Amount{kMax}}; }),
        "ok")
        << "unbonding takes nothing from the balance";
}

TEST(TxnCheck, amounts_of_nothing) {
    const std::string zero = text(TxnError::kZeroAmount);
    EXPECT_EQ(verdict([](TxnBody& body) { body.payload = Transfer{}; }), zero);
    EXPECT_EQ(verdict([](TxnBody& body) { body.payload = Delegate{}; }), zero);
    EXPECT_EQ(
        verdict([](TxnBody& body) { body.payload = Unbond{.validator = {}, .amount = Amount{0}}; }),
        zero);
}

TEST(TxnCheck, commission) {
    EXPECT_EQ(
        verdict([](TxnBody& body) {
            RegisterValidator payload = registration();
            payload.commission_bps = kBasisPoints + 1;
            body.payload = payload;
        }),
        text(TxnError::kBadCommission));
}

TEST(TxnCheck, evidence_that_cannot_prove_anything) {
    const auto error = [](const auto& change) {
        pbft::Equivocation proof = equivocation();
        change(proof);
        return verdict([&](TxnBody& body) {
            body.payload = ReportEvidence{{.offender = {}, .proof = proof}};
        });
    };
    const std::string refused = text(TxnError::kBadEvidence);
    EXPECT_EQ(error([](auto&) {}), "ok") << "signatures are for execution to check";
    EXPECT_EQ(error([](auto& proof) { proof.second = proof.first; }), refused);
    EXPECT_EQ(error([](auto& proof) { std::swap(proof.first, proof.second); }), refused);
    EXPECT_EQ(error([](auto& proof) { proof.second.height = Height{1}; }), refused);
    EXPECT_EQ(
        error([](auto& proof) { proof.first.chain = proof.second.chain = ChainId{8}; }), refused);
}

TEST(TxnCheck, size) {
    const Bytes longest(kTxnBytesMax, 0);
    EXPECT_EQ(check(longest, kRules).error(), TxnError::kMalformed);
    const Bytes longer(kTxnBytesMax + 1, 0);
    EXPECT_EQ(check(longer, kRules).error(), TxnError::kTooLarge);
}

TEST(TxnCheck, truncated_and_prolonged) {
    for (const Payload& payload : payloads()) {
        const Bytes good = codec::encode(sign(test_key(), body_with(payload)));
        ASSERT_TRUE(check(good, kRules).has_value());
        for (std::size_t size = 0; size < good.size(); ++size) {
            EXPECT_EQ(check(ByteView{good}.first(size), kRules).error(), TxnError::kMalformed);
        }
        for (const std::uint8_t extra : Bytes{0, 1, 255}) {
            Bytes longer = good;
            longer.push_back(extra);
            EXPECT_EQ(check(longer, kRules).error(), TxnError::kMalformed);
        }
    }
}

TEST(TxnCheck, what_no_check_without_a_height_or_the_signature_can_see) {
    // kExpired and kBadSignature are named by those who know the height and verify signatures.
    EXPECT_EQ(verdict([](TxnBody& body) { body.valid_until = Height{0}; }), "ok");
    Transaction txn = sign(test_key(), transfer_body());
    txn.signature.data[0] ^= 1;
    EXPECT_TRUE(check(txn, kRules).has_value());
    EXPECT_FALSE(signature_valid(txn));
}

TEST(Txn, checked_values) {
    const crypto::SigningKey key = test_key();
    for (const Payload& payload : payloads()) {
        const Transaction txn = sign(key, body_with(payload));
        const Bytes encoded = codec::encode(txn);
        const auto checked = check(encoded, kRules);
        ASSERT_TRUE(checked.has_value()) << to_string(checked.error());
        EXPECT_EQ(checked->txn, txn);
        EXPECT_EQ(codec::encode(checked->txn), encoded);
        EXPECT_EQ(checked->id, txn_id(encoded));
        EXPECT_EQ(checked->sender, crypto::address_of(key.public_key()));
        EXPECT_EQ(checked->encoded_bytes, encoded.size());
        EXPECT_EQ(checked->intrinsic_gas, intrinsic_gas(payload, encoded.size()));
        EXPECT_EQ(checked->fee_max, Amount{30'000});
        EXPECT_EQ(check(txn, kRules)->id, checked->id);
        EXPECT_TRUE(signature_valid(txn));
    }
}

/// Every flipped bit gives something that is refused, or another transaction with its own single
/// encoding and id, whose signature does not hold.
TEST(Txn, mutations_never_share_an_encoding) {
    for (const Payload& payload : payloads()) {
        const Transaction txn = sign(test_key(), body_with(payload));
        const Bytes good = codec::encode(txn);
        for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
            Bytes bad = good;
            bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
            (void)check(bad, kRules);
            const auto decoded = codec::decode<Transaction>(bad);
            if (decoded) {
                EXPECT_EQ(codec::encode(*decoded), bad);
                EXPECT_NE(*decoded, txn);
                EXPECT_NE(txn_id(bad), txn_id(good));
                EXPECT_TRUE(bit % 8 != 0 || !signature_valid(*decoded)) << "bit " << bit;
            }
        }
    }
}

TEST(Txn, random_bytes_never_crash) {
    Random random(1);
    const Bytes good = codec::encode(sign(test_key(), transfer_body()));
    std::uint64_t decoded_count = 0;
    for (int i = 0; i < 50'000; ++i) {
        Bytes bytes = good;
        bytes.resize(random.chance(1, 2) ? good.size() : random.below(300));
        for (std::uint64_t change = random.below(5); change > 0 && !bytes.empty(); --change) {
            random.pick(bytes) = static_cast<std::uint8_t>(random.next());
        }
        (void)check(bytes, kRules);
        if (const auto decoded = codec::decode<Transaction>(bytes)) {
            ASSERT_EQ(codec::encode(*decoded), bytes);
            ++decoded_count;
        }
    }
    EXPECT_GT(decoded_count, 10'000U);
}

TEST(Txn, byte_layout_and_names_pinned) {
    const Transaction txn = sign(test_key(), transfer_body());
    const Bytes encoded = codec::encode(txn);
    ASSERT_EQ(encoded.size(), 166U);
    const std::string hex = to_hex(encoded);
    EXPECT_EQ(hex.substr(0, 18), "010700000000000000");
    EXPECT_EQ(hex.substr(18, 64), to_hex(test_key().public_key().view()));
    EXPECT_EQ(
        hex.substr(82, 64),
        "0900000000000000"
        "1027000000000000"
        "0300000000000000"
        "e803000000000000");
    EXPECT_EQ(hex.substr(146, 58), "00" + to_hex(address_with(1).view()) + "0500000000000000");
    EXPECT_EQ(hex.substr(204), to_hex(txn.signature.view()));
    EXPECT_EQ(
        to_hex(signing_hash(txn.body).view()),
        "7d1c4e6513f94b9406ffae581e0af8fd7df3e47763823b0ea8712e1ed5bf394b");
    EXPECT_EQ(
        to_hex(txn_id(encoded).view()),
        "da50558f7144c25732ccf19e1d2801480bbd2782ba2c200a444630ed855b78da");
}

TEST(Txn, signature_covers_every_field) {
    const Transaction good = sign(test_key(), transfer_body());
    ASSERT_TRUE(signature_valid(good));
    const std::vector<std::function<void(TxnBody&)>> changes = {
        [](TxnBody& body) { body.version = 2; },
        [](TxnBody& body) { body.chain_id = ChainId{8}; },
        [](TxnBody& body) { body.nonce = Nonce{10}; },
        [](TxnBody& body) { body.gas_limit = Gas{10'001}; },
        [](TxnBody& body) { body.gas_price = GasPrice{4}; },
        [](TxnBody& body) { body.valid_until = Height{1'001}; },
        [](TxnBody& body) { body.payload = Unjail{}; },
        [](TxnBody& body) {
            body.sender = crypto::SigningKey(crypto::Seed(Bytes(32, 0x12))).public_key();
        }};
    for (const auto& change : changes) {
        Transaction bad = good;
        change(bad.body);
        EXPECT_FALSE(signature_valid(bad));
        EXPECT_NE(signing_hash(bad.body), signing_hash(good.body));
    }
}

TEST(Txn, signing_names_the_signer) {
    TxnBody body = transfer_body();
    body.sender.data.fill(9);
    const Transaction txn = sign(test_key(), body);
    EXPECT_EQ(txn.body.sender, test_key().public_key());
    EXPECT_EQ(sign(test_key(), body), txn) << "Ed25519 signatures are deterministic";
}

TEST(Gas, intrinsic_gas_pinned) {
    std::vector<std::uint64_t> costs;
    for (const Payload& payload : payloads()) {
        costs.push_back(intrinsic_gas(payload, 100).value);
    }
    EXPECT_EQ(
        costs,
        (std::vector<std::uint64_t>{
            1'600, 4'000, 1'800, 2'200, 2'200, 1'800, 1'600, 6'200, 2'090, 1'600}));
    EXPECT_EQ(intrinsic_gas(Unjail{}, 0), Gas{1'200});
    EXPECT_EQ(intrinsic_gas(Unjail{}, kTxnBytesMax), Gas{1'200 + 4 * 327'680});
    const Deploy deploy{.code = Bytes(100), .input = {}, .value = {}, .gas = Gas{5}};
    EXPECT_EQ(intrinsic_gas(deploy, 0), Gas{1'600 + 100 * 30}) << "translated and kept";
    EXPECT_EQ(execution_gas_max(deploy), Gas{5});
    EXPECT_EQ(execution_gas_max(Unjail{}), Gas{0});
}

TEST(Gas, amount_moved) {
    std::vector<std::uint64_t> amounts;
    for (const Payload& payload : payloads()) {
        amounts.push_back(amount_moved(payload).value);
    }
    EXPECT_EQ(amounts, (std::vector<std::uint64_t>{5, 0, 6, 0, 0, 0, 0, 0, 11, 12}));
}

TEST(Txn, errors_have_texts) {
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(TxnError::kBadEvidence); ++i) {
        EXPECT_NE(to_string(static_cast<TxnError>(i)), "unknown transaction error");
    }
}

}  // namespace
}  // namespace polis::ledger
