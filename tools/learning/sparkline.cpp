#include <tools/learning/sparkline.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace polis::tools::learning {

namespace {

constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

}  // namespace

std::string sparkline(std::span<const std::uint64_t> values, std::size_t width) {
    const std::size_t columns = std::min(values.size(), width);
    std::vector<std::uint64_t> means;
    for (std::size_t i = 0; i < columns; ++i) {
        const std::size_t begin = i * values.size() / columns;
        const std::size_t end = (i + 1) * values.size() / columns;
        const auto part = values.subspan(begin, end - begin);
        means.push_back(std::accumulate(part.begin(), part.end(), std::uint64_t{0}) / part.size());
    }
    if (means.empty()) {
        return {};
    }
    const auto [lowest, highest] = std::ranges::minmax(means);
    std::string out;
    for (const std::uint64_t mean : means) {
        const std::uint64_t range = std::max<std::uint64_t>(highest - lowest, 1);
        out += kBlocks[(mean - lowest) * (kBlocks.size() - 1) / range];
    }
    return out;
}

std::string progress_bar(std::uint64_t done, std::uint64_t total, std::size_t width) {
    const std::size_t filled =
        total == 0 ? width : static_cast<std::size_t>(std::min(done, total) * width / total);
    return fmt::format("[{:#<{}}{:.<{}}]", "", filled, "", width - filled);
}

std::string duration_text(std::uint64_t ms) {
    constexpr std::uint64_t kSecond = 1'000;
    constexpr std::uint64_t kMinute = 60 * kSecond;
    constexpr std::uint64_t kHour = 60 * kMinute;
    if (ms < kSecond) {
        return fmt::format("{} ms", ms);
    }
    if (ms < kMinute) {
        return fmt::format("{}.{} s", ms / kSecond, ms % kSecond / 100);
    }
    if (ms < kHour) {
        return fmt::format("{} min {} s", ms / kMinute, ms % kMinute / kSecond);
    }
    return fmt::format("{} h {} min", ms / kHour, ms % kHour / kMinute);
}

}  // namespace polis::tools::learning
