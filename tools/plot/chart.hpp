#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Charts as SVG elements that stand within a page: colours and fonts come from `chart_style`, so
/// that a page can be light, dark or printed. Every value can be read: points carry a title.
namespace polis::tools::plot {

/// Colours by number; beyond the last one they begin again.
inline constexpr std::size_t kColours = 6;

struct Point {
    double x = 0;
    double y = 0;

    bool operator==(const Point&) const = default;
};

struct Series {
    std::string name;
    std::size_t colour = 0;
    std::vector<Point> points;  ///< in the order of x
    bool dashed = false;        ///< a wish or bound, nothing measured
    bool dots = false;          ///< few points: each is drawn
};

/// Something that happened at an x.
struct Event {
    double x = 0;
    std::string text;
};

struct Axis {
    std::string label;  ///< with the unit
    bool logarithmic = false;
    /// Instead of round numbers.
    std::vector<std::pair<double, std::string>> ticks;
    std::optional<double> least;  ///< nothing: 0, or the least value if logarithmic
    std::optional<double> most;   ///< nothing: the greatest value
};

struct LineChart {
    std::string name;  ///< what a reader who cannot see it is told
    Axis x;
    Axis y;
    std::vector<Series> series;
    std::vector<Event> events;
    double width = 720;
    double height = 260;
};

/// Lines over x. Points that a logarithmic axis cannot show (0 or less) are left out.
[[nodiscard]] std::string to_svg(const LineChart& chart);

struct BarChart {
    std::string name;
    std::string y_label;  ///< with the unit
    std::vector<std::string> groups;

    struct Bars {
        std::string name;
        std::size_t colour = 0;
        std::vector<double> values;  ///< one a group
    };

    std::vector<Bars> series;
    bool stacked = false;        ///< or side by side
    std::optional<double> line;  ///< across all bars, something to compare with
    double width = 720;
    double height = 240;
};

/// Bars from 0, in groups.
[[nodiscard]] std::string to_svg(const BarChart& chart);

/// A distribution in a line: median, p99 and greatest value.
struct Range {
    std::string name;
    double middle = 0;
    double high = 0;
    double most = 0;
};

struct RangeChart {
    std::string name;
    std::string x_label;  ///< with the unit
    std::vector<Range> ranges;
    double width = 720;
};

/// One row a range on a common logarithmic axis.
[[nodiscard]] std::string to_svg(const RangeChart& chart);

/// CSS of the charts, for light and dark.
[[nodiscard]] std::string_view chart_style();

/// A script that shows the values under the pointer; pages work without it.
[[nodiscard]] std::string_view chart_script();

}  // namespace polis::tools::plot
