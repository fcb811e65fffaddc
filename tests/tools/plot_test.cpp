// Axes with round ticks, and texts that cannot leave the place where they stand.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tools/plot/chart.hpp>
#include <tools/plot/svg.hpp>

namespace polis::tools::plot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

double any_positive(Random& random) {
    return std::ldexp(
        static_cast<double>(random.between(1, 1'000'000)),
        static_cast<int>(random.between(0, 40)) - 30);
}

/// 1, 2 or 5 times a power of ten.
bool is_round(double value) {
    const double part = value / std::pow(10.0, std::floor(std::log10(value) + 1e-9));
    return std::abs(part - 1) < 1e-6 || std::abs(part - 2) < 1e-6 || std::abs(part - 5) < 1e-6;
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t out = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++out;
    }
    return out;
}

TEST(PlotText, is_escaped) {
    EXPECT_EQ(escaped("a<b>&\"'\x01z"), "a&lt;b&gt;&amp;&quot;&#39; z");
    EXPECT_EQ(escaped("ü→"), "ü→");
}

TEST(PlotText, of_numbers_is_short) {
    EXPECT_EQ(number_text(0), "0");
    EXPECT_EQ(number_text(0.25), "0.25");
    EXPECT_EQ(number_text(999), "999");
    EXPECT_EQ(number_text(12'000), "12,000");
    EXPECT_EQ(number_text(-1'234'567), "-1,234,567");
    EXPECT_EQ(number_text(1.5e12), "1.5e+12");
    EXPECT_EQ(coordinate(3), "3");
    EXPECT_EQ(coordinate(3.14159), "3.1");
    EXPECT_EQ(coordinate(-0.01), "0");
}

TEST(PlotScale, has_ticks_at_round_numbers) {
    EXPECT_THAT(
        Scale::from_zero(9'300, 5).ticks(), ElementsAre(0, 2'000, 4'000, 6'000, 8'000, 10'000));
    EXPECT_THAT(Scale::from_zero(1, 2).ticks(), ElementsAre(0, 0.5, 1));
    EXPECT_THAT(Scale::logarithmic(3, 70).ticks(), ElementsAre(2, 5, 10, 20, 50, 100));
    EXPECT_THAT(Scale::exact(4, 31, 3).ticks(), ElementsAre(10, 20, 30));
}

TEST(PlotScale, holds_every_value_whatever_its_size) {
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        Random random(seed, "scale");
        const double least = any_positive(random);
        const double most = least + any_positive(random);
        const std::size_t about = 2 + random.below(8);
        const Scale linear = Scale::from_zero(most, about);
        EXPECT_GE(linear.most(), most * (1 - 1e-9));
        EXPECT_LE(linear.most(), most * 2) << "half of the picture is used";
        EXPECT_GE(linear.ticks().size(), 2U);
        EXPECT_LE(linear.ticks().size(), 2 * about + 3);
        EXPECT_TRUE(is_round(linear.ticks()[1]));
        const Scale logarithmic = Scale::logarithmic(least, most);
        EXPECT_LE(logarithmic.least(), least * (1 + 1e-9));
        EXPECT_GE(logarithmic.most(), most * (1 - 1e-9));
        EXPECT_GE(logarithmic.ticks().size(), 2U) << least << ' ' << most;
        EXPECT_TRUE(std::ranges::all_of(logarithmic.ticks(), is_round));
    }
}

TEST(PlotScale, keeps_the_order_and_stays_within) {
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        Random random(seed, "order");
        const double least = any_positive(random);
        const double most = least + any_positive(random);
        for (Scale scale : {Scale::from_zero(most, 5), Scale::logarithmic(least, most)}) {
            scale.put_on(300, 20);
            double last = 301;
            for (double share = 0; share <= 1; share += 0.125) {
                const double at = scale.at(least + share * (most - least));
                EXPECT_LE(at, last);
                EXPECT_GE(at, 20 - 1e-9);
                EXPECT_LE(at, 300 + 1e-9);
                last = at;
            }
            EXPECT_DOUBLE_EQ(scale.at(most * 1e6), 20);
            EXPECT_DOUBLE_EQ(scale.at(0), 300);
        }
    }
}

LineChart line_chart() {
    LineChart out;
    out.name = "a <chart>";
    out.x.label = "s";
    out.y.label = "ms";
    out.series = {{.name = "one & two", .colour = 0, .points = {{0, 1}, {1, 10}, {2, 0}}}};
    out.events = {{1, "<killed>"}};
    return out;
}

TEST(LineChart, draws_a_place_for_every_value) {
    const std::string svg = to_svg(line_chart());
    EXPECT_EQ(count_of(svg, "<polyline"), 1U);
    EXPECT_EQ(count_of(svg, "class=\"band\""), 3U);
    EXPECT_THAT(svg, HasSubstr("s: 1\none &amp; two: 10"));
    EXPECT_THAT(svg, HasSubstr("&lt;killed&gt;"));
    EXPECT_THAT(svg, HasSubstr("aria-label=\"a &lt;chart&gt;\""));
}

TEST(LineChart, leaves_out_what_a_logarithmic_axis_cannot_show) {
    LineChart chart = line_chart();
    chart.y.logarithmic = true;
    EXPECT_EQ(count_of(to_svg(chart), "class=\"band\""), 2U);
}

TEST(LineChart, says_so_if_nothing_was_measured) {
    LineChart chart = line_chart();
    chart.series.front().points.clear();
    EXPECT_THAT(to_svg(chart), HasSubstr("nothing was measured"));
}

TEST(LineChart, of_a_very_long_run_stays_small) {
    LineChart chart = line_chart();
    for (int i = 3; i < 20'000; ++i) {
        chart.series.front().points.push_back({static_cast<double>(i), 5});
    }
    EXPECT_LE(count_of(to_svg(chart), "class=\"band\""), 500U);
}

TEST(BarChart, stacks_or_stands_side_by_side) {
    BarChart chart;
    chart.name = "bars";
    chart.y_label = "s";
    chart.groups = {"0", "1", "2"};
    chart.series = {{"user", 0, {1, 2, 3}}, {"system", 1, {4, 5, 6}}};
    chart.stacked = true;
    EXPECT_EQ(count_of(to_svg(chart), "<title>"), 6U);
    EXPECT_THAT(to_svg(chart), HasSubstr(">9</text>")) << "the sum stands above a stack";
    chart.stacked = false;
    EXPECT_THAT(to_svg(chart), testing::Not(HasSubstr(">9</text>")));
    EXPECT_THAT(to_svg(chart), HasSubstr("2\nsystem: 6"));
}

TEST(BarChart, cuts_names_that_do_not_fit) {
    BarChart chart;
    chart.y_label = "s";
    chart.groups = {"a name that is far too long for the width of the bar below which it stands"};
    chart.series = {{"x", 0, {1}}};
    chart.width = 200;
    EXPECT_THAT(to_svg(chart), HasSubstr("…</text>"));
}

TEST(RangeChart, has_a_row_for_each_range) {
    const RangeChart chart{
        .name = "ranges", .x_label = "ms", .ranges = {{"a", 1, 10, 100}, {"b", 2, 2, 2}}};
    EXPECT_EQ(count_of(to_svg(chart), "<circle"), 2U);
    EXPECT_THAT(to_svg(chart), HasSubstr("a\nmedian: 1\np99: 10\ngreatest: 100"));
}

}  // namespace
}  // namespace polis::tools::plot
