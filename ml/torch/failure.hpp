#pragma once

#include <string>
#include <utility>

#include <core/result.hpp>
#include <ml/protocol/messages.hpp>

namespace polis::trainer {

/// Why there is no model, as the protocol and the command line say it.
struct Failure {
    FailureCode code = FailureCode::kInternal;
    std::string detail;

    /// For people: "detail: cause; cure".
    [[nodiscard]] std::string text() const {
        const std::string cause(to_string(code));
        return detail.empty() ? cause : detail + ": " + cause;
    }
};

[[nodiscard]] inline std::unexpected<Failure> fail(FailureCode code, std::string detail) {
    return std::unexpected(Failure{.code = code, .detail = std::move(detail)});
}

}  // namespace polis::trainer
