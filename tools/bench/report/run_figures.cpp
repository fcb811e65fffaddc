#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <tools/bench/report/figures.hpp>
#include <tools/plot/chart.hpp>

namespace polis::tools::bench {

namespace {

constexpr double kMs = 1e3;      ///< in microseconds
constexpr double kSecond = 1e6;  ///< in microseconds
constexpr double kHalf = 460;    ///< width of charts that stand side by side
constexpr double kLogFrom = 20;  ///< greatest by least value: beyond, small ones would vanish

/// A figure of every second of a run.
template <class Value>
plot::Series over_time(const Run& run, std::string name, std::size_t colour, Value value) {
    plot::Series out{
        .name = std::move(name), .colour = colour, .points = {}, .dashed = false, .dots = false};
    for (const Second& second : run.seconds) {
        out.points.push_back({static_cast<double>(second.at_s), value(second)});
    }
    return out;
}

plot::Axis time_axis(const Run& run) {
    const double end = run.seconds.empty() ? 1 : static_cast<double>(run.seconds.back().at_s);
    return {
        .label = "seconds since the first transaction was due",
        .logarithmic = false,
        .ticks = {},
        .least = 0,
        .most = end};
}

plot::Axis plain_axis(std::string label) {
    return {
        .label = std::move(label),
        .logarithmic = false,
        .ticks = {},
        .least = std::nullopt,
        .most = std::nullopt};
}

std::vector<plot::Event> events_of(const Run& run) {
    std::vector<plot::Event> out;
    for (const Mark& mark : run.marks) {
        out.push_back({static_cast<double>(mark.at_us) / kSecond, mark.what});
    }
    return out;
}

double as_double(std::uint64_t value) { return static_cast<double>(value); }

Figure throughput(const Run& run) {
    plot::LineChart chart{
        .name = "Throughput over time",
        .x = time_axis(run),
        .y = plain_axis("transactions a second"),
        .series =
            {over_time(run, "due", 5, [](const Second& it) { return as_double(it.due); }),
             over_time(run, "accepted", 1, [](const Second& it) { return as_double(it.accepted); }),
             over_time(
                 run, "finalized", 0, [](const Second& it) { return as_double(it.finalized); })},
        .events = events_of(run),
        .width = 940};
    chart.series.front().dashed = true;
    return {
        .title = "Throughput",
        .caption =
            "Transactions that were due, that a node had taken in, and that were final at the "
            "first node, by second. Vertical lines: what was done to the network.",
        .charts = {to_svg(chart)}};
}

Figure latency(const Run& run) {
    plot::LineChart chart{
        .name = "Latency over time",
        .x = time_axis(run),
        .y = plain_axis("ms from due to final"),
        .series =
            {over_time(run, "p50", 0, [](const Second& it) { return as_double(it.p50_us) / kMs; }),
             over_time(run, "p99", 1, [](const Second& it) { return as_double(it.p99_us) / kMs; })},
        .events = events_of(run),
        .width = kHalf};
    double least = 0;
    double most = 0;
    for (const Second& second : run.seconds) {
        most = std::max(most, as_double(second.p99_us));
        if (second.p50_us > 0) {
            least =
                least > 0 ? std::min(least, as_double(second.p50_us)) : as_double(second.p50_us);
        }
    }
    chart.y.logarithmic = least > 0 && most / least > kLogFrom;
    return {
        .title = "Latency over time",
        .caption =
            "Of the transactions that became final in each second. A transaction that had "
            "to wait counts with all of its wait.",
        .charts = {to_svg(chart)}};
}

/// The label of a share of transactions on an axis of orders of magnitude.
struct Quantile {
    double of;  ///< one transaction in so many is slower
    std::string_view name;
    std::uint64_t Spread::* value;
};

constexpr std::array<Quantile, 4> kQuantiles = {
    {{2, "p50", &Spread::p50_us},
     {10, "p90", &Spread::p90_us},
     {100, "p99", &Spread::p99_us},
     {1'000, "p99.9", &Spread::p999_us}}};

plot::Series distribution_of(const Spread& spread, std::string name, std::size_t colour) {
    plot::Series out{
        .name = std::move(name), .colour = colour, .points = {}, .dashed = false, .dots = true};
    const double count = as_double(spread.count);
    for (const Quantile& quantile : kQuantiles) {
        if (count >= quantile.of) {
            out.points.push_back({quantile.of, as_double(spread.*quantile.value) / kMs});
        }
    }
    if (count > kQuantiles.back().of) {
        out.points.push_back({count, as_double(spread.max_us) / kMs});
    }
    return out;
}

Figure distribution(const Run& run) {
    const double count = as_double(std::max<std::uint64_t>(run.latency.accepted.count, 2));
    plot::Axis x{
        .label = "percentile (one in 2, 10, 100, ... is slower)",
        .logarithmic = true,
        .ticks = {},
        .least = 2,
        .most = std::max(count, 1'000.0)};
    for (const Quantile& quantile : kQuantiles) {
        x.ticks.emplace_back(quantile.of, quantile.name);
    }
    for (double of = 10'000; of <= *x.most; of *= 10) {
        x.ticks.emplace_back(
            of, fmt::format("p{:.{}f}", 100 - 100 / of, std::lround(std::log10(of)) - 2));
    }
    plot::LineChart chart{
        .name = "Distribution of the latency",
        .x = std::move(x),
        .y = plain_axis("ms from due until"),
        .series =
            {distribution_of(run.latency.accepted, "accepted", 5),
             distribution_of(run.latency.first, "first node", 0),
             distribution_of(run.latency.quorum, "2f+1 nodes", 2)},
        .events = {},
        .width = kHalf};
    chart.y.logarithmic = true;
    return {
        .title = "Distribution of the latency",
        .caption =
            "Each step to the right is a rarer, slower transaction; the last point is the "
            "slowest one.",
        .charts = {to_svg(chart)}};
}

Figure mempool(const Run& run) {
    const plot::LineChart chart{
        .name = "Transactions that wait",
        .x = time_axis(run),
        .y = plain_axis("transactions"),
        .series = {over_time(
            run, "waiting", 3, [](const Second& it) { return as_double(it.waiting); })},
        .events = events_of(run),
        .width = kHalf};
    return {
        .title = "Mempool",
        .caption = "Transactions that wait in the fullest mempool.",
        .charts = {to_svg(chart)}};
}

Figure processors_over_time(const Run& run) {
    const plot::LineChart chart{
        .name = "Processor time of all nodes over time",
        .x = time_axis(run),
        .y = plain_axis("cores"),
        .series = {over_time(
            run, "all nodes", 2, [](const Second& it) { return as_double(it.cpu_us) / kSecond; })},
        .events = events_of(run),
        .width = kHalf};
    return {
        .title = "Processors",
        .caption = "Cores that all nodes together kept busy.",
        .charts = {to_svg(chart)}};
}

Figure processors_by_node(const Run& run) {
    plot::BarChart chart{
        .name = "Processor time by node",
        .y_label = "processor seconds",
        .groups = {},
        .series = {{"user", 0, {}}, {"system", 1, {}}},
        .stacked = true,
        .line = std::nullopt,
        .width = kHalf,
        .height = 260};
    for (const NodeUse& node : run.nodes) {
        chart.groups.push_back(
            node.ran_through ? std::to_string(node.node) : fmt::format("{} (part)", node.node));
        chart.series[0].values.push_back(as_double(node.user_us) / kSecond);
        chart.series[1].values.push_back(as_double(node.system_us) / kSecond);
    }
    return {
        .title = "Processor time by node",
        .caption = "During the load: of the programs, and of the kernel on their behalf.",
        .charts = {to_svg(chart)}};
}

std::vector<plot::Range> ranges_of(const Run& run) {
    std::vector<plot::Range> out;
    for (const Stage& stage : run.stages) {
        if (stage.time.count == 0) {
            continue;
        }
        // Less than a microsecond is shown as one: a logarithmic axis has no 0.
        const double middle = as_double(std::max<std::uint64_t>(stage.time.p50_us, 1));
        const double high = std::max(middle, as_double(stage.time.p99_us));
        const double most = std::max(high, as_double(stage.time.max_us));
        out.push_back({stage.name, middle / kMs, high / kMs, most / kMs});
    }
    return out;
}

}  // namespace

std::vector<Figure> figures_of(const Run& run) {
    std::vector<Figure> out;
    if (!run.seconds.empty()) {
        out.push_back(throughput(run));
        out.push_back(latency(run));
    }
    out.push_back(distribution(run));
    if (!run.seconds.empty()) {
        out.push_back(mempool(run));
        out.push_back(processors_over_time(run));
    }
    if (!run.nodes.empty()) {
        out.push_back(processors_by_node(run));
    }
    if (auto ranges = ranges_of(run); !ranges.empty()) {
        const plot::RangeChart chart{
            .name = "Where the time goes",
            .x_label = "ms",
            .ranges = std::move(ranges),
            .width = kHalf};
        out.push_back(
            {.title = "Where the time goes",
             .caption = "Stages as the nodes measure them: a dot is the median, the thick line "
                        "ends at p99, the thin one at the greatest value.",
             .charts = {to_svg(chart)}});
    }
    return out;
}

}  // namespace polis::tools::bench
