#include <algorithm>
#include <array>

#include <consensus/dpos/dpos.hpp>
#include <consensus/election.hpp>
#include <consensus/pole/pole.hpp>

namespace polis::consensus {

namespace {

struct Entry {
    std::string_view name;
    const Election& (*get)();
};

template <class T>
const Election& instance() {
    static const T kInstance;
    return kInstance;
}

template <class T>
constexpr Entry entry() {
    return {.name = T::kName, .get = instance<T>};
}

/// Every election of this program, by name: one line each.
constexpr std::array kElections{
    entry<dpos::Dpos>(),
    entry<pole::Pole>(),
};

constexpr auto kNames = [] {
    std::array<std::string_view, kElections.size()> out;
    std::ranges::transform(kElections, out.begin(), &Entry::name);
    return out;
}();
static_assert(
    std::ranges::adjacent_find(kNames, std::ranges::greater_equal{}) == kNames.end(),
    "sorted by name, each once");

}  // namespace

const Election* find_election(std::string_view name) {
    const auto found = std::ranges::find(kElections, name, &Entry::name);
    return found == kElections.end() ? nullptr : &found->get();
}

std::span<const std::string_view> election_names() { return kNames; }

}  // namespace polis::consensus
