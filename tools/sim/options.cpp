#include <tools/sim/options.hpp>

#include <array>
#include <charconv>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <consensus/quorum.hpp>

namespace polis::sim {

namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && !text.empty() ? std::optional{value} : std::nullopt;
}

struct FaultName {
    std::string_view flag;
    bool Faults::* member;
};

constexpr std::array<FaultName, 5> kFaultNames{{
    {"--byzantine", &Faults::byzantine},
    {"--crash", &Faults::crash},
    {"--partition", &Faults::partition},
    {"--loss", &Faults::loss},
    {"--disk", &Faults::disk},
}};

std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view kBlank = " \t\r\n";
    std::vector<std::string_view> words;
    std::size_t begin = line.find_first_not_of(kBlank);
    while (begin != std::string_view::npos) {
        const std::size_t end = line.find_first_of(kBlank, begin);
        words.push_back(line.substr(begin, end - begin));
        begin = line.find_first_not_of(kBlank, end);
    }
    return words;
}

bool set_fault(std::string_view word, Faults& faults) {
    for (const FaultName& name : kFaultNames) {
        if (word == name.flag) {
            faults.*name.member = true;
            return true;
        }
    }
    return false;
}

/// An option with a value. @error what is wrong with it
Result<void, std::string> set_value(std::string_view word, std::string_view value, Case& run) {
    if (word == "--nodes") {
        return read_nodes(value, run.options);
    }
    if (word == "--seed") {
        if (const auto seed = number_of<std::uint64_t>(value)) {
            run.seed = *seed;
            return {};
        }
    } else if (word == "--above-f") {
        if (const auto above = number_of<std::size_t>(value)) {
            run.options.above_f = *above;
            return {};
        }
    } else {
        return std::unexpected(fmt::format("'{}' is no option of a run", word));
    }
    return std::unexpected(fmt::format("'{}' is no number; write {} N", value, word));
}

}  // namespace

Result<void, std::string> read_nodes(std::string_view text, Options& options) {
    const std::size_t dots = text.find("..");
    const auto first = number_of<std::size_t>(text.substr(0, dots));
    const auto last =
        dots == std::string_view::npos ? first : number_of<std::size_t>(text.substr(dots + 2));
    if (!first || !last) {
        return std::unexpected(
            fmt::format("'{}' is no range of nodes; write one like 4..10, or 7", text));
    }
    options.nodes_min = *first;
    options.nodes_max = *last;
    const std::string fault = options_error(options);
    return fault.empty() ? Result<void, std::string>{} : std::unexpected(fault);
}

std::string options_error(const Options& options) {
    if (options.nodes_min < kNodesMin || options.nodes_max > kNodesMax) {
        return fmt::format(
            "a run has {} to {} nodes; choose a number of them with --nodes A..B",
            kNodesMin,
            kNodesMax);
    }
    if (options.nodes_min > options.nodes_max) {
        return fmt::format(
            "the range {}..{} is empty; write the smaller number first",
            options.nodes_min,
            options.nodes_max);
    }
    if (options.above_f == 0) {
        return {};
    }
    // With a whole quorum of liars no honest member need be asked, so nothing proves the lie.
    const std::size_t n = options.nodes_min;
    const std::size_t liars = consensus::faults_max(n) + options.above_f;
    if (liars >= consensus::quorum(n)) {
        return fmt::format(
            "{} of {} members would lie, which is a quorum; lower --above-f or raise --nodes",
            liars,
            n);
    }
    return {};
}

std::string to_arguments(const Case& run) {
    const Options& options = run.options;
    std::string out = fmt::format("--seed {} --nodes {}", run.seed, options.nodes_min);
    if (options.nodes_max != options.nodes_min) {
        out += fmt::format("..{}", options.nodes_max);
    }
    for (const FaultName& name : kFaultNames) {
        if (options.faults.*name.member) {
            out += fmt::format(" {}", name.flag);
        }
    }
    if (!options.faults.any()) {
        out += " --no-faults";
    }
    if (options.above_f > 0) {
        out += fmt::format(" --above-f {}", options.above_f);
    }
    if (options.pole) {
        out += " --pole";
    }
    return out;
}

Result<Case, std::string> parse_case(std::string_view line) {
    Case run;
    run.options.faults = {};
    const std::vector<std::string_view> words = words_of(line.substr(0, line.find('#')));
    bool no_faults = false;
    bool seed = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--no-faults") {
            no_faults = true;
        } else if (words[i] == "--pole") {
            run.options.pole = true;
        } else if (!set_fault(words[i], run.options.faults)) {
            if (i + 1 == words.size()) {
                return std::unexpected(fmt::format("'{}' needs a value or is unknown", words[i]));
            }
            seed = seed || words[i] == "--seed";
            POLIS_TRY_VOID(set_value(words[i], words[i + 1], run));
            ++i;
        }
    }
    if (!seed) {
        return std::unexpected("a run needs --seed N");
    }
    if (no_faults == run.options.faults.any()) {
        if (no_faults) {
            return std::unexpected("--no-faults contradicts the other flags");
        }
        run.options.faults = Faults::all();
    }
    if (std::string fault = options_error(run.options); !fault.empty()) {
        return std::unexpected(std::move(fault));
    }
    return run;
}

}  // namespace polis::sim
