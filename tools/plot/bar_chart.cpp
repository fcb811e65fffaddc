#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include <core/check.hpp>
#include <tools/plot/chart.hpp>
#include <tools/plot/frame.hpp>
#include <tools/plot/svg.hpp>

namespace polis::tools::plot {

namespace {

constexpr double kBelow = 26;    ///< for the names of groups
constexpr double kBarMost = 46;  ///< width of a bar
constexpr double kShare = 0.7;   ///< of a group's width that bars take
constexpr double kLetterWidth = 6.3;
constexpr double kValueAbove = 5;  ///< from a bar to its value

double value_or_zero(double value) { return std::isfinite(value) && value > 0 ? value : 0; }

double greatest(const BarChart& chart) {
    double out = value_or_zero(chart.line.value_or(0));
    for (std::size_t group = 0; group < chart.groups.size(); ++group) {
        double sum = 0;
        for (const BarChart::Bars& bars : chart.series) {
            const double value = value_or_zero(bars.values[group]);
            sum = chart.stacked ? sum + value : value;
            out = std::max(out, sum);
        }
    }
    return out;
}

/// A text that fits in so many pixels, cut with an ellipsis if it must be.
std::string fitted(const std::string& text, double width) {
    if (text_width(text) <= width) {
        return text;
    }
    const auto room = static_cast<std::size_t>(std::max(1.0, width / kLetterWidth - 1));
    std::size_t end = std::min(room, text.size());
    while (end > 0 && end < text.size() &&
           (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    return text.substr(0, end) + "…";
}

class Drawing {
  public:
    explicit Drawing(const BarChart& chart)
        : chart_(chart), y_(Scale::from_zero(greatest(chart), 4)) {}

    std::string draw() && {
        begin_svg(out_, chart_.name, chart_.width, chart_.height);
        std::vector<LegendEntry> legend;
        for (const BarChart::Bars& bars : chart_.series) {
            if (chart_.series.size() > 1) {
                legend.push_back({bars.name, bars.colour, /*dashed=*/false, /*box=*/true});
            }
        }
        const Ticks ticks = ticks_of(y_, {});
        area_.top = add_head(out_, chart_.y_label, legend, chart_.width) + 10;
        area_.left = widest(ticks) + 10;
        area_.right = chart_.width;
        area_.bottom = chart_.height - kBelow;
        y_.put_on(area_.bottom, area_.top);
        add_y_axis(out_, area_, y_, ticks);
        group_width_ = (area_.right - area_.left) / static_cast<double>(chart_.groups.size());
        for (std::size_t group = 0; group < chart_.groups.size(); ++group) {
            add_group(group);
        }
        add_line(out_, "axis", {area_.left, area_.bottom}, {area_.right, area_.bottom});
        if (chart_.line) {
            const double y = y_.at(*chart_.line);
            add_line(out_, "event", {area_.left, y}, {area_.right, y});
        }
        end_svg(out_);
        return std::move(out_);
    }

  private:
    void add_group(std::size_t group) {
        const double side_by_side = chart_.stacked ? 1 : static_cast<double>(chart_.series.size());
        const double width = std::min(kBarMost, group_width_ * kShare / side_by_side);
        const double middle = area_.left + group_width_ * (static_cast<double>(group) + 0.5);
        double x = middle - width * side_by_side / 2;
        double base = 0;
        for (const BarChart::Bars& bars : chart_.series) {
            const double value = value_or_zero(bars.values[group]);
            add_bar(bars, group, {x, width}, {base, base + value});
            if (chart_.stacked) {
                base += value;
            } else {
                add_value(x + width / 2, value, group_width_ / side_by_side);
                x += width;
            }
        }
        if (chart_.stacked) {
            add_value(middle, base, group_width_);
        }
        const std::string name = fitted(chart_.groups[group], group_width_ - 4);
        add_text(out_, middle, area_.bottom + 17, Anchor::kMiddle, name);
    }

    void add_bar(
        const BarChart::Bars& bars,
        std::size_t group,
        std::pair<double, double> place,
        std::pair<double, double> values) {
        const double top = y_.at(values.second);
        const double bottom = y_.at(values.first);
        fmt::format_to(
            std::back_inserter(out_),
            "<rect class=\"fill{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title>"
            "</rect>\n",
            bars.colour % kColours,
            coordinate(place.first + 1),
            coordinate(top),
            coordinate(std::max(place.second - 2, 1.0)),
            coordinate(bottom - top),
            escaped(fmt::format(
                "{}\n{}: {}", chart_.groups[group], bars.name, number_text(bars.values[group]))));
    }

    /// Above a bar, where there is room for it.
    void add_value(double middle, double value, double room) {
        const std::string text = number_text(std::round(value * 100) / 100);
        if (text_width(text) <= room) {
            add_text(out_, middle, y_.at(value) - kValueAbove, Anchor::kMiddle, text);
        }
    }

    const BarChart& chart_;
    Scale y_;
    Area area_;
    double group_width_ = 0;
    std::string out_;
};

}  // namespace

std::string to_svg(const BarChart& chart) {
    POLIS_ASSERT(!chart.groups.empty());
    for (const BarChart::Bars& bars : chart.series) {
        POLIS_ASSERT(bars.values.size() == chart.groups.size());
    }
    return Drawing(chart).draw();
}

}  // namespace polis::tools::plot
