#include <tools/client/rpc_params.hpp>

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace polis::tools {

namespace {

Json value_of(const std::string& text) {
    auto json = parse_json(text);
    return json ? *std::move(json) : Json(text);
}

/// Where the name of a name=value word ends; npos if it is none.
std::size_t name_end(std::string_view word) {
    const std::size_t end = word.find('=');
    const bool named =
        end != std::string_view::npos && end > 0 &&
        std::ranges::all_of(word.substr(0, end), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        });
    return named ? end : std::string_view::npos;
}

}  // namespace

Fallible<Json> parse_params(std::span<const std::string> words) {
    if (words.size() == 1 && (words[0].starts_with('{') || words[0].starts_with('['))) {
        auto json = parse_json(words[0]);
        if (!json) {
            return wrong_usage(fmt::format(
                "'{}' is no JSON; quote it for the shell, or write name=value", words[0]));
        }
        return *std::move(json);
    }
    Json named = Json::object();
    Json ordered = Json::array();
    for (const std::string& word : words) {
        const std::size_t end = name_end(word);
        if (end == std::string::npos) {
            ordered.push_back(value_of(word));
            continue;
        }
        const std::string name = word.substr(0, end);
        if (named.contains(name)) {
            return wrong_usage(fmt::format("parameter {} stands twice; write it once", name));
        }
        named[name] = value_of(word.substr(end + 1));
    }
    if (!named.empty() && !ordered.empty()) {
        return wrong_usage("some parameters have names and some have none; name all or none");
    }
    return ordered.empty() ? named : ordered;
}

}  // namespace polis::tools
