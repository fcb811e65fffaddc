#include <tools/sim/population.hpp>

#include <string>
#include <utility>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <genesis/devnet.hpp>
#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <ledger/transaction.hpp>

namespace polis::sim {

namespace {

constexpr std::uint64_t kPolis = 1'000'000'000;
constexpr std::size_t kAccounts = 6;
constexpr std::uint64_t kStake = 10'000 * kPolis;
constexpr std::uint64_t kStakeStep = 50 * kPolis;  // one delegation overtakes a few validators
constexpr std::uint64_t kPurse = 1'000 * kPolis;   // of whoever offers tasks or trains
constexpr std::uint64_t kTxnLife = 20;             // heights

Address operator_of(std::size_t member) {
    return crypto::address_of(genesis::dev_operator_key(genesis::kDevSeed, member).public_key());
}

ledger::Payload make_payload(const Scenario& scenario, Random& random) {
    const Address validator = operator_of(random.below(scenario.validators));
    if (scenario.stakes_change && random.chance(1, 4)) {
        return ledger::Delegate{validator, Amount{random.between(10, 400) * kPolis}};
    }
    if (scenario.stakes_change && random.chance(1, 6)) {
        return ledger::Unbond{validator, Amount{random.between(10, 200) * kPolis}};
    }
    const auto key = genesis::dev_account_key(genesis::kDevSeed, random.below(kAccounts));
    Address to = crypto::address_of(key.public_key());
    if (random.chance(1, 4)) {
        random.fill(to.data);  // somebody new
    }
    return ledger::Transfer{to, Amount{random.between(1, kPolis)}};
}

}  // namespace

genesis::Genesis make_genesis(const Scenario& scenario) {
    genesis::GenesisPreset preset =
        genesis::devnet_preset({.validators = scenario.validators, .accounts = kAccounts});
    ledger::Params& params = preset.params;
    if (scenario.run.options.pole) {
        params.election = ledger::ElectionKind::kPole;
        preset.accounts.push_back(
            {crypto::address_of(school_owner_key().public_key()), Amount{kPurse}});
        for (std::size_t i = 0; i < scenario.validators; ++i) {
            preset.accounts.push_back({operator_of(i), Amount{kPurse}});
        }
    }
    params.committee_size_max = static_cast<std::uint32_t>(scenario.seats);
    params.term_blocks = scenario.term_blocks;
    params.unbonding_blocks = scenario.term_blocks;
    params.unbonding_era_blocks = scenario.term_blocks;
    for (std::size_t i = 0; i < preset.validators.size(); ++i) {
        preset.validators[i].stake = Amount{kStake + (scenario.stakes_equal ? 0 : i * kStakeStep)};
    }
    auto genesis = genesis::build(preset, "a simulated chain");
    POLIS_ASSERT(genesis.has_value());
    return *std::move(genesis);
}

crypto::SigningKey school_owner_key() {
    return genesis::dev_account_key(genesis::kDevSeed, kAccounts);
}

node::Identity identity_of(std::size_t member) {
    crypto::SigningKey account = genesis::dev_operator_key(genesis::kDevSeed, member);
    const Address address = crypto::address_of(account.public_key());
    return {
        .consensus_key = genesis::dev_consensus_key(genesis::kDevSeed, member),
        .vrf_key = genesis::dev_vrf_key(genesis::kDevSeed, member),
        .address = address,
        .account_key = std::move(account)};
}

Bytes make_txn(
    ledger::Chain& chain, const Scenario& scenario, Random& random, std::uint64_t nonces_ahead) {
    const auto key = genesis::dev_account_key(genesis::kDevSeed, random.below(kAccounts));
    const auto account = ledger::load_account(chain.state(), crypto::address_of(key.public_key()));
    ledger::TxnBody body;
    body.chain_id = chain.params().chain_id;
    body.sender = key.public_key();
    body.nonce = account ? account->nonce : Nonce{};
    body.nonce.value += random.between(0, nonces_ahead);
    body.gas_price = GasPrice{chain.params().gas_price_min.value + random.between(0, 3)};
    body.valid_until = Height{chain.head().height.value + kTxnLife};
    body.payload = make_payload(scenario, random);
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    return codec::encode(ledger::sign(key, body));
}

consensus::Fact make_fact(std::uint64_t seed, std::uint64_t number) {
    Random random(seed, "fact " + std::to_string(number));
    consensus::Fact fact;
    fact.kind = consensus::FactKind::kEvaluation;
    random.fill(fact.subject.data);
    fact.result.resize(random.between(1, 16));
    random.fill(fact.result);
    return fact;
}

consensus::Fact false_fact(consensus::Fact fact) {
    POLIS_ASSERT(!fact.result.empty());
    fact.result.front() ^= 1;
    return fact;
}

}  // namespace polis::sim
