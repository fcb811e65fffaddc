#include <tools/learning/curve.hpp>

#include <utility>

namespace polis::tools::learning {

namespace {

CurvePoint point_of(const Json& point) {
    return {
        .elapsed_ms = point.at("elapsedMs").get<std::uint64_t>(),
        .epoch = point.at("epoch").get<std::uint64_t>(),
        .samples = point.at("samples").get<std::uint64_t>(),
        .loss_micro = point.at("lossMicro").get<std::uint64_t>(),
        .accuracy_ppm = point.at("accuracyPpm").get<std::uint64_t>(),
        .samples_per_s = point.at("samplesPerS").get<std::uint64_t>()};
}

CurveJob job_of(const Json& job) {
    CurveJob out;
    out.job = job.at("job").get<std::uint64_t>();
    out.round = job.at("round").get<std::uint64_t>();
    out.model = job.at("model").get<std::string>();
    out.device = job.at("device").get<std::string>();
    out.began_ms = job.at("beganMs").get<std::uint64_t>();
    out.end = job.at("end").get<std::string>();
    out.cause = job.at("cause").get<std::string>();
    if (const Json& validation = job.at("validation"); !validation.is_null()) {
        out.correct = validation.at("correct").get<std::uint64_t>();
        out.count = validation.at("count").get<std::uint64_t>();
    }
    for (const Json& point : job.at("points")) {
        out.points.push_back(point_of(point));
    }
    return out;
}

}  // namespace

Fallible<NodeCurve> parse_curve(std::string node, const Json& answer) {
    try {
        NodeCurve out{
            .node = std::move(node), .now_ms = answer.at("nowMs").get<std::uint64_t>(), .jobs = {}};
        for (const Json& job : answer.at("jobs")) {
            out.jobs.push_back(job_of(job));
        }
        return out;
    } catch (const Json::exception& error) {
        return std::unexpected(Failure(
            "the node's answer to task_curve is none: " + std::string(error.what()) +
            "; is it of another version?"));
    }
}

}  // namespace polis::tools::learning
