#include <tools/polis/scores.hpp>

#include <fmt/format.h>

#include <core/integer.hpp>

namespace polis::tools {

namespace {

constexpr std::uint64_t kHundredths = 10'000;  // of a whole
constexpr std::uint64_t kTenThousandths = 10'000;
constexpr std::uint64_t kOne = 65'536;  // nat in Q16

}  // namespace

std::string percent_text(std::uint64_t part, std::uint64_t whole) {
    const auto hundredths = whole == 0 ? std::nullopt : mul_div_floor(part, kHundredths, whole);
    if (!hundredths) {
        return "-";
    }
    return fmt::format("{}.{:02} %", *hundredths / 100, *hundredths % 100);
}

std::string score_text(const exact::Score& score) {
    const auto mean = score.count == 0
                          ? std::nullopt
                          : mul_div_floor(score.cross_entropy / score.count, kTenThousandths, kOne);
    std::string out = fmt::format(
        "{}/{} ({})", score.correct, score.count, percent_text(score.correct, score.count));
    if (mean) {
        out += fmt::format(", {}.{:04} nats", *mean / kTenThousandths, *mean % kTenThousandths);
    }
    return out;
}

void add_score(Report& report, std::string_view key, const exact::Score& score) {
    report.json(
        key,
        {{"correct", score.correct},
         {"count", score.count},
         {"crossEntropy", std::to_string(score.cross_entropy)}});
    report.note(key, score_text(score));
    report.note("cross_entropy", std::to_string(score.cross_entropy) + " (sum, nats in Q16)");
}

}  // namespace polis::tools
