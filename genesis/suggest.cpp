#include <genesis/suggest.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace polis::genesis {

namespace {

/// Longer words are no typing errors, and their distance would take long.
constexpr std::size_t kWordBytesMax = 64;

/// Levenshtein distance, one row of the table at a time.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[right.size()];
}

}  // namespace

std::optional<std::string_view> suggest(
    std::string_view word, std::span<const std::string_view> candidates) {
    if (word.size() > kWordBytesMax) {
        return std::nullopt;
    }
    std::optional<std::string_view> best;
    std::size_t best_distance = 0;
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        const std::size_t allowed = std::max<std::size_t>(2, candidate.size() / 3);
        const bool near = distance <= allowed && distance < candidate.size();
        if (near && (!best || distance < best_distance)) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace polis::genesis
