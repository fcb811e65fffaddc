#include <tools/plot/svg.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <core/check.hpp>

namespace polis::tools::plot {

namespace {

/// A range and its ticks have no more parts than this, whatever the values are.
constexpr std::size_t kTicksMax = 60;

/// 1, 2 or 5 times a power of ten: the greatest that makes at least about so many steps.
double round_step(double range, std::size_t steps_about) {
    const double rough = range / static_cast<double>(std::max<std::size_t>(steps_about, 1));
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double part = rough / power;
    // Between the steps the nearest one in the sense of ratios: 1.4 is nearer to 1 than to 2.
    const double factor = part < 1.42 ? 1 : part < 3.17 ? 2 : part < 7.08 ? 5 : 10;
    return factor * power;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
        }
    }
    return out;
}

std::string coordinate(double value) {
    std::string out = fmt::format("{:.1f}", value);
    if (out.ends_with(".0")) {
        out.resize(out.size() - 2);
    }
    return out == "-0" ? "0" : out;
}

std::string grouped(std::uint64_t value) {
    const std::string digits = std::to_string(value);
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) {
            out += ',';
        }
        out += digits[i];
    }
    return out;
}

std::string number_text(double value) {
    const double size = std::abs(value);
    if (size >= 1e12 || (size > 0 && size < 1e-4)) {
        return fmt::format("{:.3g}", value);
    }
    if (size < 1'000) {
        return fmt::format("{:.4g}", value);
    }
    const auto digits = static_cast<std::uint64_t>(std::llround(size));
    return (value < 0 ? "-" : "") + grouped(digits);
}

double text_width(std::string_view text) {
    constexpr double kCharacter = 6.3;
    const auto characters = std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    return kCharacter * static_cast<double>(characters);
}

Scale Scale::from_zero(double most, std::size_t ticks_about) {
    const double range = std::isfinite(most) && most > 0 ? most : 1;
    const double step = round_step(range, ticks_about);
    const double steps = std::max(1.0, std::ceil(range / step - 1e-9));
    Scale out(0, steps * step, /*logarithmic=*/false);
    for (double i = 0; i <= steps && out.ticks_.size() < kTicksMax; ++i) {
        out.ticks_.push_back(i * step);
    }
    return out;
}

Scale Scale::exact(double least, double most, std::size_t ticks_about) {
    const bool wide = most > least;
    Scale out(least, wide ? most : least + 1, /*logarithmic=*/false);
    const double step = round_step(out.most_ - out.least_, ticks_about);
    for (double i = std::ceil(out.least_ / step - 1e-9);
         i * step <= out.most_ + step * 1e-9 && out.ticks_.size() < kTicksMax;
         ++i) {
        out.ticks_.push_back(i * step + 0.0);  // no minus before a zero
    }
    return out;
}

Scale Scale::logarithmic(double least, double most) {
    POLIS_ASSERT(least > 0 && most >= least);
    constexpr double kFine = 1e-9;
    // Ends at 1, 2 or 5 times a power of ten, so that no more than half of a decade is empty.
    const auto end = [](double value, bool up) {
        const double power = std::pow(10.0, std::floor(std::log10(value) + kFine));
        const double part = value / power;
        if (up) {
            const double factor = part <= 1 + kFine   ? 1
                                  : part <= 2 + kFine ? 2
                                  : part <= 5 + kFine ? 5
                                                      : 10;
            return factor * power;
        }
        const double factor = part >= 5 - kFine ? 5 : part >= 2 - kFine ? 2 : 1;
        return factor * power;
    };
    const double low = end(least, /*up=*/false);
    double high = end(most, /*up=*/true);
    if (high < low * 2 * (1 - kFine)) {
        high = low * 10;
    }
    Scale out(low, high, /*logarithmic=*/true);
    const double decades = std::log10(high / low);
    for (double exponent = std::floor(std::log10(low) + kFine);
         exponent <= std::log10(high) + kFine && out.ticks_.size() < kTicksMax;
         ++exponent) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double tick = factor * std::pow(10.0, exponent);
            const bool wanted = factor == 1.0 || decades <= 3;
            if (wanted && tick >= low * (1 - kFine) && tick <= high * (1 + kFine)) {
                out.ticks_.push_back(tick);
            }
        }
    }
    return out;
}

void Scale::put_on(double begin, double end) {
    begin_ = begin;
    end_ = end;
}

double Scale::at(double value) const {
    const double within = std::clamp(value, least_, most_);
    const double share = logarithmic_ ? std::log(within / least_) / std::log(most_ / least_)
                                      : (within - least_) / (most_ - least_);
    return begin_ + share * (end_ - begin_);
}

}  // namespace polis::tools::plot
