// Exports come back as the same chain; damaged ones are refused with a message.
#include <node/archive/archive.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <genesis/devnet.hpp>
#include <node/home/home.hpp>
#include <tests/tools/chain_fixture.hpp>

namespace polis::tools::testing {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

TEST(Archive, comes_back_as_the_same_chain) {
    const TempDir dir;
    const auto chain = open_image(chain_image(7));
    const auto written = node::export_chain(*chain, dir.path() / "a", {});
    ASSERT_TRUE(written.has_value()) << written.error();
    EXPECT_EQ(written->bytes, fs::file_size(dir.path() / "a"));
    const auto read_back = node::import_chain(dir.path() / "a", dir.path() / "home", 2, {});
    ASSERT_TRUE(read_back.has_value()) << read_back.error();
    EXPECT_EQ(read_back->block, chain->head().block);
    EXPECT_EQ(read_back->state_root, chain->head().state_root);
    EXPECT_EQ(read_back->txns, written->txns);
    EXPECT_FALSE(
        node::export_chain(*chain, dir.path() / "a", {}).has_value());  // never overwritten
}

TEST(Archive, goes_on_where_an_import_stopped) {
    const TempDir dir;
    ASSERT_TRUE(
        node::export_chain(*open_image(chain_image(3)), dir.path() / "short", {}).has_value());
    ASSERT_TRUE(
        node::export_chain(*open_image(chain_image(7)), dir.path() / "long", {}).has_value());
    ASSERT_TRUE(node::import_chain(dir.path() / "short", dir.path() / "h", 1, {}).has_value());
    const auto more = node::import_chain(dir.path() / "long", dir.path() / "h", 1, {});
    ASSERT_TRUE(more.has_value()) << more.error();
    EXPECT_EQ(more->height, Height{7});
    const auto again = node::import_chain(dir.path() / "short", dir.path() / "h", 1, {});
    ASSERT_TRUE(again.has_value()) << again.error();
    EXPECT_EQ(again->height, Height{7});
    EXPECT_EQ(again->txns, 0U);
}

TEST(Archive, refuses_damage) {
    const TempDir dir;
    ASSERT_TRUE(node::export_chain(*open_image(chain_image(2)), dir.path() / "a", {}).has_value());
    const std::string good = read(dir.path() / "a");
    Random random(3);
    for (int i = 0; i < 60; ++i) {
        std::string bad = good;
        if (i % 2 == 0) {
            bad.resize(random.below(good.size()));
        } else {
            bad[random.between(good.find("stake ="), good.size() - 1)] ^= 0x10;
        }
        write(dir.path() / "bad", bad);
        const fs::path home = dir.path() / std::to_string(i);
        const auto imported = node::import_chain(dir.path() / "bad", home, 1, {});
        ASSERT_FALSE(imported.has_value()) << i;
        EXPECT_NE(imported.error().find(';'), std::string::npos) << imported.error();
    }
    write(dir.path() / "more", good + "x");
    EXPECT_FALSE(node::import_chain(dir.path() / "more", dir.path() / "m", 1, {}).has_value());
    EXPECT_FALSE(node::import_chain(dir.path() / "none", dir.path() / "n", 1, {}).has_value());
}

TEST(Archive, does_not_mix_chains) {
    const TempDir dir;
    ASSERT_TRUE(node::export_chain(*open_image(chain_image(2)), dir.path() / "a", {}).has_value());
    const auto preset = genesis::devnet_toml({.name = "other", .chain_id = ChainId{9}});
    ASSERT_TRUE(node::create_home(dir.path() / "h", preset, "other").has_value());
    const auto mixed = node::import_chain(dir.path() / "a", dir.path() / "h", 1, {});
    ASSERT_FALSE(mixed.has_value());
    EXPECT_NE(mixed.error().find("holds another chain"), std::string::npos) << mixed.error();
}

}  // namespace
}  // namespace polis::tools::testing
