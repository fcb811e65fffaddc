#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include <tools/plot/chart.hpp>
#include <tools/plot/frame.hpp>
#include <tools/plot/svg.hpp>

namespace polis::tools::plot {

namespace {

constexpr double kBelow = 42;      ///< for labels and name of the x axis
constexpr double kRightEdge = 14;  ///< so that the last label is not cut
constexpr double kRow = 14;        ///< between texts of events that would meet
constexpr std::size_t kRowsMax = 5;
constexpr double kHeadroom = 1.15;      ///< above the values, for the texts of events
constexpr std::size_t kBandsMax = 500;  ///< places that tell values; wider than a pixel each

bool shown(const LineChart& chart, const Point& point) {
    return std::isfinite(point.x) && std::isfinite(point.y) &&
           (!chart.x.logarithmic || point.x > 0) && (!chart.y.logarithmic || point.y > 0);
}

/// Of the x axis: labels of five digits have room.
std::size_t ticks_for(double width) {
    constexpr double kLabel = 72;
    return static_cast<std::size_t>(width / kLabel);
}

/// Least and greatest value of one coordinate over all points that are shown.
struct Extent {
    double least = std::numeric_limits<double>::infinity();
    double most = -std::numeric_limits<double>::infinity();

    void add(double value) {
        least = std::min(least, value);
        most = std::max(most, value);
    }

    [[nodiscard]] bool empty() const { return most < least; }
};

Scale scale_of(const Axis& axis, const Extent& extent, std::size_t ticks_about) {
    const double most = axis.most.value_or(extent.most);
    if (axis.logarithmic) {
        const double least = axis.least.value_or(extent.least);
        return Scale::logarithmic(std::min(least, most), most);
    }
    // An axis with its own ends or ticks has them; the other ones end at a round number.
    if (axis.least || axis.most || !axis.ticks.empty()) {
        return Scale::exact(axis.least.value_or(0), most, ticks_about);
    }
    return Scale::from_zero(most, ticks_about);
}

/// Texts of events stand above the values, not on them.
Scale y_scale_of(const LineChart& chart, Extent extent) {
    if (!chart.events.empty() && !chart.y.logarithmic) {
        extent.most *= kHeadroom;
    }
    return scale_of(chart.y, extent, 5);
}

class Drawing {
  public:
    Drawing(const LineChart& chart, Extent x, Extent y)
        : chart_(chart),
          x_(scale_of(chart.x, x, ticks_for(chart.width))),
          y_(y_scale_of(chart, y)) {}

    std::string draw() && {
        begin_svg(out_, chart_.name, chart_.width, chart_.height);
        std::vector<LegendEntry> legend;
        for (const Series& series : chart_.series) {
            legend.push_back({series.name, series.colour, series.dashed, /*box=*/false});
        }
        const Ticks y_ticks = ticks_of(y_, chart_.y);
        area_.top = add_head(out_, chart_.y.label, legend, chart_.width) + 2;
        area_.left = widest(y_ticks) + 10;
        area_.right = chart_.width - kRightEdge;
        area_.bottom = chart_.height - kBelow;
        x_.put_on(area_.left, area_.right);
        y_.put_on(area_.bottom, area_.top);
        add_y_axis(out_, area_, y_, y_ticks);
        add_x_axis(out_, area_, x_, ticks_of(x_, chart_.x), chart_.x.label);
        std::ranges::for_each(chart_.series, [this](const Series& it) { add(it); });
        add_events();
        add_bands();
        end_svg(out_);
        return std::move(out_);
    }

  private:
    void add(const Series& series) {
        std::string points;
        for (const Point& point : series.points) {
            if (shown(chart_, point)) {
                points += fmt::format(
                    "{}{},{}",
                    points.empty() ? "" : " ",
                    coordinate(x_.at(point.x)),
                    coordinate(y_.at(point.y)));
            }
        }
        if (points.empty()) {
            return;
        }
        fmt::format_to(
            std::back_inserter(out_),
            "<polyline class=\"line{}{}\" points=\"{}\"/>\n",
            series.colour % kColours,
            series.dashed ? " dashed" : "",
            points);
        // A single point is no line: without a dot nobody would see it.
        const bool lonely = points.find(' ') == std::string::npos;
        for (const Point& point : series.points) {
            if ((series.dots || lonely) && shown(chart_, point)) {
                fmt::format_to(
                    std::back_inserter(out_),
                    "<circle class=\"fill{}\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>\n",
                    series.colour % kColours,
                    coordinate(x_.at(point.x)),
                    coordinate(y_.at(point.y)));
            }
        }
    }

    /// A line down at each event, its text beside it; texts that would meet stand below each other.
    void add_events() {
        std::vector<double> free_from(kRowsMax, -1e9);
        for (const Event& event : chart_.events) {
            if (event.x < x_.least() || event.x > x_.most()) {
                continue;
            }
            const double x = x_.at(event.x);
            const double width = text_width(event.text) + 8;
            const bool to_the_left = x + width > chart_.width;
            const double begin = to_the_left ? x - width : x;
            std::size_t row = 0;
            while (row + 1 < kRowsMax && free_from[row] > begin) {
                ++row;
            }
            free_from[row] = begin + width;
            add_line(out_, "event", {x, area_.top}, {x, area_.bottom});
            out_ += "<g class=\"told\">";
            add_text(
                out_,
                to_the_left ? x - 5 : x + 5,
                area_.top + 11 + kRow * static_cast<double>(row),
                to_the_left ? Anchor::kEnd : Anchor::kStart,
                event.text);
            out_ += "</g>\n";
        }
    }

    /// Every x that is measured, as a stretch that tells the values there.
    void add_bands() {
        std::vector<double> places;
        for (const Series& series : chart_.series) {
            for (const Point& point : series.points) {
                if (shown(chart_, point)) {
                    places.push_back(point.x);
                }
            }
        }
        std::ranges::sort(places);
        places.erase(std::unique(places.begin(), places.end()), places.end());
        const std::size_t step = places.size() / kBandsMax + 1;
        for (std::size_t i = 0; i < places.size(); i += step) {
            const double x = x_.at(places[i]);
            const double left = i < step ? area_.left : (x_.at(places[i - step]) + x) / 2;
            const double right =
                i + step < places.size() ? (x + x_.at(places[i + step])) / 2 : area_.right;
            fmt::format_to(
                std::back_inserter(out_),
                "<rect class=\"band\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}"
                "</title></rect>\n",
                coordinate(left),
                coordinate(area_.top),
                coordinate(std::max(right - left, 0.5)),
                coordinate(area_.bottom - area_.top),
                escaped(values_at(places[i])));
        }
    }

    [[nodiscard]] std::string values_at(double x) const {
        const auto own =
            std::ranges::find(chart_.x.ticks, x, &std::pair<double, std::string>::first);
        std::string out = fmt::format(
            "{}: {}", chart_.x.label, own != chart_.x.ticks.end() ? own->second : number_text(x));
        for (const Series& series : chart_.series) {
            const auto point = std::ranges::find(series.points, x, &Point::x);
            if (point != series.points.end() && shown(chart_, *point)) {
                out += fmt::format("\n{}: {}", series.name, number_text(point->y));
            }
        }
        return out;
    }

    const LineChart& chart_;
    Scale x_;
    Scale y_;
    Area area_;
    std::string out_;
};

/// Instead of axes without values.
std::string empty_chart(const LineChart& chart) {
    std::string out;
    begin_svg(out, chart.name, chart.width, chart.height);
    static_cast<void>(add_head(out, chart.y.label, {}, chart.width));
    add_text(out, chart.width / 2, chart.height / 2, Anchor::kMiddle, "nothing was measured");
    end_svg(out);
    return out;
}

}  // namespace

std::string to_svg(const LineChart& chart) {
    Extent x;
    Extent y;
    for (const Series& series : chart.series) {
        for (const Point& point : series.points) {
            if (shown(chart, point)) {
                x.add(point.x);
                y.add(point.y);
            }
        }
    }
    return x.empty() ? empty_chart(chart) : Drawing(chart, x, y).draw();
}

}  // namespace polis::tools::plot
