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
        .state_root = "87d561a87f8c0dbc8e484350741e257dc7196c1da32dcc9b38de6d0bc9ca72f4",
        .genesis = "f0cbfe90f0c4dc2c1fb7ca0bb777e6f9f94dee83a85427d3d242d7bfcf92254d",
        .block = "a3bd1770a16f962603c454fac1502147847b95e6f481f533d1c6c24bb43f8d5f"};
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
        .state_root = "81b31b6894122e09d3223319f0633825cedeba08b57cba59b9fc8a62d9099556",
        .genesis = "cc56e12c3f7d1bc1f6377c577c7d0f6464a9f9e90647abb2eb6d52d0ee853438",
        .block = "1cb645bcd87240d1402c44774fa40551d21d1ff2fac20c9bbafe2a73a1c2ba1b"};
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
