// Goal: what was measured comes back from its files as it was, and a reader meets it unharmed.
// Method: reports with random values and hostile texts; every member of a summary missing once,
// and of a wrong type once, against the reader and against the schema; the tables read by a parser
// of their own.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <core/random.hpp>
#include <tests/tools/bench_fixture.hpp>
#include <tools/bench/report/csv.hpp>
#include <tools/bench/report/json.hpp>
#include <tools/bench/report/output.hpp>
#include <tools/bench/report/words.hpp>
#include <tools/bench/result.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::bench {
namespace {

using Json = nlohmann::ordered_json;

Report parsed(const std::string& text) {
    const auto report = parse_summary(text, "test");
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? *report : Report{};
}

std::string refusal(const std::string& text) {
    const auto report = parse_summary(text, "a.json");
    return report ? "taken" : report.error().message;
}

Json small_json() { return Json::parse(to_json(small_report())); }

Json example_json() { return Json::parse(to_json(example_report())); }

/// Rows of a table by RFC 4180.
std::vector<std::vector<std::string>> csv_rows(const std::string& text) {
    std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string& field = rows.back().back();
        if (quoted && text.compare(i, 2, "\"\"") == 0) {
            field += text[++i];
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[i] == ',') {
            rows.back().emplace_back();
        } else if (!quoted && text.compare(i, 2, "\r\n") == 0) {
            ++i;
            rows.emplace_back(1);
        } else {
            field += text[i];
        }
    }
    EXPECT_FALSE(quoted);
    EXPECT_EQ(rows.back(), std::vector<std::string>(1)) << "the last line has its end";
    rows.pop_back();
    return rows;
}

TEST(BenchResult, passes_only_if_every_check_of_all_runs_does) {
    Report report = example_report();
    EXPECT_TRUE(passed(report));
    EXPECT_EQ(verdict(report), "PASSED: 8 checks of 3 runs");
    report.runs[1].checks[0] = {
        "every transaction is final", "0 unfinished", "12 unfinished", false};
    EXPECT_FALSE(passed(report));
    EXPECT_EQ(
        verdict(report),
        "FAILED: pole: every transaction is final: wanted 0 unfinished, found 12 unfinished");
    report.checks[0].passed = false;
    EXPECT_EQ(
        verdict(report),
        "FAILED: learning costs little: wanted at most 30 % of the throughput, found 0.2 %; and 1 "
        "more");
}

TEST(BenchResult, without_checks_has_not_passed) {
    EXPECT_FALSE(passed({}));
    EXPECT_EQ(verdict({}), "FAILED: nothing was checked");
}

TEST(BenchSummary, comes_back_as_it_was) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Report report = random_report(seed);
        EXPECT_EQ(parsed(to_json(report)), report) << seed;
    }
}

TEST(BenchSummary, refuses_a_text_without_any_one_member) {
    const Json whole = small_json().flatten();
    for (const auto& [pointer, unused] : whole.items()) {
        Json damaged = small_json();
        const Json::json_pointer at(pointer);
        Json& parent = damaged[at.parent_pointer()];
        if (!parent.is_object()) {
            continue;
        }
        parent.erase(at.back());
        EXPECT_NE(refusal(damaged.dump()), "taken") << pointer;
    }
}

TEST(BenchSummary, refuses_any_member_of_a_wrong_type) {
    const Json whole = small_json().flatten();
    for (const auto& [pointer, value] : whole.items()) {
        Json damaged = small_json();
        damaged[Json::json_pointer(pointer)] = value.is_string() ? Json(7) : Json("x");
        EXPECT_NE(refusal(damaged.dump()), "taken") << pointer;
    }
}

TEST(BenchSummary, refuses_a_text_that_is_cut_anywhere) {
    const std::string text = to_json(small_report());
    // Without the line feed at the end the text is whole.
    for (std::size_t bytes = 0; bytes + 1 < text.size(); ++bytes) {
        ASSERT_NE(refusal(text.substr(0, bytes)), "taken") << bytes;
    }
}

TEST(BenchSummary, refuses_what_it_does_not_know_with_cause_and_cure) {
    Json other = example_json();
    other["runs"][0]["counts"]["lost"] = 1;
    EXPECT_EQ(
        refusal(other.dump()),
        "a.json: runs[0].counts.lost is no member of this version; it is damaged or was changed by "
        "hand: measure again, or take an unchanged copy");
    other = example_json();
    other["version"] = 2;
    EXPECT_EQ(
        refusal(other.dump()),
        "a.json: version 2 of the summary is unknown here, this polis reads version 1; use the "
        "polis that wrote it, or measure again");
    other = example_json();
    other["runs"][1]["nodes"][3]["user_us"] = -1;
    EXPECT_NE(
        refusal(other.dump()).find("runs[1].nodes[3].user_us is no integer"), std::string::npos);
    other = example_json();
    other["runs"][1]["name"] = "dpos";
    EXPECT_NE(refusal(other.dump()).find("two runs have the name \"dpos\""), std::string::npos);
    EXPECT_NE(refusal("[]").find("no summary of polis bench"), std::string::npos);
    EXPECT_NE(refusal("{}").find("no summary of polis bench"), std::string::npos);
    EXPECT_NE(refusal("7").find("no summary of polis bench"), std::string::npos);
}

TEST(BenchSummary, of_the_example_is_the_committed_one) {
    const std::filesystem::path file = "tests/tools/bench/example.json";
    const auto committed = devnet::read_file(file);
    const std::string now = to_json(example_report());
    if (committed != now) {
        const auto fresh = std::filesystem::temp_directory_path() / "polis-bench-example.json";
        ASSERT_TRUE(devnet::write_file(fresh, now));
        FAIL() << file << " differs from what is written now; if it should, copy " << fresh;
    }
}

TEST(BenchCsv, comes_back_through_a_parser_of_its_own) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const Report report = random_report(seed);
        std::size_t seconds = 0;
        std::size_t nodes = 0;
        std::size_t stages = 0;
        for (const bench::Run& run : report.runs) {
            seconds += run.seconds.size();
            nodes += run.nodes.size();
            stages += run.stages.size();
        }
        EXPECT_EQ(csv_rows(runs_csv(report)).size(), report.runs.size() + 1);
        EXPECT_EQ(csv_rows(latency_csv(report)).size(), 3 * report.runs.size() + 1);
        EXPECT_EQ(csv_rows(seconds_csv(report)).size(), seconds + 1);
        EXPECT_EQ(csv_rows(nodes_csv(report)).size(), nodes + 1);
        EXPECT_EQ(csv_rows(stages_csv(report)).size(), stages + 1);
        EXPECT_EQ(csv_rows(simulated_csv(report)).size(), report.simulated.size() + 1);
        for (const std::string& text :
             {runs_csv(report),
              seconds_csv(report),
              nodes_csv(report),
              stages_csv(report),
              latency_csv(report),
              simulated_csv(report)}) {
            const auto rows = csv_rows(text);
            for (const std::vector<std::string>& row : rows) {
                EXPECT_EQ(row.size(), rows.front().size()) << seed << ' ' << row.front();
            }
        }
        for (std::size_t i = 0; i < report.runs.size(); ++i) {
            const auto row = csv_rows(runs_csv(report))[i + 1];
            EXPECT_EQ(row[0], report.runs[i].name);
            EXPECT_EQ(row[1], report.runs[i].setup.workload);
            EXPECT_EQ(row[3], report.runs[i].setup.fault);
        }
    }
}

TEST(BenchCsv, puts_each_value_below_its_name) {
    const Report report = example_report();
    const auto rows = csv_rows(runs_csv(report));
    const auto value = [&](std::size_t run, const std::string& name) {
        const auto column = std::ranges::find(rows[0], name);
        EXPECT_NE(column, rows[0].end()) << name;
        return rows[run + 1][static_cast<std::size_t>(column - rows[0].begin())];
    };
    EXPECT_EQ(value(0, "rate_per_s"), "6000");
    EXPECT_EQ(value(0, "txn_bytes"), "181");
    EXPECT_EQ(std::stod(value(0, "finalized_per_s")), report.runs[0].per_second);
    EXPECT_EQ(value(2, "longest_stall_us"), "1320000");
    EXPECT_EQ(value(0, "spent_us"), "398.25");
    EXPECT_EQ(value(0, "rounds"), "");
    EXPECT_EQ(value(1, "rounds"), "2");
    EXPECT_EQ(value(1, "best_accuracy"), "0.9375");
    EXPECT_EQ(value(1, "time_to_target_ms"), "");
    EXPECT_EQ(value(1, "passed"), "1");
}

TEST(BenchOutput, ends_the_text_with_the_verdict) {
    const Report report = example_report();
    EXPECT_TRUE(to_text(report).ends_with("\nPASSED: 8 checks of 3 runs\n"));
    EXPECT_EQ(to_text(report).find(" \n"), std::string::npos) << "no spaces at ends of lines";
}

TEST(BenchOutput, is_made_of_any_report) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const Report report = random_report(seed);
        EXPECT_FALSE(to_text(report).empty());
        const std::string page = to_html(report);
        EXPECT_EQ(page.find("<b></b>"), std::string::npos);
        // Texts of the report hold "</script>" and "<b>": in the page each is text.
        EXPECT_EQ(page.find("</script>"), page.rfind("</script>")) << seed;
        EXPECT_EQ(page.find("nan"), std::string::npos) << seed;
        const std::string text = to_markdown(report);
        EXPECT_EQ(text.find("<b>"), std::string::npos) << seed;
    }
}

TEST(BenchWords, have_three_digits_that_count) {
    EXPECT_EQ(time_text(0), "0 us");
    EXPECT_EQ(time_text(999), "999 us");
    EXPECT_EQ(time_text(1'000), "1.00 ms");
    EXPECT_EQ(time_text(12'345), "12.3 ms");
    EXPECT_EQ(time_text(123'456), "123 ms");
    EXPECT_EQ(time_text(1'234'567), "1.23 s");
    EXPECT_EQ(bytes_text(1'023), "1023 B");
    EXPECT_EQ(bytes_text(1'024), "1.00 KiB");
    EXPECT_EQ(bytes_text(16ULL << 30U), "16.0 GiB");
    EXPECT_EQ(whole(0), "0");
    EXPECT_EQ(whole(1'234'567), "1,234,567");
    EXPECT_EQ(rounded(999.5), "1,000");
}

}  // namespace
}  // namespace polis::tools::bench
