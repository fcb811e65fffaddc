#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tools/plot/chart.hpp>
#include <tools/plot/svg.hpp>

/// What charts have in common: the area of the values, axes around it, a legend above it.
namespace polis::tools::plot {

/// In pixels, y downwards.
struct Area {
    double left = 0;
    double right = 0;
    double top = 0;
    double bottom = 0;
};

struct LegendEntry {
    std::string name;
    std::size_t colour = 0;
    bool dashed = false;
    bool box = false;  ///< a bar, not a line
};

using Ticks = std::vector<std::pair<double, std::string>>;

/// The ticks of the axis, or those that it has of its own.
[[nodiscard]] Ticks ticks_of(const Scale& scale, const Axis& axis);

/// The widest label of ticks.
[[nodiscard]] double widest(const Ticks& ticks);

void begin_svg(std::string& out, std::string_view name, double width, double height);
void end_svg(std::string& out);

enum class Anchor : std::uint8_t { kStart, kMiddle, kEnd };

void add_text(std::string& out, double x, double y, Anchor anchor, std::string_view text);
void add_line(
    std::string& out,
    std::string_view css,
    std::pair<double, double> from,
    std::pair<double, double> to);

/// The unit of the values, and the legend beside it or, without room, in a line below.
/// @return the y below it
[[nodiscard]] double add_head(
    std::string& out,
    std::string_view label,
    const std::vector<LegendEntry>& entries,
    double width);

/// Lines across the area at the ticks, with their labels to the left.
void add_y_axis(std::string& out, const Area& area, const Scale& scale, const Ticks& ticks);

/// The axis below the area, labels that fit, and what it shows.
void add_x_axis(
    std::string& out,
    const Area& area,
    const Scale& scale,
    const Ticks& ticks,
    std::string_view label);

}  // namespace polis::tools::plot
