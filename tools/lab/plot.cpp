// The picture of `polis lab pole`: bars, drawn by hand so that nothing else is needed.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <tools/lab/output.hpp>

namespace polis::tools::lab {

namespace {

constexpr int kWidth = 720;
constexpr int kHeight = 300;
constexpr int kBase = 240;     ///< y of the axis
constexpr int kTallest = 180;  ///< of a bar
constexpr int kBar = 26;
constexpr int kGap = 30;  ///< between groups

struct Bar {
    double value = 0;
    std::string label;  ///< above it
    std::string_view colour;
};

struct Group {
    std::string name;
    std::vector<Bar> bars;
};

struct Panel {
    int left = 0;
    std::string title;
    std::vector<Group> groups;
};

constexpr std::string_view kPlain = "#8a94a6";
constexpr std::string_view kMapped = "#2f6f4f";
constexpr std::string_view kStolen = "#b5483a";
constexpr std::string_view kMoved = "#c9932e";

void write_text(std::string& out, int x, int y, std::string_view anchor, std::string_view text) {
    fmt::format_to(
        std::back_inserter(out),
        "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n",
        x,
        y,
        anchor,
        text);
}

void write_panel(std::string& out, const Panel& panel) {
    double most = 0;
    for (const Group& group : panel.groups) {
        for (const Bar& bar : group.bars) {
            most = std::max(most, bar.value);
        }
    }
    write_text(out, panel.left, 24, "start", panel.title);
    int x = panel.left;
    for (const Group& group : panel.groups) {
        const int begin = x;
        for (const Bar& bar : group.bars) {
            const int height = most > 0 ? static_cast<int>(bar.value / most * kTallest) : 0;
            fmt::format_to(
                std::back_inserter(out),
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n",
                x,
                kBase - height,
                kBar - 2,
                height,
                bar.colour);
            write_text(out, x + kBar / 2 - 1, kBase - height - 4, "middle", bar.label);
            x += kBar;
        }
        write_text(out, (begin + x) / 2, kBase + 16, "middle", group.name);
        x += kGap;
    }
}

Panel accuracy_panel(const PoleLab& lab) {
    Panel out{
        .left = 24,
        .title = "accuracy, %: without a map, behind it, stolen, stolen and moved",
        .groups = {}};
    const auto bar = [](double ppm, std::string_view colour) {
        return Bar{ppm, fmt::format("{:.0f}", ppm / 10'000), colour};
    };
    for (const ModelSummary& model : summaries(lab)) {
        Group group{.name = model.model, .bars = {}};
        group.bars.push_back(bar(model.plain_ppm.mean, kPlain));
        group.bars.push_back(bar(model.mapped_ppm.mean, kMapped));
        group.bars.push_back(bar(model.stolen_ppm.mean, kStolen));
        if (model.moved_ppm) {
            group.bars.push_back(bar(model.moved_ppm->mean, kMoved));
        }
        out.groups.push_back(std::move(group));
    }
    return out;
}

Panel pace_panel(const PoleLab& lab) {
    Panel out{.left = kWidth / 2 + 60, .title = "block interval, ms: median and p95", .groups = {}};
    for (const BlockPace& pace : lab.paces) {
        const auto bar = [](std::uint64_t ms, std::string_view colour) {
            return Bar{static_cast<double>(ms), std::to_string(ms), colour};
        };
        out.groups.push_back(
            {.name = pace.what,
             .bars = {bar(pace.interval_ms.median, kMapped), bar(pace.interval_ms.p95, kPlain)}});
    }
    return out;
}

}  // namespace

std::string to_svg(const PoleLab& lab) {
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"sans-serif\" font-size=\"11\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
        kWidth,
        kHeight);
    write_panel(out, accuracy_panel(lab));
    if (!lab.paces.empty()) {
        write_panel(out, pace_panel(lab));
    }
    return out + "</svg>\n";
}

}  // namespace polis::tools::lab
