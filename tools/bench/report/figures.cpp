#include <tools/bench/report/figures.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <tools/plot/chart.hpp>

namespace polis::tools::bench {

namespace {

constexpr double kMs = 1e3;     ///< in microseconds
constexpr double kKib = 1'024;  ///< in bytes
constexpr double kHalf = 460;   ///< width of two charts side by side
constexpr double kThird = 298;  ///< of three
constexpr double kHeight = 260;
constexpr std::size_t kRatesMin = 3;  ///< fewer points make no curve

using Value = std::function<double(const Run&)>;

plot::Axis axis(std::string label) {
    return {
        .label = std::move(label),
        .logarithmic = false,
        .ticks = {},
        .least = std::nullopt,
        .most = std::nullopt};
}

double sum(const Run& run, std::uint64_t NodeUse::* figure) {
    double out = 0;
    for (const NodeUse& node : run.nodes) {
        out += static_cast<double>(node.*figure);
    }
    return out;
}

double by_txn(const Run& run, double total) {
    return run.counts.finalized == 0 ? 0 : total / static_cast<double>(run.counts.finalized);
}

double p50_ms(const Run& run) { return static_cast<double>(run.latency.quorum.p50_us) / kMs; }

double p99_ms(const Run& run) { return static_cast<double>(run.latency.quorum.p99_us) / kMs; }

/// One line through the runs, in the order of their rates: beyond the knee it may turn back.
plot::Series through(
    const std::vector<const Run*>& runs,
    std::string name,
    std::size_t colour,
    const std::pair<Value, Value>& at) {
    plot::Series out{
        .name = std::move(name), .colour = colour, .points = {}, .dashed = false, .dots = true};
    for (const Run* run : runs) {
        out.points.push_back({at.first(*run), at.second(*run)});
    }
    return out;
}

Figure sweep(const Report& report) {
    std::vector<const Run*> runs;
    for (const Run& run : report.runs) {
        runs.push_back(&run);
    }
    std::ranges::sort(runs, {}, [](const Run* run) {
        return std::pair(run->setup.rate, std::string_view(run->name));
    });
    const Value rate = [](const Run& run) { return static_cast<double>(run.setup.rate); };
    const Value done = [](const Run& run) { return run.per_second; };
    plot::LineChart kept{
        .name = "Finalized against due",
        .x = axis("due a second"),
        .y = axis("finalized a second"),
        .series =
            {through(runs, "as due", 5, {rate, rate}), through(runs, "measured", 0, {rate, done})},
        .events = {},
        .width = kHalf,
        .height = kHeight};
    kept.series.front().dashed = true;
    kept.series.front().dots = false;
    plot::LineChart latency{
        .name = "Latency against throughput",
        .x = axis("finalized a second"),
        .y = axis("ms until 2f+1 nodes had it final"),
        .series =
            {through(runs, "p50", 0, {done, p50_ms}), through(runs, "p99", 1, {done, p99_ms})},
        .events = {},
        .width = kHalf,
        .height = kHeight};
    latency.y.logarithmic = true;
    if (report.knee_per_s) {
        const plot::Event knee{static_cast<double>(*report.knee_per_s), "knee"};
        kept.events.push_back(knee);
        latency.events.push_back(knee);
    }
    return {
        .title = "Throughput and latency",
        .caption =
            "One point a run, in the order of the rates. The knee is the highest rate that "
            "the network keeps up with.",
        .charts = {to_svg(kept), to_svg(latency)}};
}

std::string bars(const Report& report, std::string label, std::size_t colour, const Value& value) {
    plot::BarChart chart{
        .name = label,
        .y_label = std::move(label),
        .groups = {},
        .series = {{"", colour, {}}},
        .stacked = false,
        .line = std::nullopt,
        .width = report.runs.size() > 4 ? kHalf * 2 : kThird,
        .height = kHeight};
    chart.series.front().name = chart.y_label;
    for (const Run& run : report.runs) {
        chart.groups.push_back(run.name);
        chart.series.front().values.push_back(value(run));
    }
    return to_svg(chart);
}

Figure side_by_side(const Report& report) {
    const Value spent = [](const Run& run) { return run.floor.spent_us; };
    const Value done = [](const Run& run) { return run.per_second; };
    return {
        .title = "Runs side by side",
        .caption =
            "Finalized a second; p99 from due until 2f+1 nodes had it final; processor time "
            "of all nodes by finalized transactions.",
        .charts = {
            bars(report, "finalized a second", 0, done),
            bars(report, "p99 latency, ms", 1, p99_ms),
            bars(report, "processor time, us a transaction", 2, spent)}};
}

/// A figure over the number of nodes, one line an election, and what it must cost at least.
std::string growth_chart(
    const Report& report, std::string label, const Value& value, const Value& floor) {
    std::map<std::string, std::vector<const Run*>> elections;
    for (const Run& run : report.runs) {
        elections[run.setup.election].push_back(&run);
    }
    plot::LineChart chart{
        .name = label,
        .x = axis("nodes"),
        .y = axis(std::move(label)),
        .series = {},
        .events = {},
        .width = kThird,
        .height = kHeight};
    std::set<std::uint64_t> sizes;
    const Value nodes = [](const Run& run) { return static_cast<double>(run.setup.nodes); };
    for (auto& [election, runs] : elections) {
        std::erase_if(runs, [&](const Run* run) { return value(*run) <= 0; });
        std::ranges::sort(runs, {}, [](const Run* run) {
            return std::pair(run->setup.nodes, std::string_view(run->name));
        });
        chart.series.push_back(through(runs, election, chart.series.size(), {nodes, value}));
        if (floor && chart.series.size() == 1) {
            plot::Series least = through(runs, "floor", 5, {nodes, floor});
            least.dashed = true;
            least.dots = false;
            chart.series.push_back(std::move(least));
        }
        for (const Run* run : runs) {
            sizes.insert(run->setup.nodes);
        }
    }
    for (const std::uint64_t size : sizes) {
        chart.x.ticks.emplace_back(static_cast<double>(size), std::to_string(size));
    }
    return to_svg(chart);
}

Figure growth(const Report& report) {
    const Value spent = [](const Run& run) { return run.floor.spent_us; };
    const Value floor = [](const Run& run) { return run.floor.ratio > 0 ? run.floor.floor_us : 0; };
    const Value messages = [](const Run& run) {
        return by_txn(run, sum(run, &NodeUse::messages_sent));
    };
    const Value sent = [](const Run& run) {
        return by_txn(run, sum(run, &NodeUse::sent_bytes)) / kKib;
    };
    return {
        .title = "Growth with the number of nodes",
        .caption =
            "By finalized transaction, over all nodes together: processor time beside the "
            "floor of the signatures, messages between nodes, KiB between nodes.",
        .charts = {
            growth_chart(report, "processor time, us", spent, floor),
            growth_chart(report, "messages", messages, {}),
            growth_chart(report, "KiB sent", sent, {})}};
}

}  // namespace

std::vector<Figure> figures_over(const Report& report) {
    std::set<std::uint64_t> rates;
    std::set<std::uint64_t> sizes;
    for (const Run& run : report.runs) {
        rates.insert(run.setup.rate);
        sizes.insert(run.setup.nodes);
    }
    std::vector<Figure> out;
    if (!report.simulated.empty()) {
        out.push_back(growth_by_block(report));
    }
    if (report.runs.size() < 2) {
        return out;
    }
    if (sizes.size() > 1) {
        out.push_back(growth(report));
    } else if (rates.size() >= kRatesMin) {
        out.push_back(sweep(report));
    } else {
        out.push_back(side_by_side(report));
    }
    return out;
}

}  // namespace polis::tools::bench
