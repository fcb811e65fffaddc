#include <tools/learning/export_curves.hpp>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include <core/integer.hpp>
#include <tools/learning/tensorboard.hpp>

namespace polis::tools::learning {

namespace {

/// Calls `row(curve, job, point)` for every point.
template <class Row>
void each_point(std::span<const NodeCurve> curves, Row row) {
    for (const NodeCurve& curve : curves) {
        for (const CurveJob& job : curve.jobs) {
            for (const CurvePoint& point : job.points) {
                row(curve, job, point);
            }
        }
    }
}

/// Millionths as a decimal fraction.
std::string micro_text(std::uint64_t micro) {
    return fmt::format("{}.{:06}", micro / 1'000'000, micro % 1'000'000);
}

/// A field that may hold what CSV gives a meaning to.
std::string csv_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        out += c == '"' ? "\"\"" : std::string(1, c);
    }
    return out + '"';
}

}  // namespace

std::optional<ExportFormat> parse_export_format(std::string_view text) {
    if (text == "csv") {
        return ExportFormat::kCsv;
    }
    if (text == "jsonl") {
        return ExportFormat::kJsonl;
    }
    return text == "tensorboard" ? std::optional(ExportFormat::kTensorboard) : std::nullopt;
}

std::string to_csv(std::span<const NodeCurve> curves) {
    std::string out =
        "node,round,job,model,device,elapsed_ms,epoch,samples,loss,accuracy,samples_per_s\n";
    each_point(curves, [&](const NodeCurve& curve, const CurveJob& job, const CurvePoint& point) {
        out += fmt::format(
            "{},{},{},{},{},{},{},{},{},{},{}\n",
            csv_text(curve.node),
            job.round,
            job.job,
            csv_text(job.model),
            csv_text(job.device),
            point.elapsed_ms,
            point.epoch,
            point.samples,
            micro_text(point.loss_micro),
            micro_text(point.accuracy_ppm),
            point.samples_per_s);
    });
    return out;
}

std::string to_jsonl(std::span<const NodeCurve> curves) {
    std::string out;
    each_point(curves, [&](const NodeCurve& curve, const CurveJob& job, const CurvePoint& point) {
        const Json row = {
            {"node", curve.node},
            {"round", job.round},
            {"job", job.job},
            {"model", job.model},
            {"device", job.device},
            {"elapsedMs", point.elapsed_ms},
            {"epoch", point.epoch},
            {"samples", point.samples},
            {"lossMicro", point.loss_micro},
            {"accuracyPpm", point.accuracy_ppm},
            {"samplesPerS", point.samples_per_s}};
        out += row.dump() + '\n';
    });
    return out;
}

Bytes to_tensorboard(std::span<const NodeCurve> curves) {
    const auto seconds = [](std::uint64_t ms) { return static_cast<double>(ms) / 1e3; };
    std::uint64_t first_ms = UINT64_MAX;
    for (const NodeCurve& curve : curves) {
        for (const CurveJob& job : curve.jobs) {
            first_ms = std::min(first_ms, job.began_ms);
        }
    }
    EventFile file(first_ms == UINT64_MAX ? 0 : seconds(first_ms));
    each_point(curves, [&](const NodeCurve& curve, const CurveJob& job, const CurvePoint& point) {
        const double time = seconds(saturating_add(job.began_ms, point.elapsed_ms));
        const auto step = static_cast<std::int64_t>(
            std::min<std::uint64_t>(point.samples, static_cast<std::uint64_t>(INT64_MAX)));
        const std::string name = fmt::format("{} round {} job {}", curve.node, job.round, job.job);
        const auto scalar = [&](const char* group, double value) {
            file.scalar(time, step, fmt::format("{}/{}", group, name), static_cast<float>(value));
        };
        scalar("loss", static_cast<double>(point.loss_micro) / 1e6);
        scalar("accuracy", static_cast<double>(point.accuracy_ppm) / 1e6);
        scalar("samples_per_s", static_cast<double>(point.samples_per_s));
    });
    return file.bytes();
}

}  // namespace polis::tools::learning
