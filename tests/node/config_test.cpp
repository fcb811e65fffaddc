// Configuration of a node: one table of keys, four sources, errors that say where and what to do.
#include <node/config/config.hpp>

#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <node/config/key_table.hpp>
#include <node/config/peer_address.hpp>

namespace polis::node {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(const ConfigResult& result) { return result ? "accepted" : result.error(); }

std::string refusal_of(std::string_view toml) {
    NodeConfig config;
    return refusal(apply_toml(config, toml, "config.toml"));
}

TEST(NodeConfig, writes_what_it_reads) {
    NodeConfig config;
    config.node.moniker = "a \"quoted\" name";
    config.p2p.boot = {"1.2.3.4:5", "6.7.8.9:10"};
    config.admin.dev = true;
    config.consensus.view_timeout_ms = 4'321;
    for (const bool comments : {false, true}) {
        const std::string text = to_toml(config, comments);
        NodeConfig read;
        ASSERT_EQ(refusal(apply_toml(read, text, "config.toml")), "accepted");
        EXPECT_EQ(to_toml(read, comments), text);
        EXPECT_EQ(read.node.moniker, config.node.moniker);
        EXPECT_EQ(read.p2p.boot, config.p2p.boot);
    }
}

TEST(NodeConfig, takes_flags_over_environment_over_file) {
    NodeConfig config;
    const std::string file = "[p2p]\nlisten = \"127.0.0.1:1\"\noutbound_max = 3\ninbound_max = 4";
    ASSERT_TRUE(apply_toml(config, file, "config.toml"));
    ASSERT_TRUE(apply_environment(
        config, {"POLIS_P2P_OUTBOUND_MAX=5", "POLIS_P2P_INBOUND_MAX=6", "HOME=/root"}));
    ASSERT_TRUE(apply_value(config, "p2p.inbound_max", "7"));
    EXPECT_EQ(config.p2p.listen, "127.0.0.1:1");
    EXPECT_EQ(config.p2p.outbound_max, 5U);
    EXPECT_EQ(config.p2p.inbound_max, 7U);
}

TEST(NodeConfig, refuses_unknown_keys_and_says_what_was_meant) {
    EXPECT_THAT(refusal_of("[p2p]\nlisten = \"\"\nlisen = \"\""), StartsWith("config.toml:3: "));
    EXPECT_THAT(refusal_of("[p2p]\nlisen = \"\""), HasSubstr("did you mean listen?"));
    EXPECT_THAT(refusal_of("[ppp]\n"), StartsWith("config.toml:1: ppp"));
    NodeConfig config;
    EXPECT_THAT(
        refusal(apply_environment(config, {"POLIS_P2P_LISEN=x"})),
        HasSubstr("did you mean POLIS_P2P_LISTEN?"));
    EXPECT_THAT(
        refusal(apply_value(config, "p2p.lisen", "x")), HasSubstr("did you mean p2p.listen?"));
}

TEST(NodeConfig, leaves_other_variables_of_ours_alone) {
    NodeConfig config;
    EXPECT_TRUE(apply_environment(config, {"POLIS_HOME=/x", "POLIS_JOBS=3", "POLIS_P2POOL=1"}));
}

TEST(NodeConfig, checks_types_ranges_and_choices_with_their_place) {
    EXPECT_THAT(refusal_of("[p2p]\n\noutbound_max = \"many\""), StartsWith("config.toml:3: "));
    EXPECT_THAT(
        refusal_of("[p2p]\noutbound_max = 1001"), HasSubstr("out of range; choose 0 to 1000"));
    EXPECT_THAT(refusal_of("[log]\nlevel = \"loud\""), HasSubstr("choose one of trace, debug"));
    EXPECT_THAT(refusal_of("[p2p]\nboot = [1]"), HasSubstr("list of texts"));
    EXPECT_THAT(refusal_of("[admin]\ndev = 1"), HasSubstr("true or false"));
    EXPECT_THAT(refusal_of("[p2p\n"), StartsWith("config.toml:1: "));
    NodeConfig config;
    EXPECT_THAT(
        refusal(apply_value(config, "p2p.outbound_max", "1x")), StartsWith("--p2p.outbound_max: "));
    EXPECT_THAT(
        refusal(apply_environment(config, {"POLIS_ADMIN_DEV=yes"})), HasSubstr("true or false"));
}

TEST(NodeConfig, splits_lists_at_commas) {
    NodeConfig config;
    ASSERT_TRUE(apply_value(config, "rpc.hosts", "a.example,b.example,"));
    EXPECT_THAT(config.rpc.hosts, testing::ElementsAre("a.example", "b.example"));
    ASSERT_TRUE(apply_value(config, "rpc.hosts", ""));
    EXPECT_TRUE(config.rpc.hosts.empty());
}

TEST(NodeConfig, checks_what_no_single_key_shows) {
    EXPECT_EQ(refusal(check_config(NodeConfig{})), "accepted");
    NodeConfig config;
    config.p2p.listen = "localhost";
    EXPECT_THAT(refusal(check_config(config)), HasSubstr("write ip:port"));
    config = {};
    config.p2p.boot = {"xyz@127.0.0.1:1"};
    EXPECT_THAT(refusal(check_config(config)), HasSubstr("64 hex digits"));
    config = {};
    config.consensus.empty_block_interval_ms = config.consensus.view_timeout_ms / 2 + 1;
    EXPECT_THAT(refusal(check_config(config)), HasSubstr("raise consensus.view_timeout_ms to"));
    config = {};
    config.consensus.view_timeout_ms_max = config.consensus.view_timeout_ms - 1;
    EXPECT_THAT(refusal(check_config(config)), HasSubstr("view_timeout_ms_max"));
}

TEST(NodeConfig, a_trainers_port_needs_a_token_beyond_loopback) {
    NodeConfig config;
    config.trainer.listen = "0.0.0.0:26680";
    EXPECT_TRUE(check_config(config)) << "with a token";
    config.trainer.token_file = "";
    EXPECT_THAT(refusal(check_config(config)), StartsWith("trainer.listen: 0.0.0.0:26680 can be"));
    for (const char* loopback : {"127.0.0.1:26680", "[::1]:0", ""}) {
        config.trainer.listen = loopback;
        EXPECT_TRUE(check_config(config)) << loopback;
    }
    config.trainer.listen = "gpu:1";
    EXPECT_THAT(refusal(check_config(config)), StartsWith("trainer.listen: \"gpu:1\" is no"));
}

TEST(NodeConfig, every_default_is_in_its_range) {
    const NodeConfig defaults;
    std::set<std::string> names;
    for (const ConfigKey& key : config_keys()) {
        EXPECT_TRUE(names.insert(key.path()).second) << key.path();
        NodeConfig config;
        std::string text = value_text(key, defaults);
        std::erase_if(text, [](char letter) { return letter == '"' || letter == '['; });
        std::erase(text, ']');
        EXPECT_EQ(refusal(apply_value(config, key.path(), text)), "accepted") << key.path();
    }
}

TEST(NodeConfig, the_guide_lists_every_key) {
    std::ifstream in("docs/guides/configuration.md");
    const std::string guide{std::istreambuf_iterator<char>(in), {}};
    EXPECT_THAT(guide, HasSubstr(config_reference())) << "write this into the guide:\n"
                                                      << config_reference();
}

TEST(PeerAddress, reads_what_a_node_prints) {
    const std::string id(64, 'a');
    const auto full = parse_peer_address(id + "@127.0.0.1:26600");
    ASSERT_TRUE(full);
    EXPECT_TRUE(full->expected);
    EXPECT_EQ(full->host, "127.0.0.1");
    EXPECT_EQ(full->port, 26'600);
    const auto bare = parse_peer_address("[::1]:9");
    ASSERT_TRUE(bare);
    EXPECT_FALSE(bare->expected);
    EXPECT_EQ(bare->host, "::1");
    EXPECT_EQ(parse_peer_address("seed-1.example.org:26600")->host, "seed-1.example.org");
    EXPECT_FALSE(parse_peer_address("a b:1"));
    EXPECT_FALSE(parse_peer_address("-a:1"));
    EXPECT_FALSE(parse_peer_address(std::string(254, 'a') + ":1"));
    EXPECT_FALSE(parse_peer_address("host:65536"));
    EXPECT_FALSE(parse_peer_address("[::1:9"));
    EXPECT_FALSE(parse_peer_address("::1:9"));
    EXPECT_FALSE(parse_peer_address("127.0.0.1:0"));
    EXPECT_FALSE(parse_peer_address("127.0.0.1"));
    EXPECT_FALSE(parse_peer_address("aa@127.0.0.1:1"));
    EXPECT_FALSE(parse_peer_address(""));
}

TEST(PeerAddress, a_name_is_looked_up_and_an_address_is_taken_as_it_is) {
    const auto v6 = resolve(*parse_peer_address("[::1]:9"));
    ASSERT_TRUE(v6);
    ASSERT_EQ(v6->size(), 1U);
    EXPECT_EQ(p2p::to_string(v6->front().endpoint), "[::1]:9");
    const std::string id(64, 'a');
    const auto local = resolve(*parse_peer_address(id + "@localhost:26600"));
    ASSERT_TRUE(local) << local.error();
    for (const p2p::Dial& dial : *local) {
        EXPECT_EQ(dial.endpoint.port, 26'600);
        EXPECT_TRUE(dial.expected);
    }
    const auto nobody = resolve(*parse_peer_address("no-such-name.invalid:1"));
    ASSERT_FALSE(nobody);
    EXPECT_THAT(nobody.error(), HasSubstr("no-such-name.invalid has no address"));
}

}  // namespace
}  // namespace polis::node
