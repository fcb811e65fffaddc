#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <tools/bench/growth.hpp>
#include <tools/bench/report/figures.hpp>
#include <tools/plot/chart.hpp>

namespace polis::tools::bench {

namespace {

constexpr double kHalf = 460;  // width of two charts side by side
constexpr std::size_t kReference = 5;

using Value = std::function<double(const BlockCost&)>;

plot::Series through(
    const std::vector<BlockCost>& costs, bool simulated, std::size_t colour, const Value& value) {
    plot::Series out{
        .name = simulated ? "simulated" : "real",
        .colour = colour,
        .points = {},
        .dashed = false,
        .dots = true};
    for (const BlockCost& cost : costs) {
        if (cost.simulated == simulated && cost.nodes > 0) {
            out.points.push_back({static_cast<double>(cost.nodes), value(cost)});
        }
    }
    std::ranges::sort(out.points, {}, &plot::Point::x);
    return out;
}

/// What the first point would come to if it grew as the square of the nodes.
plot::Series square_of(const plot::Series& series) {
    plot::Series out{
        .name = "n^2", .colour = kReference, .points = {}, .dashed = true, .dots = false};
    for (const plot::Point& point : series.points) {
        const plot::Point& first = series.points.front();
        const double times = point.x / first.x;
        out.points.push_back({point.x, first.y * times * times});
    }
    return out;
}

std::string chart(
    const std::vector<BlockCost>& costs, const std::string& label, const Value& value) {
    plot::LineChart out{
        .name = label + " over the number of nodes",
        .x = {.label = "nodes", .logarithmic = true, .ticks = {}, .least = {}, .most = {}},
        .y = {.label = label, .logarithmic = true, .ticks = {}, .least = {}, .most = {}},
        .series =
            {through(costs, /*simulated=*/false, 0, value),
             through(costs, /*simulated=*/true, 2, value)},
        .events = {},
        .width = kHalf};
    out.series.push_back(square_of(out.series.back()));
    std::erase_if(out.series, [](const plot::Series& series) { return series.points.empty(); });
    std::set<std::uint64_t> sizes;
    for (const BlockCost& cost : costs) {
        sizes.insert(cost.nodes);
    }
    for (const std::uint64_t size : sizes) {
        out.x.ticks.emplace_back(static_cast<double>(size), std::to_string(size));
    }
    return to_svg(out);
}

}  // namespace

Figure growth_by_block(const Report& report) {
    constexpr double kMs = 1e3;
    const std::vector<BlockCost> costs = block_costs(report);
    return {
        .title = "What a block takes as networks grow",
        .caption =
            "Messages that all nodes send for a block, one for each receiver, and processor time "
            "of all nodes, on logarithmic axes. Real nodes also encrypt, write to disks and serve "
            "clients. Dashed: the square of the nodes, from the first simulated point.",
        .charts = {
            chart(costs, "messages a block", [](const BlockCost& it) { return it.messages; }),
            chart(costs, "processor time a block, ms", [](const BlockCost& it) {
                return it.cpu_us / kMs;
            })}};
}

}  // namespace polis::tools::bench
