// What a benchmark reads of its nodes: pages of metrics, /proc, and differences between readings.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/random.hpp>
#include <node/metrics/stages.hpp>
#include <tests/support/temp_dir.hpp>
#include <tests/tools/fake_server.hpp>
#include <tools/bench/probe.hpp>
#include <tools/devnet/process.hpp>

namespace polis::tools::bench {
namespace {

using Metrics = std::map<std::string, double>;

// ---- pages --------------------------------------------------------------------------------------

TEST(ParseMetrics, keeps_names_with_their_labels) {
    const Metrics metrics = parse_metrics(
        "# HELP polis_height Height\n"
        "# TYPE polis_height gauge\n"
        "polis_height 12\n"
        "bytes_total{channel=\"txns\"} 3.5e+06\n"
        "odd{text=\"a \\\"}\\\" 9\",le=\"+Inf\"} 7 1700000000000\r\n"
        "\n"
        "last -1");
    const Metrics wanted{
        {"polis_height", 12},
        {"bytes_total{channel=\"txns\"}", 3.5e6},
        {"odd{text=\"a \\\"}\\\" 9\",le=\"+Inf\"}", 7},
        {"last", -1}};
    EXPECT_EQ(metrics, wanted);
}

TEST(ParseMetrics, leaves_out_what_is_no_sample) {
    for (const char* line :
         {"name",
          "name ",
          "name x",
          "name 1x",
          "name NaN",
          "name +Inf",
          "name inf",
          "name 1e999",
          "9name 1",
          " name 1",
          "{a=\"b\"} 1",
          "name{a=\"b\" 1",
          "name{a=\"b} 1",
          "name{a=\"b\"}1",
          "na-me 1"}) {
        EXPECT_EQ(parse_metrics(line), Metrics{}) << line;
    }
    EXPECT_EQ(parse_metrics("a 1\na 2"), (Metrics{{"a", 2}}));
}

/// Pages that were spoilt anywhere: no crash, every value finite, every name on the page, and a
/// sample on a line of its own is found whatever the rest is.
TEST(ParseMetrics, survives_pages_that_were_spoilt) {
    Random random(11);
    constexpr std::string_view kLetters = "a1_:{}=\", \t\\\n\r#+-.eE\xff";
    for (int turn = 0; turn < 3'000; ++turn) {
        std::string page;
        for (std::uint64_t i = random.below(200); i > 0; --i) {
            page += kLetters[random.below(kLetters.size())];
        }
        const Metrics metrics = parse_metrics(page + "\nsafe{a=\"b\"} 5\n");
        for (const auto& [name, value] : metrics) {
            EXPECT_TRUE(std::isfinite(value));
            EXPECT_FALSE(name.empty());
            EXPECT_TRUE(name.starts_with("safe") || page.find(name) != std::string::npos);
        }
        EXPECT_TRUE(metrics.contains("safe{a=\"b\"}")) << page;
    }
}

// ---- /proc --------------------------------------------------------------------------------------

TEST(ReadProcess, knows_this_one) {
    const auto before = read_process(::getpid());
    ASSERT_TRUE(before);
    EXPECT_TRUE(before->alive);
    EXPECT_GT(before->started, 0U);
    EXPECT_GT(before->resident_bytes, 1U << 20);
    EXPECT_GE(before->resident_bytes_max, before->resident_bytes);
    auto after = before;
    while (after && after->user_us + after->system_us <= before->user_us + before->system_us) {
        after = read_process(::getpid());  // this takes processor time, and it must show
    }
    ASSERT_TRUE(after);
    EXPECT_EQ(after->started, before->started);
}

TEST(ReadProcess, has_nothing_of_one_that_has_ended) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(0);
    }
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(read_process(child)) << "only its exit code is left";
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(read_process(child));
}

TEST(ThisMachine, is_described) {
    const Machine machine = this_machine("1.2.3");
    EXPECT_EQ(machine.version, "1.2.3");
    EXPECT_FALSE(machine.cpu.empty());
    EXPECT_GE(machine.cores, 1U);
    EXPECT_GT(machine.memory_bytes, std::uint64_t{1} << 28);
    EXPECT_TRUE(machine.system.starts_with("Linux ")) << machine.system;
    EXPECT_NE(machine.compiler.find("-g1"), std::string::npos) << machine.compiler;
    EXPECT_GE(machine.load_before, 0);
    EXPECT_GT(machine.began_ms, 1'700'000'000'000U);
}

// ---- differences --------------------------------------------------------------------------------

Reading reading(std::uint64_t node, std::uint64_t started) {
    Reading out;
    out.node = node;
    out.alive = true;
    out.started = started;
    return out;
}

TEST(UseBetween, is_the_difference_of_the_same_process) {
    Reading before = reading(3, 77);
    before.user_us = 100;
    before.system_us = 10;
    before.resident_bytes_max = 5'000;
    before.disk_written_bytes = 1'000;
    before.metrics = parse_metrics(
        "polis_height 5\n"
        "polis_p2p_sent_bytes_total{channel=\"txns\"} 10\n"
        "polis_p2p_sent_bytes_total{channel=\"consensus\"} 20\n"
        "polis_p2p_sent_messages_total{channel=\"txns\"} 1\n");
    Reading after = before;
    after.user_us = 150;
    after.system_us = 11;
    after.resident_bytes_max = 6'000;
    after.disk_written_bytes = 4'000;
    after.metrics = parse_metrics(
        "polis_height 9\n"
        "polis_p2p_sent_bytes_total{channel=\"txns\"} 100\n"
        "polis_p2p_sent_bytes_total{channel=\"consensus\"} 21\n"
        "polis_p2p_received_bytes_total{channel=\"txns\"} 4\n"
        "polis_p2p_sent_messages_total{channel=\"txns\"} 8\n"
        "polis_txn_signatures_verified_total 12\n");
    const std::vector<NodeUse> wanted{
        {.node = 3,
         .user_us = 50,
         .system_us = 1,
         .resident_bytes_max = 6'000,
         .disk_written_bytes = 3'000,
         .sent_bytes = 91,
         .received_bytes = 4,
         .messages_sent = 7,
         .signatures = 12,
         .height_from = 5,
         .height_to = 9,
         .ran_through = true}};
    EXPECT_EQ(use_between({before}, {after}), wanted);
}

TEST(UseBetween, begins_again_with_a_restarted_process) {
    Reading before = reading(0, 77);
    before.user_us = 1'000;
    before.resident_bytes_max = 9'000;
    before.metrics = {{"polis_p2p_sent_bytes_total", 500}, {"polis_height", 5}};
    Reading after = reading(0, 99);
    after.user_us = 400;
    after.resident_bytes_max = 3'000;
    after.metrics = {{"polis_p2p_sent_bytes_total", 700}, {"polis_height", 8}};
    const NodeUse use = use_between({before}, {after}).at(0);
    EXPECT_EQ(use.user_us, 400U);
    EXPECT_EQ(use.sent_bytes, 700U);
    EXPECT_EQ(use.resident_bytes_max, 9'000U);
    EXPECT_EQ(use.height_from, 5U);
    EXPECT_EQ(use.height_to, 8U);
    EXPECT_FALSE(use.ran_through);
}

TEST(UseBetween, says_of_dead_and_new_nodes_that_they_did_not_run_through) {
    Reading before = reading(0, 77);
    before.user_us = 1'000;
    Reading dead;
    dead.node = 0;
    const Reading later = reading(1, 99);
    const auto uses = use_between({before}, {dead, later});
    ASSERT_EQ(uses.size(), 2U);
    EXPECT_EQ(uses[0].user_us, 0U);
    EXPECT_FALSE(uses[0].ran_through);
    EXPECT_FALSE(uses[1].ran_through);
}

// ---- stages -------------------------------------------------------------------------------------

/// The lines that a node writes for a stage.
std::string page_of(std::string_view stage, const node::TimeHistogram& times) {
    std::string out;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < node::TimeHistogram::kBuckets; ++i) {
        sum += times.count(i);
        out += fmt::format(
            "polis_stage_seconds_bucket{{stage=\"{}\",le=\"{}\"}} {}\n",
            stage,
            static_cast<double>(node::TimeHistogram::bound_us(i)) / 1e6,
            sum);
    }
    sum += times.count(node::TimeHistogram::kBuckets);
    out += fmt::format(
        "polis_stage_seconds_bucket{{stage=\"{0}\",le=\"+Inf\"}} {1}\n"
        "polis_stage_seconds_count{{stage=\"{0}\"}} {1}\n"
        "polis_stage_seconds_sum{{stage=\"{0}\"}} {2}\n",
        stage,
        sum,
        static_cast<double>(times.sum_us()) / 1e6);
    return out;
}

Spread spread_of(const std::vector<Stage>& stages, std::string_view name) {
    const auto found = std::ranges::find(stages, name, &Stage::name);
    return found == stages.end() ? Spread{} : found->time;
}

TEST(StagesBetween, names_all_stages_in_their_order) {
    const auto stages = stages_between({}, {reading(0, 1)});
    ASSERT_EQ(stages.size(), node::kStages);
    for (std::size_t i = 0; i < node::kStages; ++i) {
        EXPECT_EQ(stages[i].name, node::kStageTexts[i].name);
        EXPECT_EQ(stages[i].about, node::kStageTexts[i].about);
        EXPECT_EQ(stages[i].time, Spread{});
    }
}

/// Over all magnitudes, two nodes together and without what was there before: counts and means are
/// exact, and each percentile lies in the bucket of the true one.
TEST(StagesBetween, agree_with_a_sorted_list) {
    Random random(5);
    for (int turn = 0; turn < 20; ++turn) {
        const std::uint64_t magnitude = 1 + random.below(24);
        std::vector<Reading> before{reading(0, 1), reading(1, 1)};
        std::vector<Reading> after = before;
        std::vector<std::uint64_t> sorted;
        for (std::size_t n = 0; n < before.size(); ++n) {
            node::TimeHistogram times;
            for (std::uint64_t i = random.below(100); i > 0; --i) {
                times.add(random.below(1'000'000));
            }
            before[n].metrics = parse_metrics(page_of("verify", times));
            for (int i = 0; i < 1'000; ++i) {
                sorted.push_back(random.below(std::uint64_t{1} << (1 + random.below(magnitude))));
                times.add(sorted.back());
            }
            after[n].metrics = parse_metrics(page_of("verify", times));
        }
        std::ranges::sort(sorted);
        const Spread spread = spread_of(stages_between(before, after), "verify");
        EXPECT_EQ(spread.count, sorted.size());
        std::uint64_t sum = 0;
        for (const std::uint64_t us : sorted) {
            sum += us;
        }
        EXPECT_NEAR(
            static_cast<double>(spread.mean_us),
            static_cast<double>(sum) / static_cast<double>(sorted.size()),
            1);
        const auto same_bucket = [&sorted](std::uint64_t found, std::size_t per_mille) {
            const std::uint64_t exact = sorted[(sorted.size() * per_mille + 999) / 1'000 - 1];
            const std::size_t bucket = node::TimeHistogram::bucket_of(exact);
            EXPECT_LE(found, node::TimeHistogram::bound_us(bucket)) << per_mille;
            EXPECT_GE(found, bucket == 0 ? 0 : node::TimeHistogram::bound_us(bucket - 1));
        };
        same_bucket(spread.p50_us, 500);
        same_bucket(spread.p90_us, 900);
        same_bucket(spread.p99_us, 990);
        same_bucket(spread.p999_us, 999);
        EXPECT_EQ(
            spread.max_us,
            node::TimeHistogram::bound_us(node::TimeHistogram::bucket_of(sorted.back())));
    }
}

TEST(StagesBetween, takes_times_above_every_bound_for_it) {
    node::TimeHistogram times;
    times.add(std::uint64_t{1} << 40);
    Reading after = reading(0, 1);
    after.metrics = parse_metrics(page_of("commit", times));
    const Spread spread = spread_of(stages_between({reading(0, 1)}, {after}), "commit");
    const std::uint64_t last = node::TimeHistogram::bound_us(node::TimeHistogram::kBuckets - 1);
    EXPECT_EQ(spread.count, 1U);
    EXPECT_EQ(spread.p50_us, last);
    EXPECT_EQ(spread.max_us, last);
    EXPECT_EQ(spread.mean_us, std::uint64_t{1} << 40);
}

TEST(StagesBetween, counts_a_restarted_node_from_its_start) {
    node::TimeHistogram times;
    times.add(100, 50);
    Reading before = reading(0, 1);
    before.metrics = parse_metrics(page_of("judge", times));
    node::TimeHistogram again;
    again.add(100, 3);
    Reading after = reading(0, 2);
    after.metrics = parse_metrics(page_of("judge", again));
    EXPECT_EQ(spread_of(stages_between({before}, {after}), "judge").count, 3U);
    after.started = 1;  // the same process, but its counters went back: nothing is negative
    EXPECT_EQ(spread_of(stages_between({before}, {after}), "judge").count, 0U);
}

/// Whatever a page holds: no crash, and no percentile above the next.
TEST(StagesBetween, survives_pages_that_were_spoilt) {
    Random random(7);
    for (int turn = 0; turn < 300; ++turn) {
        const auto page = [&random] {
            std::string out;
            for (int i = 0; i < 30; ++i) {
                out += fmt::format(
                    "polis_stage_seconds_{}{{stage=\"wait\",le=\"{}\"}} {}\n",
                    std::vector{"bucket", "count", "sum"}[random.below(3)],
                    std::vector{"1e-05", "0.1", "-1", "x", "1e300", "", "+Inf"}[random.below(7)],
                    std::vector{"5", "-5", "1e30", "1e17", "0.5"}[random.below(5)]);
            }
            return parse_metrics(out);
        };
        Reading before = reading(0, 1);
        before.metrics = page();
        Reading after = reading(0, 1);
        after.metrics = page();
        const Spread spread = spread_of(stages_between({before}, {after}), "wait");
        EXPECT_LE(spread.p50_us, spread.p90_us);
        EXPECT_LE(spread.p90_us, spread.p99_us);
        EXPECT_LE(spread.p99_us, spread.p999_us);
    }
}

// ---- nodes --------------------------------------------------------------------------------------

/// A process that takes no time and stays until it is killed.
class Sleeper {
  public:
    Sleeper(const std::filesystem::path& folder, const std::string& mark) {
        devnet::StartOptions options;
        options.arguments = {"/bin/sh", "-c", "kill -STOP $$", mark};
        options.output = folder / "out";
        options.log = folder / "log";
        const auto started = devnet::start(options);
        EXPECT_TRUE(started) << started.error().message;
        id = started.value_or(devnet::ProcessId{});
    }

    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

    ~Sleeper() {
        ::kill(id.pid, SIGKILL);
        ::waitpid(id.pid, nullptr, 0);
    }

    devnet::ProcessId id;
};

TEST(ReadNodes, tells_nodes_that_answer_from_mute_and_dead_ones) {
    const polis::testing::TempDir folder;
    testing::FakeServer server(
        [](const std::string&) { return testing::http_ok("polis_height 4\n"); });
    testing::FakeServer mute([](const std::string&) { return std::string(); }, /*keep=*/false);
    devnet::Devnet devnet;
    devnet.home = folder.path();
    for (const std::uint16_t port : {server.address().port, mute.address().port}) {
        devnet::Node node;
        node.index = devnet.nodes.size();
        node.rpc_port = port;
        devnet.nodes.push_back(node);
    }
    const Sleeper first(folder.path(), devnet::node_home(devnet, devnet.nodes[0]).string());
    const Sleeper second(folder.path(), devnet::node_home(devnet, devnet.nodes[1]).string());
    devnet.nodes[0].process = first.id;
    devnet.nodes[1].process = second.id;
    devnet.nodes.push_back(devnet.nodes[0]);
    devnet.nodes[2].index = 2;
    devnet.nodes[2].process = {};  // its port answers, but it is none of ours

    const auto readings = read_nodes(devnet);
    ASSERT_EQ(readings.size(), 3U);
    EXPECT_TRUE(readings[0].alive);
    EXPECT_EQ(readings[0].started, first.id.started);
    EXPECT_EQ(readings[0].metrics, (Metrics{{"polis_height", 4}}));
    EXPECT_FALSE(readings[1].alive);
    EXPECT_EQ(readings[1].started, second.id.started);
    EXPECT_TRUE(readings[1].metrics.empty());
    EXPECT_FALSE(readings[2].alive);
    EXPECT_EQ(readings[2].started, 0U);
    EXPECT_EQ(readings[2].node, 2U);
}

}  // namespace
}  // namespace polis::tools::bench
