#include <tools/bench/probe.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <future>
#include <utility>

#include <fmt/format.h>

#include <core/integer.hpp>
#include <node/metrics/stages.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/devnet/process.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::chrono::milliseconds kPatience{2'000};

// ---- Prometheus' text format --------------------------------------------------------------------

bool begins_name(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_' ||
           letter == ':';
}

bool goes_on_in_name(char letter) {
    return begins_name(letter) || (letter >= '0' && letter <= '9');
}

/// Length of the name with its labels at the begin of the line; 0 if there is none.
std::size_t name_length(std::string_view line) {
    if (line.empty() || !begins_name(line.front())) {
        return 0;
    }
    std::size_t end = 1;
    while (end < line.size() && goes_on_in_name(line[end])) {
        ++end;
    }
    if (end == line.size() || line[end] != '{') {
        return end;
    }
    bool quoted = false;  // a label's value may hold anything, also a brace
    for (std::size_t i = end + 1; i < line.size(); ++i) {
        if (quoted && line[i] == '\\') {
            ++i;
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && line[i] == '}') {
            return i + 1;
        }
    }
    return 0;
}

/// The first number of a text that begins with blanks; a time may follow.
std::optional<double> value_of(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == 0 || begin == std::string_view::npos) {
        return std::nullopt;
    }
    text.remove_prefix(begin);
    text = text.substr(0, text.find_first_of(" \t\r"));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

/// Of a name with labels; empty if it has no such label.
std::string_view label_of(std::string_view name, std::string_view label) {
    const std::string mark = fmt::format("{}=\"", label);
    const std::size_t at = name.find(mark);
    if (at == std::string_view::npos || at == 0 || goes_on_in_name(name[at - 1])) {
        return {};
    }
    const std::string_view rest = name.substr(at + mark.size());
    const std::size_t end = rest.find('"');
    return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

using Metrics = std::map<std::string, double>;

/// Calls visit(name, value) for the samples of this family, whatever their labels.
template <class Visit>
void visit_family(const Metrics& metrics, std::string_view family, Visit visit) {
    for (auto at = metrics.lower_bound(std::string(family)); at != metrics.end(); ++at) {
        const std::string_view name = at->first;
        if (!name.starts_with(family)) {
            return;
        }
        if (name.size() == family.size() || name[family.size()] == '{') {
            visit(name, at->second);
        }
    }
}

/// A counter over all of its labels.
std::uint64_t total(const Metrics& metrics, std::string_view family) {
    double sum = 0;
    visit_family(metrics, family, [&sum](std::string_view, double value) { sum += value; });
    return sum >= 0 && sum < 1e18 ? static_cast<std::uint64_t>(std::llround(sum)) : 0;
}

// ---- differences --------------------------------------------------------------------------------

std::uint64_t less(std::uint64_t after, std::uint64_t before) {
    return after - std::min(after, before);
}

/// The same process at both moments, so that its counters went on.
bool went_on(const Reading& before, const Reading& after) {
    return before.alive && before.started == after.started && after.started != 0;
}

const Reading* find(const std::vector<Reading>& readings, std::uint64_t node) {
    const auto found = std::ranges::find(readings, node, &Reading::node);
    return found == readings.end() ? nullptr : &*found;
}

/// What to subtract from a reading: an empty one if the process began later.
Reading base_of(const std::vector<Reading>& before, const Reading& after) {
    const Reading* const base = find(before, after.node);
    return base != nullptr && went_on(*base, after) ? *base : Reading{};
}

// ---- stages -------------------------------------------------------------------------------------

/// Of times in one or several histograms: how many there were up to each bound.
struct Buckets {
    std::map<std::uint64_t, std::uint64_t> up_to_us;
    std::uint64_t count = 0;
    double sum_s = 0;
};

std::map<std::string, Buckets, std::less<>> stages_of(const Metrics& metrics) {
    std::map<std::string, Buckets, std::less<>> out;
    const auto count_of = [](double value) {
        return value >= 0 && value < 1e18 ? static_cast<std::uint64_t>(value) : 0;
    };
    const auto stage_of = [&out](std::string_view name) -> Buckets& {
        return out[std::string(label_of(name, "stage"))];
    };
    visit_family(metrics, "polis_stage_seconds_bucket", [&](std::string_view name, double value) {
        const auto bound_s = value_of(fmt::format(" {}", label_of(name, "le")));
        if (bound_s && *bound_s >= 0 && *bound_s < 1e9) {  // the last one has none
            stage_of(name).up_to_us[static_cast<std::uint64_t>(std::llround(*bound_s * 1e6))] =
                count_of(value);
        }
    });
    visit_family(metrics, "polis_stage_seconds_count", [&](std::string_view name, double value) {
        stage_of(name).count = count_of(value);
    });
    visit_family(metrics, "polis_stage_seconds_sum", [&](std::string_view name, double value) {
        stage_of(name).sum_s = value;
    });
    return out;
}

/// Adds what came to `before` until `after`.
void add_difference(Buckets& out, const Buckets& before, const Buckets& after) {
    for (const auto& [bound, count] : after.up_to_us) {
        const auto old = before.up_to_us.find(bound);
        out.up_to_us[bound] += less(count, old == before.up_to_us.end() ? 0 : old->second);
    }
    out.count += less(after.count, before.count);
    out.sum_s += std::max(0.0, after.sum_s - before.sum_s);
}

/// Within a bucket times are taken to be spread evenly. Those above every bound are taken for it.
std::uint64_t percentile_us(const Buckets& buckets, double share) {
    const double rank = share * static_cast<double>(buckets.count);
    double lower_us = 0;
    double below = 0;
    for (const auto& [bound, up_to] : buckets.up_to_us) {
        const auto upper_us = static_cast<double>(bound);
        const auto here = static_cast<double>(up_to);
        if (here >= rank && here > below) {
            const double part = (rank - below) / (here - below);
            return static_cast<std::uint64_t>(
                std::llround(lower_us + (upper_us - lower_us) * std::clamp(part, 0.0, 1.0)));
        }
        lower_us = upper_us;
        below = std::max(below, here);
    }
    return static_cast<std::uint64_t>(lower_us);
}

std::uint64_t max_us(const Buckets& buckets) {
    std::uint64_t out = 0;
    std::uint64_t below = 0;
    for (const auto& [bound, up_to] : buckets.up_to_us) {
        if (up_to > below) {
            out = bound;
            below = up_to;
        }
    }
    return buckets.count > below && !buckets.up_to_us.empty() ? buckets.up_to_us.rbegin()->first
                                                              : out;
}

Spread spread_of(const Buckets& buckets) {
    if (buckets.count == 0) {
        return {};
    }
    const double mean_us = buckets.sum_s * 1e6 / static_cast<double>(buckets.count);
    return {
        .count = buckets.count,
        .mean_us = static_cast<std::uint64_t>(std::llround(mean_us)),
        .p50_us = percentile_us(buckets, 0.5),
        .p90_us = percentile_us(buckets, 0.9),
        .p99_us = percentile_us(buckets, 0.99),
        .p999_us = percentile_us(buckets, 0.999),
        .max_us = max_us(buckets)};
}

/// Lines such as "VmHWM:     1234 kB" and "write_bytes: 12".
std::uint64_t value_in(const std::string& file, std::string_view key) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(key)) {
            const std::size_t begin = line.find_first_of("0123456789", key.size());
            const std::size_t end = line.find_first_not_of("0123456789", begin);
            return begin == std::string::npos
                       ? 0
                       : parse_u64(std::string_view(line).substr(begin, end - begin)).value_or(0);
        }
    }
    return 0;
}

Reading read_node(const devnet::Node& node, bool running) {
    auto out = running ? read_process(node.process.pid) : std::nullopt;
    if (!out) {
        out.emplace().node = node.index;
        return *std::move(out);
    }
    out->node = node.index;
    const auto page = devnet::rpc_client(node, kPatience).get("/metrics");
    out->alive = page.has_value();
    if (page) {
        out->metrics = parse_metrics(*page);
    }
    return *std::move(out);
}

}  // namespace

std::map<std::string, double> parse_metrics(std::string_view page) {
    std::map<std::string, double> out;
    while (!page.empty()) {
        const std::size_t end = page.find('\n');
        const std::string_view line = page.substr(0, end);
        page = end == std::string_view::npos ? std::string_view{} : page.substr(end + 1);
        const std::size_t length = name_length(line);
        if (length == 0) {
            continue;
        }
        if (const auto value = value_of(line.substr(length))) {
            out.insert_or_assign(std::string(line.substr(0, length)), *value);
        }
    }
    return out;
}

std::optional<Reading> read_process(pid_t pid) {
    const auto usage = devnet::usage_of(pid);
    if (!usage) {
        return std::nullopt;
    }
    const std::string folder = fmt::format("/proc/{}", pid);
    Reading out;
    out.alive = true;
    out.started = usage->started;
    out.user_us = usage->user_us;
    out.system_us = usage->system_us;
    out.resident_bytes = usage->resident_bytes;
    out.resident_bytes_max =
        std::max(value_in(folder + "/status", "VmHWM:") * 1'024, usage->resident_bytes);
    out.disk_written_bytes = value_in(folder + "/io", "write_bytes:");
    return out;
}

std::vector<Reading> read_nodes(const devnet::Devnet& devnet) {
    std::vector<std::future<Reading>> readings;
    readings.reserve(devnet.nodes.size());
    for (const devnet::Node& node : devnet.nodes) {
        const bool running = state_of(devnet, node) != devnet::ProcessState::kGone;
        readings.push_back(
            std::async(std::launch::async, [&node, running] { return read_node(node, running); }));
    }
    std::vector<Reading> out;
    out.reserve(readings.size());
    for (std::future<Reading>& reading : readings) {
        out.push_back(reading.get());
    }
    return out;
}

std::vector<NodeUse> use_between(
    const std::vector<Reading>& before, const std::vector<Reading>& after) {
    std::vector<NodeUse> out;
    for (const Reading& end : after) {
        const Reading begin = base_of(before, end);
        const Reading* const known = find(before, end.node);
        const auto grown = [&begin, &end](std::string_view family) {
            return less(total(end.metrics, family), total(begin.metrics, family));
        };
        NodeUse use{
            .node = end.node,
            .user_us = less(end.user_us, begin.user_us),
            .system_us = less(end.system_us, begin.system_us),
            .resident_bytes_max = end.resident_bytes_max,
            .disk_written_bytes = less(end.disk_written_bytes, begin.disk_written_bytes),
            .sent_bytes = grown("polis_p2p_sent_bytes_total"),
            .received_bytes = grown("polis_p2p_received_bytes_total"),
            .messages_sent = grown("polis_p2p_sent_messages_total"),
            .signatures = grown("polis_txn_signatures_verified_total"),
            .height_from = known == nullptr ? 0 : total(known->metrics, "polis_height"),
            .height_to = total(end.metrics, "polis_height"),
            .ran_through = end.alive && begin.alive};
        if (known != nullptr) {
            use.resident_bytes_max = std::max(use.resident_bytes_max, known->resident_bytes_max);
        }
        out.push_back(use);
    }
    return out;
}

std::vector<Stage> stages_between(
    const std::vector<Reading>& before, const std::vector<Reading>& after) {
    std::map<std::string, Buckets, std::less<>> sums;
    for (const Reading& end : after) {
        const auto begin = stages_of(base_of(before, end).metrics);
        for (const auto& [stage, buckets] : stages_of(end.metrics)) {
            const auto old = begin.find(stage);
            add_difference(sums[stage], old == begin.end() ? Buckets{} : old->second, buckets);
        }
    }
    std::vector<Stage> out;
    for (const node::StageText& text : node::kStageTexts) {
        const auto found = sums.find(text.name);
        out.push_back(
            {.name = std::string(text.name),
             .about = std::string(text.about),
             .time = found == sums.end() ? Spread{} : spread_of(found->second)});
    }
    return out;
}

}  // namespace polis::tools::bench
