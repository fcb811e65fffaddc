#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include <tools/bench/report/figures.hpp>
#include <tools/bench/report/output.hpp>
#include <tools/bench/report/tables.hpp>
#include <tools/bench/report/words.hpp>
#include <tools/plot/chart.hpp>
#include <tools/plot/svg.hpp>

namespace polis::tools::bench {

namespace {

using plot::escaped;

/// More runs than this are folded, so that the page begins with what they say together.
constexpr std::size_t kRunsOpen = 2;

// The policy forbids every load, so that the page is complete by construction.
constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
  style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<link rel="icon" href="data:,">
)html";

constexpr std::string_view kStyle = R"css(
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 36px 28px 72px; }
.kicker { margin: 0; color: var(--muted); font-size: 13px; letter-spacing: 0.06em;
  text-transform: uppercase; }
h1 { margin: 2px 0 14px; font-size: 27px; line-height: 1.25; font-weight: 650; }
h2 { margin: 44px 0 12px; padding-top: 14px; border-top: 1px solid var(--grid); font-size: 20px;
  font-weight: 650; }
h3 { margin: 28px 0 8px; font-size: 15.5px; font-weight: 650; }
p { margin: 8px 0; max-width: 74ch; }
.verdict { max-width: none; padding: 9px 14px; border-left: 5px solid var(--c2);
  background: color-mix(in srgb, var(--c2) 10%, transparent); font-weight: 600; }
.verdict.failed { border-color: var(--event);
  background: color-mix(in srgb, var(--event) 10%, transparent); }
header .note { max-width: none; }
.note, figcaption { color: var(--muted); font-size: 13px; line-height: 1.45; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin: 22px 0; }
.tile { padding: 10px 14px 12px; border: 1px solid var(--grid); border-radius: 6px; }
.tile b { display: block; font-size: 23px; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile span { color: var(--muted); font-size: 13px; }
.figures { display: flex; flex-wrap: wrap; gap: 26px 24px; margin-top: 26px; }
figure { margin: 0; max-width: 100%; break-inside: avoid; }
figure .charts { display: flex; flex-wrap: wrap; gap: 16px 24px; }
figure h3 { margin: 0 0 8px; }
figcaption { margin-top: 6px; max-width: 74ch; }
figure.half { max-width: 460px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 16px 4px 0; text-align: left; vertical-align: top; }
th { color: var(--muted); font-weight: 500; border-bottom: 1px solid var(--muted); }
td { border-bottom: 1px solid var(--grid); }
td.figure, td:first-child { white-space: nowrap; }
.figure { text-align: right; }
details { margin-top: 28px; border-top: 1px solid var(--grid); padding-top: 14px; }
summary { cursor: pointer; font-size: 18px; font-weight: 650; }
summary span { color: var(--muted); font-size: 13px; font-weight: 400; margin-left: 8px; }
@media screen and (max-width: 700px) {
  .charts > div { overflow-x: auto; }
  svg.chart { max-width: none; }
}
@media print { main { max-width: none; padding: 0; } h2, h3 { break-after: avoid; } }
)css";

std::string section(std::string_view title, std::string_view html) {
    return fmt::format("<h2>{}</h2>\n{}", escaped(title), html);
}

std::string note(std::string_view text) {
    return fmt::format("<p class=\"note\">{}</p>\n", escaped(text));
}

std::string figures_html(const std::vector<Figure>& figures, std::size_t& number) {
    std::string out = "<div class=\"figures\">\n";
    for (const Figure& figure : figures) {
        std::string charts;
        for (const std::string& chart : figure.charts) {
            charts += "<div>" + chart + "</div>\n";
        }
        const bool half = figure.charts.size() == 1 && charts.find("width=\"460\"") != charts.npos;
        out += fmt::format(
            "<figure{}>\n<h3>{}</h3>\n<div class=\"charts\">\n{}</div>\n<figcaption>Figure {}. {}"
            "</figcaption>\n</figure>\n",
            half ? " class=\"half\"" : "",
            escaped(figure.title),
            charts,
            ++number,
            escaped(figure.caption));
    }
    return out + "</div>\n";
}

std::string tile(std::string_view value, std::string_view what) {
    return fmt::format(
        "<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", escaped(value), escaped(what));
}

/// The figures that most readers come for.
std::string tiles(const Run& run) {
    const Spread& latency = run.latency.quorum;
    std::string out = "<div class=\"tiles\">\n";
    out += tile(rounded(run.per_second), "finalized a second");
    out += tile(latency.count == 0 ? "-" : time_text(latency.p50_us), "p50, due to final at 2f+1");
    out += tile(latency.count == 0 ? "-" : time_text(latency.p99_us), "p99, due to final at 2f+1");
    if (run.floor.ratio > 0) {
        out += tile(
            fmt::format("{:.0f} us", run.floor.spent_us),
            "processor time a transaction, all nodes");
        out += tile(fmt::format("{:.2f} x", run.floor.ratio), "the floor of its signatures");
    }
    return out + "</div>\n";
}

std::string details_of(const Run& run, bool open, std::size_t& number) {
    std::string out = fmt::format(
        "<details{}>\n<summary>{}<span>{}</span></summary>\n{}",
        open ? " open" : "",
        escaped(run.name),
        escaped(setup_text(run.setup)),
        tiles(run));
    out += figures_html(figures_of(run), number);
    if (!run.marks.empty()) {
        Table marks{.head = {"what was done", "at"}, .rows = {}};
        for (const Mark& mark : run.marks) {
            marks.rows.push_back({mark.what, time_text(mark.at_us)});
        }
        out += "<h3>What was done to the network</h3>\n" + to_html(marks);
    }
    if (!run.stages.empty()) {
        out += "<h3>Stages</h3>\n" + to_html(stages_table(run));
    }
    if (!run.nodes.empty()) {
        out += "<h3>Nodes</h3>\n" + to_html(nodes_table(run));
    }
    return out + "</details>\n";
}

std::string title_of(const Report& report) {
    if (report.runs.size() == 1) {
        return setup_text(report.runs.front().setup);
    }
    return report.simulated.empty() ? fmt::format("{} runs", report.runs.size())
                                    : fmt::format(
                                          "{} real networks, {} simulated ones",
                                          report.runs.size(),
                                          report.simulated.size());
}

std::string header(const Report& report) {
    return fmt::format(
        "<header>\n<p class=\"kicker\">polis bench {}</p>\n<h1>{}</h1>\n<p class=\"verdict{}\">{}"
        "</p>\n<p class=\"note\">polis {} on {}; began {}.</p>\n</header>\n",
        escaped(report.command),
        escaped(title_of(report)),
        passed(report) ? "" : " failed",
        escaped(verdict(report)),
        escaped(report.machine.version),
        escaped(machine_text(report.machine)),
        moment_text(report.machine.began_ms));
}

std::string tables(const Report& report) {
    std::string out = section("Checks", to_html(checks_table(report)));
    out += section("Latency", to_html(latency_table(report)));
    out += note(
        "The load is an open loop: every transaction has a time when it is due, whatever became of "
        "those before it, and its latency counts from there. A stall is not hidden.");
    out += section("Blocks", to_html(blocks_table(report)));
    out += section("Distance to the floor", to_html(floor_table(report)));
    out += note(
        "The floor is what signatures alone cost: one verification of libsodium on each node, "
        "measured beside the nodes while they work. Alone: before the load; machines differ in how "
        "much longer it takes while all cores are busy. Spent: processor time of all nodes by "
        "finalized transactions, without the load generator.");
    if (!report.simulated.empty()) {
        out += section("Growth", to_html(growth_table(report)));
        out += section("Simulated blocks", to_html(simulated_table(report)));
        out += note(kSimulatedNote);
    }
    if (has_learning(report)) {
        out += section("Learning", to_html(learning_table(report)));
    }
    return out;
}

}  // namespace

std::string to_html(const Report& report) {
    std::size_t number = 0;
    std::string out(kHead);
    out += fmt::format(
        "<title>polis bench {}: {}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<main>\n{}",
        escaped(report.command),
        escaped(title_of(report)),
        plot::chart_style(),
        kStyle,
        header(report));
    out += section("Results", to_html(runs_table(report)));
    if (report.knee_per_s) {
        out += fmt::format("<p>Knee: {} transactions a second.</p>\n", whole(*report.knee_per_s));
    }
    if (const std::vector<Figure> over = figures_over(report); !over.empty()) {
        out += figures_html(over, number);
    }
    const bool open = report.runs.size() <= kRunsOpen;
    for (const Run& run : report.runs) {
        out += details_of(run, open, number);
    }
    out += tables(report);
    out += section("Setup", to_html(setups_table(report)));
    out += section("Machine", to_html(machine_table(report.machine)));
    out += fmt::format("</main>\n<script>\n{}</script>\n</body>\n</html>\n", plot::chart_script());
    return out;
}

}  // namespace polis::tools::bench
