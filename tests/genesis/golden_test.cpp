// The presets that come with Polis: their exact hashes, and that the files are what the generator
// prints. A hash here changes only with the protocol or with a preset, and then on purpose.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <ledger/chain.hpp>
#include <ledger/store/memory_store.hpp>

namespace polis::genesis {
namespace {

using ledger::Chain;

struct Golden {
    std::string file;
    DevnetOptions options;
    std::string state_root;
    std::string genesis;
    std::string block;
};

Golden devnet() {
    return {
        .file = "genesis/presets/devnet.toml",
        .options = {},
        .state_root = "f42a7e24d290b337f1c503f055608cc5775c800e9e6666f469a1f8b0089da7b5",
        .genesis = "bebe0a7ce1c0e7e236ffb7648653fccd8c54273085d2845aacaa36dcd62ce631",
        .block = "dd0c1204eda94d33be3dc10eb2497d979cf90039058d1757a9f1b9d20a960aef"};
}

Golden solo() {
    return {
        .file = "genesis/presets/solo.toml",
        .options =
            {.validators = 1,
             .accounts = 10,
             .seed = std::string(kDevSeed),
             .name = "solo",
             .chain_id = ChainId{102}},
        .state_root = "456040b832ea38af2305267c10a0007dca06ba6d089112f5e8bc0de8695f63ab",
        .genesis = "f37101e367d588eaf452b4f5463cde7f36936085a8abfe5ae85321f7e3deca05",
        .block = "706c1b21ab4daa1696c4aa7bd1f77c93a184c77de78421eb6df545b5a63345dd"};
}

class GoldenPreset : public testing::TestWithParam<Golden> {};

TEST_P(GoldenPreset, has_the_pinned_hashes) {
    const auto text = read_preset(GetParam().file);
    ASSERT_TRUE(text.has_value()) << describe(text.error());
    const auto genesis = build_from_text(*text, GetParam().file);
    ASSERT_TRUE(genesis.has_value()) << describe(genesis.error());
    EXPECT_EQ(to_hex(genesis->state_root.view()), GetParam().state_root);
    EXPECT_EQ(to_hex(genesis->hash.view()), GetParam().genesis);
    const auto chain =
        Chain::create(std::make_unique<ledger::MemoryStore>(), genesis->state, Chain::Options{});
    ASSERT_TRUE(chain.has_value()) << chain.error().context;
    EXPECT_EQ((*chain)->genesis(), genesis->hash);
    EXPECT_EQ((*chain)->head().state_root, genesis->state_root);
    EXPECT_EQ(to_hex((*chain)->head().block.view()), GetParam().block);
}

TEST_P(GoldenPreset, is_what_the_generator_prints) {
    const auto text = read_preset(GetParam().file);
    ASSERT_TRUE(text.has_value()) << describe(text.error());
    EXPECT_EQ(*text, devnet_toml(GetParam().options));
    const auto preset = parse_preset(*text, GetParam().file);
    ASSERT_TRUE(preset.has_value()) << describe(preset.error());
    EXPECT_EQ(*preset, devnet_preset(GetParam().options));
}

INSTANTIATE_TEST_SUITE_P(
    Presets,
    GoldenPreset,
    testing::Values(devnet(), solo()),
    [](const testing::TestParamInfo<Golden>& parameter) { return parameter.param.options.name; });

}  // namespace
}  // namespace polis::genesis
