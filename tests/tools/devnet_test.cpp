// Goal: a devnet's files read back as they were written, wrong ones are named, faults are
// understood and stalls explained, and no other process is taken for a node. Method: no node runs.
#include <tools/devnet/devnet.hpp>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <core/hex.hpp>
#include <genesis/builder.hpp>
#include <node/home/home.hpp>
#include <tests/support/temp_dir.hpp>
#include <tools/devnet/faults.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/manifest.hpp>
#include <tools/devnet/node_home.hpp>
#include <tools/devnet/preflight.hpp>
#include <tools/devnet/process.hpp>
#include <tools/devnet/snapshots.hpp>
#include <tools/devnet/stall.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string manifest_error(std::string_view text, const ManifestFlags& flags = {}) {
    const auto manifest = parse_manifest(text, "devnet.toml", flags);
    return manifest ? "" : manifest.error().message;
}

TEST(DevnetManifest, reads_back_what_it_writes) {
    const Manifest manifest{
        .nodes = 7,
        .election = "pole",
        .seed = "a \"strange\" \\ seed",
        .accounts = 3,
        .block_interval_ms = 250,
        .base_port = 30'000};
    EXPECT_EQ(parse_manifest(to_toml(manifest), "devnet.toml", {}), manifest);
}

TEST(DevnetManifest, takes_flags_where_the_file_is_silent) {
    ManifestFlags flags;
    flags.nodes = 7;
    flags.accounts = 2;
    const auto manifest = parse_manifest("accounts = 2\nseed = \"x\"", "devnet.toml", flags);
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_EQ(manifest->nodes, 7);
    EXPECT_EQ(manifest->seed, "x");
    EXPECT_EQ(manifest->election, "dpos");
}

TEST(DevnetManifest, refuses_a_flag_that_contradicts) {
    ManifestFlags flags;
    flags.block_interval_ms = 100;
    const auto manifest = parse_manifest("block_interval_ms = 200", "devnet.toml", flags);
    ASSERT_FALSE(manifest);
    EXPECT_EQ(manifest.error().kind, FailureKind::kUsage);
    EXPECT_THAT(
        manifest.error().message,
        HasSubstr("--block-interval contradicts block_interval_ms = 200 in devnet.toml"));
    flags.election = "poc";
    EXPECT_THAT(
        manifest_error("election = \"dpos\"", flags), HasSubstr("--election contradicts election"));
}

TEST(DevnetManifest, names_what_is_wrong) {
    EXPECT_THAT(manifest_error("x = ["), HasSubstr("devnet.toml:1: "));
    EXPECT_THAT(
        manifest_error("\nnode = 3"), HasSubstr("devnet.toml:2: node: unknown key; did you mean"));
    EXPECT_THAT(manifest_error("nodes = 0"), HasSubstr("no number from 1 to 64"));
    EXPECT_THAT(manifest_error("nodes = \"4\""), HasSubstr("no number"));
    EXPECT_THAT(manifest_error("nodes = -1"), HasSubstr("no number"));
    EXPECT_THAT(manifest_error("seed = 4"), HasSubstr("seed is no text"));
    EXPECT_THAT(manifest_error("base_port = 80"), HasSubstr("from 1024"));
    EXPECT_THAT(manifest_error("election = \"pow\""), HasSubstr("choose \"dpos\""));
}

Devnet devnet_of(std::size_t nodes, const fs::path& home = "/nowhere") {
    Devnet out;
    out.home = home;
    out.polisd = "/bin/polisd";
    out.manifest.nodes = nodes;
    out.manifest.base_port = 26'600;
    for (std::size_t i = 0; i < nodes; ++i) {
        out.nodes.push_back(make_node(out.manifest, i, /*validator=*/true));
    }
    return out;
}

TEST(DevnetState, reads_back_what_it_writes) {
    Devnet devnet = devnet_of(4);
    devnet.nodes[2].process = {.pid = 123, .started = 456};
    devnet.nodes.erase(devnet.nodes.begin() + 1);
    devnet.nodes.push_back(make_node(devnet.manifest, 5, /*validator=*/false));
    EXPECT_EQ(parse_state(to_state(devnet), devnet.home), devnet);
}

TEST(DevnetState, refuses_damage_and_other_versions) {
    const std::string text = to_state(devnet_of(2));
    EXPECT_THAT(parse_state("{", "/x").error().message, HasSubstr("damaged"));
    EXPECT_THAT(parse_state("[]", "/x").error().message, HasSubstr("damaged"));
    EXPECT_THAT(parse_state("{\"version\": 1}", "/x").error().message, HasSubstr("damaged"));
    EXPECT_THAT(
        parse_state("{\"version\": 2}", "/x").error().message, HasSubstr("another version"));
    EXPECT_THAT(load("/nowhere").error().message, HasSubstr("there is no devnet in /nowhere"));
    EXPECT_TRUE(parse_state(text, "/x"));
}

TEST(DevnetState, gives_nodes_their_own_ports_and_identities) {
    const Devnet devnet = devnet_of(3);
    EXPECT_EQ(devnet.nodes[0].p2p_port, 26'600);
    EXPECT_EQ(devnet.nodes[2].admin_port, 26'622);
    EXPECT_NE(devnet.nodes[0].id, devnet.nodes[1].id);
    EXPECT_EQ(
        devnet.nodes[1].id,
        to_hex_prefixed(identity_key(devnet.manifest.seed, 1).public_key().view()));
    EXPECT_EQ(position_of(devnet, 2), 2);
    EXPECT_THAT(
        position_of(devnet, 3).error().message, HasSubstr("no node 3; this devnet has 0, 1, 2"));
}

TEST(DevnetHome, makes_homes_once_and_alike) {
    const polis::testing::TempDir folder;
    const Devnet devnet = devnet_of(2, folder.path());
    for (const Node& node : devnet.nodes) {
        ASSERT_TRUE(make_home(devnet, node));
    }
    const auto token = read_file(folder.path() / "node-0/api.token");
    ASSERT_TRUE(make_home(devnet, devnet.nodes[0])) << "a second time changes nothing";
    EXPECT_EQ(read_file(folder.path() / "node-0/api.token"), token);
    EXPECT_NE(read_file(folder.path() / "node-1/api.token"), token);
    EXPECT_EQ(
        read_file(folder.path() / "node-0/genesis.toml"),
        read_file(folder.path() / "node-1/genesis.toml"));
    const auto mode = fs::status(folder.path() / "node-0/api.token").permissions();
    EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write);
    const std::string config = *read_file(folder.path() / "node-0/config.toml");
    EXPECT_THAT(config, HasSubstr(devnet.nodes[1].id + "@127.0.0.1:26610"));
    EXPECT_THAT(config, Not(HasSubstr(devnet.nodes[0].id)));
}

TEST(DevnetHome, is_only_made_where_nothing_else_is) {
    const polis::testing::TempDir folder;
    EXPECT_TRUE(check_home(folder.path() / "new"));
    EXPECT_TRUE(check_home(folder.path()));
    ASSERT_TRUE(write_file(folder.path() / "thesis.txt", "words"));
    EXPECT_THAT(check_home(folder.path()).error().message, HasSubstr("something else"));
    EXPECT_THAT(
        check_home(folder.path() / "thesis.txt").error().message, HasSubstr("no directory"));
    ASSERT_TRUE(write_file(folder.path() / "devnet.toml", ""));
    EXPECT_TRUE(check_home(folder.path()));
}

TEST(DevnetWait, is_ready_or_a_height) {
    EXPECT_EQ(parse_wait("ready")->finalized, std::nullopt);
    EXPECT_EQ(parse_wait("finalized:3")->finalized, 3);
    for (const char* wrong : {"", "finalized", "finalized:", "finalized:x", "finalized:-1"}) {
        EXPECT_FALSE(parse_wait(wrong)) << wrong;
    }
}

TEST(DevnetFaults, reads_groups) {
    EXPECT_EQ(parse_groups("0,1/2,3"), (std::vector<std::vector<std::size_t>>{{0, 1}, {2, 3}}));
    EXPECT_EQ(parse_groups("2"), (std::vector<std::vector<std::size_t>>{{2}}));
    EXPECT_THAT(parse_groups("0,x/1").error().message, HasSubstr("'x' is no number"));
    EXPECT_THAT(parse_groups("0/0").error().message, HasSubstr("node 0 stands twice"));
    EXPECT_THAT(parse_groups("0//1").error().message, HasSubstr("empty group"));
    EXPECT_THAT(parse_groups("").error().message, HasSubstr("no group"));
}

std::vector<NodeStatus> running(std::size_t nodes) {
    std::vector<NodeStatus> out;
    for (const Node& node : devnet_of(nodes).nodes) {
        NodeStatus status;
        status.node = node;
        status.health = Health::kRunning;
        status.height = 40;
        out.push_back(status);
    }
    return out;
}

void cut(std::vector<NodeStatus>& nodes, std::size_t from, std::size_t to) {
    nodes[from].cut_off.push_back(nodes[to].node.id);
}

TEST(Stall, is_none_while_enough_validators_hear_each_other) {
    auto nodes = running(4);
    EXPECT_EQ(explain_stall(nodes, 500), std::nullopt);
    nodes[3].health = Health::kDown;
    EXPECT_EQ(explain_stall(nodes, 500), std::nullopt);
    nodes[3].health = Health::kRunning;
    cut(nodes, 0, 3);
    EXPECT_EQ(explain_stall(nodes, 500), std::nullopt) << "three hear each other";
    nodes[0].node.validator = false;
    EXPECT_EQ(explain_stall(running(1), 500), std::nullopt);
}

TEST(Stall, names_the_nodes_that_a_partition_cuts_off) {
    auto nodes = running(4);
    for (const std::size_t one : {0U, 1U}) {
        for (const std::size_t other : {2U, 3U}) {
            cut(nodes, one, other);
            cut(nodes, other, one);
        }
    }
    EXPECT_EQ(
        explain_stall(nodes, 500),
        "2 of 4 validators heard, need 3: nodes 2 and 3 are cut off by a fault; mend it: polis "
        "devnet fault clear");
}

TEST(Stall, names_what_else_keeps_validators_away) {
    auto nodes = running(7);
    nodes[1].health = Health::kPaused;
    nodes[4].health = Health::kDown;
    nodes[6].health = Health::kSilent;
    EXPECT_EQ(
        explain_stall(nodes, 500),
        "4 of 7 validators heard, need 5: node 4 is down, node 1 is paused, node 6 is running but "
        "not answering; mend it: polis devnet fault resume 1");
    nodes[1].health = Health::kRunning;
    EXPECT_EQ(explain_stall(nodes, 500), std::nullopt);
    for (NodeStatus& node : nodes) {
        node.health = Health::kDown;
    }
    EXPECT_THAT(
        *explain_stall(nodes, 500), HasSubstr("0 of 7 validators heard, need 5: nodes 0, "));
    EXPECT_THAT(*explain_stall(nodes, 500), HasSubstr("mend it: polis devnet up"));
}

TEST(Stall, reports_heads_that_stand_still_for_another_reason) {
    auto nodes = running(4);
    for (NodeStatus& node : nodes) {
        node.lag_ms = 12'000;
        node.explanation = "waiting for a proposal";
    }
    EXPECT_THAT(
        *explain_stall(nodes, 500),
        HasSubstr("no new block for 12 s at height 40, view 0: waiting for a proposal"));
    EXPECT_EQ(explain_stall(nodes, 2'000), std::nullopt) << "blocks are that slow here";
    nodes[2].lag_ms = 100;
    EXPECT_EQ(explain_stall(nodes, 500), std::nullopt) << "one node has a new head";
}

TEST(Process, is_known_by_its_start_and_its_arguments) {
    const polis::testing::TempDir folder;
    const std::string mark = folder.path().string();
    StartOptions options;
    options.arguments = {"/bin/sh", "-c", "echo hello; read line", mark};
    options.output = folder.path() / "out";
    options.log = folder.path() / "log";
    const auto ended = start(options);
    ASSERT_TRUE(ended) << ended.error().message;
    while (!ending_of(ended->pid)) {  // its input is empty, so it ends by itself
    }
    EXPECT_EQ(state_of(*ended, mark), ProcessState::kGone);
    EXPECT_EQ(read_file(folder.path() / "out"), "hello\n");

    options.arguments = {"/bin/sh", "-c", "kill -STOP $$", mark};
    const auto process = start(options);
    ASSERT_TRUE(process);
    while (state_of(*process, mark) == ProcessState::kRunning) {
    }
    EXPECT_EQ(state_of(*process, mark), ProcessState::kPaused);
    EXPECT_EQ(state_of(*process, "another home"), ProcessState::kGone);
    const ProcessId later{.pid = process->pid, .started = process->started + 1};
    EXPECT_EQ(state_of(later, mark), ProcessState::kGone) << "the number was used again";
    EXPECT_TRUE(usage_of(process->pid));
    ::kill(process->pid, SIGKILL);
    std::optional<std::string> ending;
    while (!ending) {
        ending = ending_of(process->pid);
    }
    EXPECT_EQ(ending, "signal 9");
    EXPECT_EQ(state_of(*process, mark), ProcessState::kGone);
}

TEST(Process, runs_programs_to_their_end) {
    const auto done = run_program({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"});
    ASSERT_TRUE(done);
    EXPECT_EQ(done->code, 3);
    EXPECT_EQ(done->output, "out\nerr\n");
    EXPECT_EQ(run_program({"/nowhere/program"})->code, 127);
    EXPECT_TRUE(find_program("sh"));
    EXPECT_FALSE(find_program("a-program-that-nobody-has"));
}

TEST(Lines, are_the_last_ones_of_a_log) {
    const polis::testing::TempDir folder;
    ASSERT_TRUE(write_file(folder.path() / "log", "one\ntwo\nthree\n"));
    EXPECT_EQ(last_lines(folder.path() / "log", 2), "  two\n  three");
    EXPECT_EQ(last_lines(folder.path() / "none", 2), "");
}

}  // namespace

}  // namespace polis::tools::devnet
