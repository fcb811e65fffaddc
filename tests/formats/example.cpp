#include <tests/formats/example.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/merkle.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/state/tree.hpp>
#include <tests/formats/no_source.hpp>

namespace polis::formats {

namespace {

constexpr std::uint64_t kCoin = 1'000'000'000;
constexpr std::uint8_t kAliceSeed = 1;
constexpr std::uint8_t kBobSeed = 2;
constexpr std::uint8_t kCarolSeed = 3;
constexpr std::uint8_t kConsensusSeed = 4;
constexpr std::uint8_t kVrfSeed = 5;

crypto::Seed seed_of(std::uint8_t byte) {
    std::array<std::uint8_t, crypto::Seed::kSize> bytes{};
    bytes.fill(byte);
    return crypto::Seed(bytes);
}

Hash filled(std::uint8_t byte) {
    Hash out;
    out.data.fill(byte);
    return out;
}

ledger::Params make_params() {
    return {
        .chain_id = ChainId{7},
        .block_gas_max = Gas{100'000'000},
        .gas_price_min = GasPrice{1},
        .committee_size_max = 100,
        .term_blocks = 60,
        .stake_min = Amount{10 * kCoin},
        .delegation_min = Amount{kCoin},
        .unbonding_blocks = 1'000,
        .unbonding_era_blocks = 100,
        .jail_blocks = 500,
        .slash_double_sign_bps = 500};
}

ledger::StateChanges make_state(const Address& alice, const Address& bob) {
    ledger::staking::Validator validator;
    validator.consensus_key = key_of(kConsensusSeed).public_key();
    validator.vrf_key = vrf_key_of(kVrfSeed);
    validator.commission_bps = 1'000;
    validator.pool = {.tokens = Amount{20 * kCoin}, .shares = 20 * kCoin};
    const ledger::Account account{.balance = Amount{50 * kCoin}, .nonce = Nonce{}};
    ledger::StateChanges out{
        {ledger::account_key(alice), codec::encode(account)},
        {ledger::staking::validator_key(bob), codec::encode(validator)}};
    std::ranges::sort(out, {}, [](const auto& change) { return change.key.path(); });
    return out;
}

ledger::CheckedTxn make_txn(
    const ledger::Params& params, Nonce nonce, const ledger::Payload& payload) {
    const ledger::TxnBody body{
        .version = ledger::kTxnVersion,
        .chain_id = params.chain_id,
        .sender = {},
        .nonce = nonce,
        .gas_limit = Gas{3'000},
        .gas_price = GasPrice{2},
        .valid_until = Height{1'000},
        .payload = payload};
    const auto txn = ledger::sign(key_of(kAliceSeed), body);
    auto checked = ledger::check(txn, rules_of(params));
    POLIS_ASSERT(checked.has_value());
    return *std::move(checked);
}

/// The fields that consensus fills get values that are easy to find in a dump.
void fill_consensus_fields(ledger::CheckedBlock& block) {
    ledger::Header& header = block.header;
    header.view = View{1};
    header.term = Term{3};
    header.parent_certificate = filled(0xc1);
    header.beacon = filled(0xbe);
    header.beacon_proof = crypto::VrfKey(seed_of(kVrfSeed)).prove(as_bytes("example"));
    header.committee = filled(0xc0);
    header.next_committee = filled(0xc2);
    block.hash = ledger::block_hash(header);
}

}  // namespace

crypto::SigningKey key_of(std::uint8_t seed_byte) { return crypto::SigningKey(seed_of(seed_byte)); }

VrfPublicKey vrf_key_of(std::uint8_t seed_byte) {
    return crypto::VrfKey(seed_of(seed_byte)).public_key();
}

ledger::TxnRules rules_of(const ledger::Params& params) {
    return {
        .chain_id = params.chain_id,
        .block_gas_max = params.block_gas_max,
        .gas_price_min = params.gas_price_min};
}

Example make_example() {
    Example out;
    out.params = make_params();
    out.alice = crypto::address_of(key_of(kAliceSeed).public_key());
    out.bob = crypto::address_of(key_of(kBobSeed).public_key());
    out.carol = crypto::address_of(key_of(kCarolSeed).public_key());
    out.state = make_state(out.alice, out.bob);

    const NoSource source;
    ledger::StateTree tree(source, {});
    const auto root = tree.apply(out.state);
    POLIS_ASSERT(root.has_value());
    out.parent = {
        .height = Height{41},
        .block = filled(0xaa),
        .time = TimeMs{1'700'000'000'000},
        .state_root = *root,
        .receipts_root = ledger::receipts_root({}),
        .gas_used = Gas{},
        .records = tree.record_count(),
        .beacon = filled(0xbd)};
    std::vector<ledger::CheckedTxn> txns;
    txns.push_back(
        make_txn(out.params, Nonce{0}, ledger::Transfer{.to = out.carol, .amount = Amount{kCoin}}));
    txns.push_back(make_txn(
        out.params, Nonce{1}, ledger::Delegate{.validator = out.bob, .amount = Amount{5 * kCoin}}));
    const ledger::BlockPlan plan{
        .chain_id = out.params.chain_id,
        .time = TimeMs{out.parent.time.value + 1'000},
        .proposer = out.bob};
    out.block = ledger::make_block(out.parent, plan, std::move(txns));
    fill_consensus_fields(out.block);
    out.encoded = ledger::encode_block(out.block);
    auto outcome = ledger::execute_block(tree, out.params, out.block);
    POLIS_ASSERT(outcome.has_value());
    out.outcome = *std::move(outcome);
    return out;
}

}  // namespace polis::formats
