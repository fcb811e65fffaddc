#include <tools/devnet/stall.hpp>

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace polis::tools::devnet {

namespace {

/// Heads that stand still for less have other reasons: a view change, a busy machine.
constexpr std::uint64_t kStallMsMin = 5'000;
constexpr std::uint64_t kStallIntervals = 10;

std::vector<const NodeStatus*> validators_of(std::span<const NodeStatus> nodes) {
    std::vector<const NodeStatus*> out;
    for (const NodeStatus& node : nodes) {
        if (node.node.validator) {
            out.push_back(&node);
        }
    }
    return out;
}

bool cut(const NodeStatus& from, const NodeStatus& to) {
    return std::ranges::find(from.cut_off, to.node.id) != from.cut_off.end();
}

bool hear_each_other(const NodeStatus& one, const NodeStatus& other) {
    return &one == &other || (!cut(one, other) && !cut(other, one));
}

/// The largest set of running validators around one of them that all its members hear.
std::vector<const NodeStatus*> largest_group(const std::vector<const NodeStatus*>& validators) {
    std::vector<const NodeStatus*> best;
    for (const NodeStatus* centre : validators) {
        if (centre->health != Health::kRunning) {
            continue;
        }
        std::vector<const NodeStatus*> group;
        for (const NodeStatus* other : validators) {
            if (other->health == Health::kRunning && hear_each_other(*centre, *other)) {
                group.push_back(other);
            }
        }
        if (group.size() > best.size()) {
            best = group;
        }
    }
    return best;
}

std::string named(const std::vector<std::size_t>& indices) {
    if (indices.size() == 1) {
        return fmt::format("node {} is", indices.front());
    }
    const std::vector<std::size_t> most(indices.begin(), indices.end() - 1);
    return fmt::format("nodes {} and {} are", fmt::join(most, ", "), indices.back());
}

struct Missing {
    std::vector<std::size_t> down;
    std::vector<std::size_t> paused;
    std::vector<std::size_t> silent;
    std::vector<std::size_t> cut;

    [[nodiscard]] std::string text() const {
        std::vector<std::string> parts;
        const auto add = [&](const std::vector<std::size_t>& indices, std::string_view what) {
            if (!indices.empty()) {
                parts.push_back(fmt::format("{} {}", named(indices), what));
            }
        };
        add(down, "down");
        add(paused, "paused");
        add(silent, "running but not answering");
        add(cut, "cut off by a fault");
        return fmt::format("{}", fmt::join(parts, ", "));
    }

    [[nodiscard]] std::string cure() const {
        if (!cut.empty()) {
            return "polis devnet fault clear";
        }
        if (!paused.empty()) {
            return fmt::format("polis devnet fault resume {}", paused.front());
        }
        if (!down.empty()) {
            return "polis devnet up";
        }
        return fmt::format("polis devnet logs {}", silent.front());
    }
};

Missing missing_of(
    const std::vector<const NodeStatus*>& validators, const std::vector<const NodeStatus*>& group) {
    Missing out;
    for (const NodeStatus* node : validators) {
        const std::size_t index = node->node.index;
        switch (node->health) {
            case Health::kDown:
                out.down.push_back(index);
                break;
            case Health::kPaused:
                out.paused.push_back(index);
                break;
            case Health::kSilent:
                out.silent.push_back(index);
                break;
            case Health::kRunning:
                if (std::ranges::find(group, node) == group.end()) {
                    out.cut.push_back(index);
                }
                break;
        }
    }
    return out;
}

/// All running nodes see an old head although enough of them are connected.
std::optional<std::string> explain_lag(
    const std::vector<const NodeStatus*>& group, std::uint64_t block_interval_ms) {
    std::uint64_t lag_ms = UINT64_MAX;
    for (const NodeStatus* node : group) {
        lag_ms = std::min(lag_ms, node->lag_ms);
    }
    if (lag_ms < std::max(kStallMsMin, kStallIntervals * block_interval_ms)) {
        return std::nullopt;
    }
    const NodeStatus& one = *group.front();
    return fmt::format(
        "no new block for {} s at height {}, view {}{}{}; look with `polis devnet logs {}`",
        lag_ms / 1'000,
        one.height,
        one.view,
        one.explanation.empty() ? "" : ": ",
        one.explanation,
        one.node.index);
}

}  // namespace

std::optional<std::string> explain_stall(
    std::span<const NodeStatus> nodes, std::uint64_t block_interval_ms) {
    const auto validators = validators_of(nodes);
    if (validators.empty()) {
        return std::nullopt;
    }
    const std::size_t all = validators.size();
    const std::size_t needed = 2 * all / 3 + 1;  // equal stakes: more than two thirds
    const auto group = largest_group(validators);
    if (group.size() >= needed) {
        return explain_lag(group, block_interval_ms);
    }
    const Missing missing = missing_of(validators, group);
    return fmt::format(
        "{} of {} validators heard, need {}: {}; mend it: {}",
        group.size(),
        all,
        needed,
        missing.text(),
        missing.cure());
}

}  // namespace polis::tools::devnet
