// Contracts of a genesis: what they find, who pays for them, and presets that name files.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <genesis/preset_code.hpp>
#include <ledger/chain.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/ledger/contracts/puppet.hpp>
#include <tests/support/temp_dir.hpp>

namespace polis::genesis {
namespace {

using ledger::testing::puppet_code;
using ledger::testing::Script;
namespace contracts = ledger::contracts;

GenesisPreset preset_with(const Script& script, std::uint64_t value) {
    GenesisPreset preset = devnet_preset({.validators = 1, .accounts = 2});
    preset.contracts.push_back(
        {.creator = preset.accounts[0].address,
         .code = puppet_code(),
         .input = script.bytes(),
         .value = Amount{value}});
    return preset;
}

TEST(PresetContracts, are_deployed_in_their_order) {
    const Script script = Script().set(1, as_bytes("kept"));
    GenesisPreset preset = preset_with(script, 500);
    preset.contracts.push_back({.creator = {}, .code = puppet_code(1), .input = {}, .value = {}});
    const auto genesis = build(preset, write_preset(preset, ""));
    ASSERT_TRUE(genesis.has_value()) << describe(genesis.error());
    auto chain = ledger::Chain::create(
        std::make_unique<ledger::MemoryStore>(), genesis->state, ledger::Chain::Options{});
    ASSERT_TRUE(chain.has_value());
    ledger::StateView& state = (*chain)->state();
    const Address first = contracts::genesis_address(preset.accounts[0].address, 0);
    const auto record = contracts::load_contract(state, first);
    ASSERT_TRUE(record.has_value() && record->has_value());
    EXPECT_EQ((*record)->height, Height{0});
    EXPECT_EQ((*record)->creator, preset.accounts[0].address);
    EXPECT_EQ(ledger::load_account(state, first)->balance, Amount{500});
    const auto value = contracts::load_storage(state, first, Bytes{1});
    ASSERT_TRUE(value.has_value() && value->has_value());
    EXPECT_EQ(as_text((*value)->view()), "kept");
    const auto second = contracts::load_contract(state, contracts::genesis_address({}, 1));
    EXPECT_TRUE(second.has_value() && second->has_value());
    EXPECT_EQ(ledger::bank::supply(state).value(), supply_of(preset));
    EXPECT_EQ(genesis->hash, build(preset, "other text")->hash);
}

TEST(PresetContracts, survive_their_text) {
    const GenesisPreset preset = preset_with(Script().burn(3), 7);
    const auto back = parse_preset(write_preset(preset, ""), "x");
    ASSERT_TRUE(back.has_value()) << describe(back.error());
    EXPECT_EQ(*back, preset);
}

TEST(PresetContracts, that_fail_make_the_preset_invalid) {
    const GenesisPreset reverts = preset_with(Script().revert("not so"), 0);
    const auto built = build(reverts, write_preset(reverts, ""));
    ASSERT_FALSE(built.has_value());
    EXPECT_EQ(built.error().key, "contracts[0]");
    EXPECT_EQ(built.error().cause, "the contract reverted: not so");
    GenesisPreset broken = preset_with({}, 0);
    broken.contracts[0].code = {1, 2, 3};
    EXPECT_FALSE(build(broken, write_preset(broken, "")).has_value());
    GenesisPreset many = preset_with({}, 0);
    many.contracts.resize(kContractsMax + 1, many.contracts[0]);
    EXPECT_EQ(check_preset(many).error().key, "contracts");
    GenesisPreset rich = preset_with({}, UINT64_MAX);
    EXPECT_EQ(check_preset(rich).error().key, "contracts[0].value");
}

TEST(PresetContracts, of_files_become_part_of_the_text) {
    const polis::testing::TempDir dir;
    std::ofstream(dir.path() / "puppet.wasm", std::ios::binary) << as_text(puppet_code());
    const std::string text = write_preset(devnet_preset({.validators = 1, .accounts = 1}), "") +
                             "\n[[contracts]]\ncode_file = \"puppet.wasm\"\nvalue = \"1\"\n";
    std::ofstream(dir.path() / "chain.toml") << text;
    const auto whole = read_preset(dir.path() / "chain.toml");
    ASSERT_TRUE(whole.has_value()) << describe(whole.error());
    const auto preset = parse_preset(*whole, "chain.toml");
    ASSERT_TRUE(preset.has_value()) << describe(preset.error());
    ASSERT_EQ(preset->contracts.size(), 1U);
    EXPECT_EQ(preset->contracts[0].code, puppet_code());
    EXPECT_TRUE(build(*preset, *whole).has_value());
    std::ofstream(dir.path() / "gone.toml") << text << "[[contracts]]\ncode_file = \"gone.wasm\"\n";
    const auto gone = read_preset(dir.path() / "gone.toml");
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().key, "contracts[1].code_file");
    EXPECT_NE(gone.error().line, 0U);
    const auto inside =
        inline_code("contracts = [{code_file = \"x\"}]\n", dir.path() / "chain.toml");
    ASSERT_FALSE(inside.has_value());
    EXPECT_EQ(inside.error().cause, "does not stand on a line of its own");
    EXPECT_EQ(inline_code("not = = toml", dir.path() / "x.toml").value(), "not = = toml");
}

}  // namespace
}  // namespace polis::genesis
