#include <ml/protocol/model_spec.hpp>

#include <utility>

#include <core/integer.hpp>

namespace polis::trainer {

ModelSpec default_model() { return {.kind = "mlp", .hidden = {64}}; }

std::optional<ModelSpec> parse_model_spec(std::string_view text) {
    const std::size_t colon = text.find(':');
    ModelSpec out{.kind = std::string(text.substr(0, colon)), .hidden = {}};
    if (out.kind.empty() || out.kind.size() > kKindBytesMax) {
        return std::nullopt;
    }
    std::string_view widths =
        colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    if (colon != std::string_view::npos && widths.empty()) {
        return std::nullopt;
    }
    while (!widths.empty()) {
        const std::size_t comma = widths.find(',');
        const auto width = parse_u64(widths.substr(0, comma));
        const bool more = comma != std::string_view::npos;
        if (!width || *width == 0 || *width > UINT32_MAX || out.hidden.size() == kHiddenLayersMax ||
            (more && comma + 1 == widths.size())) {
            return std::nullopt;
        }
        out.hidden.push_back(static_cast<std::uint32_t>(*width));
        widths = more ? widths.substr(comma + 1) : std::string_view{};
    }
    return out;
}

std::string to_text(const ModelSpec& spec) {
    std::string out = spec.kind;
    for (std::size_t i = 0; i < spec.hidden.size(); ++i) {
        out += i == 0 ? ':' : ',';
        out += std::to_string(spec.hidden[i]);
    }
    return out;
}

}  // namespace polis::trainer
