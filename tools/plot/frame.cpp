#include <tools/plot/frame.hpp>

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace polis::tools::plot {

namespace {

constexpr double kBaseline = 13;  ///< of the first line of text
constexpr double kLine = 18;      ///< between lines of text
constexpr double kSwatch = 18;    ///< width of a sample in the legend
constexpr double kGap = 6;
constexpr double kBetween = 16;  ///< entries of a legend

std::string_view anchor_name(Anchor anchor) {
    switch (anchor) {
        case Anchor::kStart:
            return "start";
        case Anchor::kMiddle:
            return "middle";
        case Anchor::kEnd:
            return "end";
    }
    return "start";
}

double entry_width(const LegendEntry& entry) {
    return kSwatch + kGap + text_width(entry.name) + kBetween;
}

void add_swatch(std::string& out, const LegendEntry& entry, double x, double y) {
    if (entry.box) {
        fmt::format_to(
            std::back_inserter(out),
            "<rect class=\"fill{}\" x=\"{}\" y=\"{}\" width=\"11\" height=\"11\"/>\n",
            entry.colour % kColours,
            coordinate(x + kSwatch - 13),
            coordinate(y - 10));
        return;
    }
    add_line(
        out,
        fmt::format("line{}{}", entry.colour % kColours, entry.dashed ? " dashed" : ""),
        {x, y - 4},
        {x + kSwatch, y - 4});
}

}  // namespace

Ticks ticks_of(const Scale& scale, const Axis& axis) {
    if (!axis.ticks.empty()) {
        return axis.ticks;
    }
    Ticks out;
    for (const double tick : scale.ticks()) {
        out.emplace_back(tick, number_text(tick));
    }
    return out;
}

double widest(const Ticks& ticks) {
    double out = 0;
    for (const auto& [unused, label] : ticks) {
        out = std::max(out, text_width(label));
    }
    return out;
}

void begin_svg(std::string& out, std::string_view name, double width, double height) {
    fmt::format_to(
        std::back_inserter(out),
        "<svg class=\"chart\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
        "aria-label=\"{2}\">\n",
        coordinate(width),
        coordinate(height),
        escaped(name));
}

void end_svg(std::string& out) { out += "</svg>\n"; }

void add_text(std::string& out, double x, double y, Anchor anchor, std::string_view text) {
    fmt::format_to(
        std::back_inserter(out),
        "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n",
        coordinate(x),
        coordinate(y),
        anchor_name(anchor),
        escaped(text));
}

void add_line(
    std::string& out,
    std::string_view css,
    std::pair<double, double> from,
    std::pair<double, double> to) {
    fmt::format_to(
        std::back_inserter(out),
        "<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
        css,
        coordinate(from.first),
        coordinate(from.second),
        coordinate(to.first),
        coordinate(to.second));
}

double add_head(
    std::string& out,
    std::string_view label,
    const std::vector<LegendEntry>& entries,
    double width) {
    add_text(out, 0, kBaseline, Anchor::kStart, label);
    double legend = 0;
    for (const LegendEntry& entry : entries) {
        legend += entry_width(entry);
    }
    if (entries.empty()) {
        return kLine + kGap;
    }
    const bool beside = text_width(label) + kBetween + legend <= width;
    double x = beside ? width - legend : 0;
    double y = beside ? kBaseline : kBaseline + kLine;
    for (const LegendEntry& entry : entries) {
        if (x > 0 && x + entry_width(entry) > width + kBetween) {
            x = 0;
            y += kLine;
        }
        add_swatch(out, entry, x, y);
        add_text(out, x + kSwatch + kGap, y, Anchor::kStart, entry.name);
        x += entry_width(entry);
    }
    return y + kGap + kGap;
}

void add_y_axis(std::string& out, const Area& area, const Scale& scale, const Ticks& ticks) {
    for (const auto& [value, label] : ticks) {
        const double y = scale.at(value);
        add_line(out, "grid", {area.left, y}, {area.right, y});
        add_text(out, area.left - kGap, y + 4, Anchor::kEnd, label);
    }
}

void add_x_axis(
    std::string& out,
    const Area& area,
    const Scale& scale,
    const Ticks& ticks,
    std::string_view label) {
    add_line(out, "axis", {area.left, area.bottom}, {area.right, area.bottom});
    double free_from = -1e9;
    for (const auto& [value, text] : ticks) {
        const double x = scale.at(value);
        add_line(out, "axis", {x, area.bottom}, {x, area.bottom + 4});
        const double half = text_width(text) / 2;
        if (x - half >= free_from) {
            add_text(out, x, area.bottom + 17, Anchor::kMiddle, text);
            free_from = x + half + kGap;
        }
    }
    if (!label.empty()) {
        const double middle = (area.left + area.right) / 2;
        add_text(out, middle, area.bottom + 35, Anchor::kMiddle, label);
    }
}

}  // namespace polis::tools::plot
