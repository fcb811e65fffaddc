#pragma once

#include <cstdint>
#include <string>
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

}  // namespace polis::trainer
