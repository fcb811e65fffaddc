#include <ml/torch/program/arguments.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <utility>

#include <core/integer.hpp>

namespace polis::trainer {

Result<Arguments, std::string> Arguments::parse(
    std::span<char* const> words,
    std::span<const std::string_view> valued,
    std::span<const std::string_view> flags) {
    Arguments out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string name = words[i];
        std::optional<std::string> value;
        if (const std::size_t equals = name.find('='); equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
        }
        const bool takes_value = std::ranges::find(valued, name) != valued.end();
        if (!takes_value && (value || std::ranges::find(flags, name) == flags.end())) {
            return std::unexpected("unknown option " + std::string(words[i]));
        }
        if (takes_value && !value) {
            if (i + 1 == words.size()) {
                return std::unexpected(name + " needs a value");
            }
            value = words[++i];
        }
        if (!out.values_.emplace(name, value.value_or("")).second) {
            return std::unexpected(name + " is given twice");
        }
    }
    return out;
}

bool Arguments::has(std::string_view name) const { return values_.contains(name); }

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
    const auto found = values_.find(name);
    return std::string(found == values_.end() ? otherwise : found->second);
}

Result<std::uint64_t, std::string> Arguments::number(
    std::string_view name, std::uint64_t otherwise, std::uint64_t most) const {
    if (!has(name)) {
        return otherwise;
    }
    const auto value = parse_u64(text(name, {}));
    if (!value || *value > most) {
        return std::unexpected(
            std::string(name) + " needs a number of at most " + std::to_string(most));
    }
    return *value;
}

Result<std::uint32_t, std::string> Arguments::ppm(
    std::string_view name, std::uint32_t otherwise) const {
    if (!has(name)) {
        return otherwise;
    }
    const std::string given = text(name, {});
    double value = -1;
    const char* end = given.data() + given.size();
    const auto [rest, error] = std::from_chars(given.data(), end, value);
    if (error != std::errc{} || rest != end || !(value >= 0 && value <= 1)) {
        return std::unexpected(std::string(name) + " needs a fraction between 0 and 1");
    }
    return static_cast<std::uint32_t>(std::lround(value * 1e6));
}

std::vector<std::string> Arguments::list(std::string_view name) const {
    std::vector<std::string> out;
    std::string rest = text(name, {});
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        out.push_back(rest.substr(0, comma));
        rest.erase(0, comma + 1);
    }
    return out;
}

}  // namespace polis::trainer
