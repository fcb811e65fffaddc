// Proofs as JSON: they read back, and no change of what they claim passes.
#include <tools/verify/account_proof.hpp>

#include <string>

#include <gtest/gtest.h>

#include <core/crypto/address.hpp>
#include <core/random.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/account.hpp>
#include <tests/tools/chain_fixture.hpp>

namespace polis::tools::testing {
namespace {

AccountProof proof_of(const Address& address) {
    const auto chain = open_image(chain_image(3));
    AccountProof out{
        .chain_id = chain->params().chain_id,
        .height = chain->head().height,
        .block = chain->head().block,
        .root = chain->head().state_root,
        .address = address,
        .account = load_account(chain->state(), address).value(),
        .proof = chain->prove(ledger::account_key(address)).value()};
    if (out.account == ledger::Account{}) {
        out.account.reset();
    }
    return out;
}

Address account(std::size_t index) {
    return crypto::address_of(genesis::dev_account_key(genesis::kDevSeed, index).public_key());
}

TEST(AccountProof, reads_back_and_verifies) {
    for (const Address& address : {account(0), account(9), Address{}}) {
        const AccountProof proof = proof_of(address);
        EXPECT_EQ(proof.account.has_value(), address != Address{});
        EXPECT_TRUE(verify(proof).has_value());
        const auto back = parse_account_proof(to_json(proof).dump());
        ASSERT_TRUE(back.has_value()) << back.error();
        EXPECT_TRUE(verify(*back).has_value());
        EXPECT_EQ(to_json(*back), to_json(proof));
    }
}

TEST(AccountProof, shows_nothing_else) {
    const AccountProof proof = proof_of(account(0));
    AccountProof richer = proof;
    ++richer.account->balance.value;
    EXPECT_EQ(verify(richer).error(), "it shows another account than it claims");
    AccountProof gone = proof;
    gone.account.reset();
    EXPECT_FALSE(verify(gone).has_value());
    AccountProof other = proof;
    other.address = account(1);
    EXPECT_FALSE(verify(other).has_value());
    AccountProof rooted = proof;
    rooted.root.data[31] ^= 1;
    EXPECT_FALSE(verify(rooted).has_value());
    AccountProof there = proof_of(Address{});
    there.account = ledger::Account{.balance = Amount{1}, .nonce = {}};
    EXPECT_FALSE(verify(there).has_value());
}

TEST(AccountProof, refuses_malformed_json) {
    const std::string good = to_json(proof_of(account(0))).dump();
    for (const std::string& text : std::initializer_list<std::string>{
             "", "{", "[]", "null", "{}", good + "x", good.substr(0, good.size() / 2)}) {
        EXPECT_FALSE(parse_account_proof(text).has_value()) << text.substr(0, 40);
    }
    const std::string tower(100'000, '[');
    EXPECT_EQ(parse_account_proof(tower).error(), "too large or too deep for a proof");
    EXPECT_EQ(
        parse_account_proof(std::string(2U << 20, ' ')).error(),
        "too large or too deep for a proof");
    std::string other_type = good;
    other_type.replace(other_type.find("proof-1"), 7, "proof-9");
    EXPECT_EQ(parse_account_proof(other_type).error(), "type is not polis-account-proof-1");
}

/// A changed character is refused, or it was metadata that the root does not cover.
TEST(AccountProof, survives_any_changed_character) {
    const AccountProof proof = proof_of(account(0));
    const std::string good = to_json(proof).dump();
    Random random(5);
    for (int i = 0; i < 5'000; ++i) {
        std::string text = good;
        text[random.below(text.size())] = static_cast<char>(random.between(0x20, 0x7e));
        const auto parsed = parse_account_proof(text);
        if (parsed && verify(*parsed)) {
            EXPECT_EQ(parsed->root, proof.root);
            EXPECT_EQ(parsed->address, proof.address);
            EXPECT_EQ(parsed->account, proof.account);
        }
    }
}

}  // namespace
}  // namespace polis::tools::testing
