// What a preset turns into, and which differences of its text change the chain's name.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <consensus/committee.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <ledger/chain.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/store/memory_store.hpp>

namespace polis::genesis {
namespace {

using ledger::Chain;

Genesis must_build(const GenesisPreset& preset) {
    auto genesis = build(preset, write_preset(preset, ""));
    EXPECT_TRUE(genesis.has_value()) << (genesis ? "" : describe(genesis.error()));
    return std::move(*genesis);
}

std::unique_ptr<Chain> must_create(const GenesisPreset& preset) {
    auto chain = Chain::create(
        std::make_unique<ledger::MemoryStore>(), must_build(preset).state, Chain::Options{});
    EXPECT_TRUE(chain.has_value()) << (chain ? "" : chain.error().context);
    return std::move(*chain);
}

TEST(Builder, fills_the_state_with_the_preset) {
    const GenesisPreset preset = devnet_preset({});
    const auto chain = must_create(preset);
    EXPECT_EQ(chain->params(), preset.params);
    for (const PresetAccount& entry : preset.accounts) {
        const auto account = ledger::load_account(chain->state(), entry.address);
        ASSERT_TRUE(account.has_value());
        EXPECT_EQ(account->balance, entry.balance);
        EXPECT_EQ(account->nonce, Nonce{});
    }
    for (const PresetValidator& entry : preset.validators) {
        const auto validator = ledger::staking::validator(chain->state(), entry.address);
        ASSERT_TRUE(validator.has_value() && validator->has_value());
        EXPECT_EQ((*validator)->consensus_key, entry.consensus_key);
        EXPECT_EQ((*validator)->vrf_key, entry.vrf_key);
        EXPECT_EQ((*validator)->commission_bps, entry.commission_bps);
        EXPECT_EQ((*validator)->pool.tokens, entry.stake);
        EXPECT_EQ(
            ledger::staking::delegated(chain->state(), entry.address, entry.address).value(),
            entry.stake);
        EXPECT_EQ(
            ledger::staking::owner_of(chain->state(), entry.consensus_key).value(), entry.address);
    }
    EXPECT_EQ(ledger::bank::supply(chain->state()).value(), supply_of(preset));
}

TEST(Builder, names_the_committee_of_the_first_term_in_block_0) {
    GenesisPreset preset = devnet_preset({.validators = 5});
    preset.params.committee_size_max = 3;
    preset.validators[4].stake = Amount{preset.validators[4].stake.value + 1};
    const Genesis genesis = must_build(preset);
    ASSERT_EQ(genesis.committee.size(), 3U);
    EXPECT_EQ(genesis.committee.front().validator, preset.validators[4].address);
    const auto chain = must_create(preset);
    const auto block = chain->block(Height{});
    ASSERT_TRUE(block.has_value() && block->has_value());
    EXPECT_EQ((*block)->header.committee, consensus::committee_hash(genesis.committee));
    EXPECT_EQ((*block)->header.next_committee, (*block)->header.committee);
    EXPECT_EQ((*block)->header.parent, genesis.hash);
    EXPECT_EQ((*block)->header.parent_state_root, genesis.state_root);
}

TEST(Builder, refuses_a_preset_that_was_made_wrong_in_memory) {
    GenesisPreset preset = devnet_preset({});
    preset.accounts[1] = preset.accounts[0];
    const auto genesis = build(preset, "");
    ASSERT_FALSE(genesis.has_value());
    EXPECT_EQ(genesis.error().key, "accounts[1].address");
}

TEST(Builder, ignores_order_comments_and_the_name) {
    const std::string text = devnet_toml({});
    const Genesis first = must_build(parse_preset(text, "x").value());
    GenesisPreset preset = devnet_preset({});
    std::swap(preset.accounts.front(), preset.accounts.back());
    std::swap(preset.validators.front(), preset.validators.back());
    preset.name = "another";
    const Genesis second = must_build(preset);
    EXPECT_EQ(first.state_root, second.state_root);
    EXPECT_EQ(first.hash, second.hash);
}

TEST(Builder, gives_the_same_root_for_keys_in_another_order) {
    const std::string one = "chain_id = 7\nelection = \"dpos\"\ntime = 2026-01-01T00:00:00Z\n";
    const std::string other =
        "time = 2026-01-01T01:00:00+01:00 # the same moment\nelection = \"dpos\"\nchain_id = 7\n";
    const std::string text = devnet_toml({});
    const std::size_t params = text.find("[params]");
    const std::size_t validators = text.find("[[validators]]");
    const std::string head = text.substr(params, validators - params);
    const std::string lists = text.substr(validators);
    const auto first = build_from_text(one + head + lists, "first");
    const auto second = build_from_text(other + lists + head, "second");
    ASSERT_TRUE(first.has_value()) << describe(first.error());
    ASSERT_TRUE(second.has_value()) << describe(second.error());
    EXPECT_EQ(first->state_root, second->state_root);
    EXPECT_EQ(first->hash, second->hash);
}

TEST(Builder, covers_everything_else_with_the_genesis_hash) {
    const GenesisPreset preset = devnet_preset({});
    const Hash hash = must_build(preset).hash;
    const auto changed = [&](auto change) {
        GenesisPreset other = preset;
        change(other);
        return must_build(other).hash != hash;
    };
    EXPECT_TRUE(changed([](GenesisPreset& p) { ++p.time.value; }));
    EXPECT_TRUE(changed([](GenesisPreset& p) { ++p.params.chain_id.value; }));
    EXPECT_TRUE(changed([](GenesisPreset& p) { ++p.params.jail_blocks; }));
    EXPECT_TRUE(changed([](GenesisPreset& p) { --p.params.committee_size_max; }));
    EXPECT_TRUE(changed([](GenesisPreset& p) { ++p.accounts[2].balance.value; }));
    EXPECT_TRUE(changed([](GenesisPreset& p) { ++p.validators[2].stake.value; }));
    EXPECT_TRUE(changed([](GenesisPreset& p) { ++p.validators[2].commission_bps; }));
    EXPECT_TRUE(changed([](GenesisPreset& p) { p.accounts.pop_back(); }));
}

TEST(Builder, covers_the_committee_even_beside_equal_records) {
    Genesis genesis = must_build(devnet_preset({}));
    genesis.state.committee.data[0] ^= 1;
    EXPECT_NE(ledger::genesis_hash(genesis.state, genesis.state_root), genesis.hash);
}

TEST(Builder, covers_the_election_even_beside_equal_records) {
    Genesis genesis = must_build(devnet_preset({}));
    genesis.state.params.election = ledger::ElectionKind::kPole;
    EXPECT_NE(ledger::genesis_hash(genesis.state, genesis.state_root), genesis.hash);
}

TEST(Builder, refuses_an_election_that_it_cannot_run_by_name) {
    GenesisPreset preset = devnet_preset({});
    preset.params.election = ledger::ElectionKind::kPoc;
    const auto built = build(preset, "");
    ASSERT_FALSE(built.has_value());
    EXPECT_EQ(built.error().key, "election");
    EXPECT_NE(built.error().cause.find("poc"), std::string::npos);
    EXPECT_TRUE(parse_preset(write_preset(preset, ""), "x").has_value());
    for (const auto kind : {ledger::ElectionKind::kDpos, ledger::ElectionKind::kPole}) {
        preset.params.election = kind;
        EXPECT_TRUE(build(preset, "").has_value()) << to_string(kind);
    }
}

TEST(Devnet, gives_operators_coins_for_bonds_where_they_train) {
    const GenesisPreset plain = devnet_preset({.validators = 3});
    const GenesisPreset learning =
        devnet_preset({.validators = 3, .election = ledger::ElectionKind::kPole});
    ASSERT_EQ(learning.accounts.size(), plain.accounts.size() + 3);
    EXPECT_EQ(learning.accounts.back().address, learning.validators.back().address);
    EXPECT_TRUE(build(learning, "").has_value());
    const auto read =
        parse_preset(devnet_toml({.validators = 3, .election = ledger::ElectionKind::kPole}), "x");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, learning);
}

TEST(Builder, writes_the_first_term_with_its_committee) {
    const Genesis genesis = must_build(devnet_preset({}));
    std::size_t records = 0;
    for (const ledger::StateChange& change : genesis.state.records) {
        if (change.key.kind() != ledger::RecordKind::kTerms) {
            continue;
        }
        ++records;
        const auto record = codec::decode<ledger::terms::TermRecord>(*change.value);
        ASSERT_TRUE(record.has_value());
        EXPECT_EQ(record->term, Term{0});
        EXPECT_EQ(record->members, genesis.committee);
        EXPECT_EQ(record->next, genesis.committee);
        EXPECT_TRUE(record->previous.empty());
        EXPECT_EQ(consensus::committee_hash(record->members), genesis.state.committee);
    }
    EXPECT_EQ(records, 1U);
}

TEST(Preset, reads_back_what_it_writes) {
    DevnetOptions options{.validators = 7, .accounts = 3, .seed = "a \"seed\"\n", .name = "t\\"};
    options.election = ledger::ElectionKind::kPoc;
    GenesisPreset preset = devnet_preset(options);
    preset.time = TimeMs{1'767'225'600'123};
    preset.accounts[0].balance = Amount{1'500'000'001};
    preset.params.slash_double_sign_bps = 255;
    const auto back = parse_preset(write_preset(preset, "# above\n"), "x");
    ASSERT_TRUE(back.has_value()) << describe(back.error());
    EXPECT_EQ(*back, preset);
    EXPECT_EQ(parse_preset(devnet_toml(options), "x").value(), devnet_preset(options));
}

TEST(Preset, takes_percentages_as_integers_and_amounts_to_the_last_unit) {
    std::string text = devnet_toml({.validators = 1, .accounts = 1});
    const auto replace = [&text](const std::string& from, const std::string& to) {
        ASSERT_NE(text.find(from), std::string::npos) << from;
        text.replace(text.find(from), from.size(), to);
    };
    replace("commission_percent = \"10\"", "commission_percent = 33");
    replace("balance = \"1000000\"", "balance = \"0.000000001\"");
    replace("name = \"devnet\"\n", "contracts = []\n");
    const auto preset = parse_preset(text, "x");
    ASSERT_TRUE(preset.has_value()) << describe(preset.error());
    EXPECT_EQ(preset->validators[0].commission_bps, 3'300);
    EXPECT_EQ(preset->accounts[0].balance, Amount{1});
    EXPECT_EQ(preset->name, "");
}

TEST(DevKeys, differ_by_seed_role_and_number) {
    const PublicKey key = dev_account_key("a", 0).public_key();
    EXPECT_EQ(dev_account_key("a", 0).public_key(), key);
    EXPECT_NE(dev_account_key("a", 1).public_key(), key);
    EXPECT_NE(dev_account_key("b", 0).public_key(), key);
    EXPECT_NE(dev_operator_key("a", 0).public_key(), dev_consensus_key("a", 0).public_key());
    // The boundary between seed and name is part of the hash.
    EXPECT_FALSE(equal(dev_seed("ab", "c").view(), dev_seed("a", "bc").view()));
}

}  // namespace
}  // namespace polis::genesis
