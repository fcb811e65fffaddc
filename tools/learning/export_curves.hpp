#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <tools/learning/curve.hpp>

/// Curves as files of other programs.
namespace polis::tools::learning {

enum class ExportFormat : std::uint8_t { kCsv, kJsonl, kTensorboard };

/// "csv", "jsonl" or "tensorboard".
[[nodiscard]] std::optional<ExportFormat> parse_export_format(std::string_view text);

/// A row a point, with the names of the columns first. Losses in nats, accuracies as fractions.
[[nodiscard]] std::string to_csv(std::span<const NodeCurve> curves);

/// The same as an object a line, in millionths.
[[nodiscard]] std::string to_jsonl(std::span<const NodeCurve> curves);

/// Scalars loss, accuracy and samples a second of each node and round over the samples seen.
[[nodiscard]] Bytes to_tensorboard(std::span<const NodeCurve> curves);

}  // namespace polis::tools::learning
