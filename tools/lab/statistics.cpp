#include <tools/lab/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <core/check.hpp>

namespace polis::tools::lab {

namespace {

std::uint64_t nearest_rank(const std::vector<std::uint64_t>& sorted, std::size_t percent) {
    const std::size_t rank = (sorted.size() * percent + 99) / 100;
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

Summary summarise(std::vector<std::uint64_t> values) {
    Summary out;
    if (values.empty()) {
        return out;
    }
    std::ranges::sort(values);
    out.count = values.size();
    const auto count = static_cast<double>(values.size());
    for (const std::uint64_t value : values) {
        out.mean += static_cast<double>(value) / count;
    }
    double squares = 0;
    for (const std::uint64_t value : values) {
        const double off = static_cast<double>(value) - out.mean;
        squares += off * off;
    }
    out.deviation = values.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
    out.median = nearest_rank(values, 50);
    out.p95 = nearest_rank(values, 95);
    out.most = values.back();
    return out;
}

std::vector<std::uint64_t> steps_of(std::span<const std::uint64_t> rising) {
    std::vector<std::uint64_t> out;
    for (std::size_t i = 1; i < rising.size(); ++i) {
        POLIS_ASSERT_OP(rising[i - 1], <=, rising[i]);
        out.push_back(rising[i] - rising[i - 1]);
    }
    return out;
}

}  // namespace polis::tools::lab
