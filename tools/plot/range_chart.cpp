#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <core/check.hpp>
#include <tools/plot/chart.hpp>
#include <tools/plot/frame.hpp>
#include <tools/plot/svg.hpp>

namespace polis::tools::plot {

namespace {

constexpr double kRow = 24;
constexpr double kAbove = 8;
constexpr double kBelow = 42;  ///< for labels and name of the axis

void add_range(std::string& out, const Range& range, const Scale& x, double y) {
    fmt::format_to(
        std::back_inserter(out),
        "<g><title>{}</title>\n",
        escaped(fmt::format(
            "{}\nmedian: {}\np99: {}\ngreatest: {}",
            range.name,
            number_text(range.middle),
            number_text(range.high),
            number_text(range.most))));
    add_line(out, "thin", {x.at(range.high), y}, {x.at(range.most), y});
    add_line(out, "thin", {x.at(range.most), y - 4}, {x.at(range.most), y + 4});
    add_line(out, "thick", {x.at(range.middle), y}, {x.at(range.high), y});
    fmt::format_to(
        std::back_inserter(out),
        "<circle class=\"fill0\" cx=\"{}\" cy=\"{}\" r=\"4.5\"/></g>\n",
        coordinate(x.at(range.middle)),
        coordinate(y));
}

}  // namespace

std::string to_svg(const RangeChart& chart) {
    POLIS_ASSERT(!chart.ranges.empty());
    double least = chart.ranges.front().middle;
    double most = chart.ranges.front().most;
    double names = 0;
    for (const Range& range : chart.ranges) {
        POLIS_ASSERT(range.middle > 0 && range.middle <= range.high && range.high <= range.most);
        least = std::min(least, range.middle);
        most = std::max(most, range.most);
        names = std::max(names, text_width(range.name));
    }
    Scale x = Scale::logarithmic(least, most);
    const double height = kAbove + kRow * static_cast<double>(chart.ranges.size()) + kBelow;
    const Area area{
        .left = names + 14, .right = chart.width - 24, .top = kAbove, .bottom = height - kBelow};
    x.put_on(area.left, area.right);
    std::string out;
    begin_svg(out, chart.name, chart.width, height);
    const Ticks ticks = ticks_of(x, {});
    for (const auto& [value, unused] : ticks) {
        add_line(out, "grid", {x.at(value), area.top}, {x.at(value), area.bottom});
    }
    add_x_axis(out, area, x, ticks, chart.x_label);
    double y = area.top + kRow / 2;
    for (const Range& range : chart.ranges) {
        add_text(out, area.left - 10, y + 4, Anchor::kEnd, range.name);
        add_range(out, range, x, y);
        y += kRow;
    }
    end_svg(out);
    return out;
}

}  // namespace polis::tools::plot
