#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/codec/borsh.hpp>
#include <ml/protocol/limits.hpp>

namespace polis::trainer {

/// Which architecture to train. Kinds are names and no enum, so that a trainer can say that it does
/// not know one: logistic, mlp, lenet, cnn, resnet8.
struct ModelSpec {
    std::string kind{};
    std::vector<std::uint32_t> hidden{};  ///< widths of hidden layers: mlp only

    bool operator==(const ModelSpec&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&ModelSpec::kind, kKindBytesMax),
        codec::bounded(&ModelSpec::hidden, kHiddenLayersMax));
};

/// What is trained where nobody says anything else.
[[nodiscard]] ModelSpec default_model();

/// Reads "lenet" or "mlp:128,64". @return nothing if the text has another form
[[nodiscard]] std::optional<ModelSpec> parse_model_spec(std::string_view text);

/// The text that parse_model_spec() reads.
[[nodiscard]] std::string to_text(const ModelSpec& spec);

}  // namespace polis::trainer
