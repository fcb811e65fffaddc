#include <tools/bench/zipf.hpp>

#include <algorithm>

namespace polis::tools::bench {

Zipf::Zipf(std::size_t count) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        sum += 1.0 / static_cast<double>(i + 1);
        sums_.push_back(sum);
    }
}

std::size_t Zipf::pick(Random& random) const {
    constexpr double kParts = 9007199254740992.0;  // 2^53: what a double holds exactly
    const double point = static_cast<double>(random.next() >> 11) / kParts * sums_.back();
    const auto found = std::ranges::upper_bound(sums_, point);
    return std::min(static_cast<std::size_t>(found - sums_.begin()), sums_.size() - 1);
}

}  // namespace polis::tools::bench
